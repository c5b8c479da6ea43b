"""`eval --batch`: sent, awaited, collected, scored, replayed; what fails is sent again, once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_server import KEY, SECONDS, BatchServer, batch_server
from rendering import render

Run = Callable[..., Any]
EVAL = ("python", "-m", "scaffold.cli", "eval", "--solver", "solution", "--json")
VENDORS = [("anthropic", "anthropic:claude-sonnet-5-5"), ("openai", "openai:gpt-5.5")]


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with batch_server() as server:
        yield server


def task(template: Path, tmp_path: Path, vendor: str, model: str, **answers: Any) -> Path:
    chosen = {"vendors": [vendor], "model": model, "parts": ["batch"], **answers}
    return render(template, tmp_path / "task", kind="blank", **chosen)


def text_of(body: Any) -> str:
    """Of a request of either vendor: the last thing that was said."""
    (content,) = (body.get("messages") or body["input"])[-1]["content"]
    return content["text"]


def ids(folder: Path, run: str, kind: str | None) -> set[str]:
    rows = (folder / "results" / run / "cases.jsonl").read_text("utf-8").splitlines()
    return {row["id"] for row in map(json.loads, rows) if row["error_kind"] == kind}


@pytest.mark.parametrize(("vendor", "model"), VENDORS)
def test_a_run_by_batch_costs_half_and_then_replays_to_the_same_figures_without_a_key(
    template: Path, tmp_path: Path, run_in: Run, server: BatchServer, vendor: str, model: str
) -> None:
    folder = task(template, tmp_path, vendor, model)
    cases = (folder / "data/cases.jsonl").read_text("utf-8").splitlines()
    said = json.loads(run_in(folder, *EVAL, "--batch", **server.variables).stdout)
    assert (said["requests"], len(said["batches"])) == (len(cases), 1)
    back = (*EVAL[:4], "--json", "--batch", "--resume", said["run"])
    again = json.loads(run_in(folder, *back, **server.variables).stdout)
    assert again["run"] == said["run"]
    assert again["batches"][0]["status"] == "in_progress"
    assert len(server.batches) == 1  # looking sends nothing
    assert not (folder / "results" / said["run"] / "results.json").exists()

    server.ended = True
    first = json.loads(run_in(folder, *back, **server.variables).stdout)
    assert (first["n"], first["errors"], first["models"]) == (len(cases), 0, [model.split(":")[1]])
    assert first["latency_s"]["p50"] == pytest.approx(SECONDS, abs=1)
    assert any("came by batch" in note for note in first["notes"])
    assert {path.partition("/v1/")[2].partition("/")[0] for path in server.paths} <= (
        {"messages"} if vendor == "anthropic" else {"files", "batches"}
    )
    assert "POST /v1/messages" not in server.paths
    live = {"anthropic": 100 * 2 + 10 * 10, "openai": 100 * 5 + 10 * 30}[vendor] / 1e6
    assert first["cost_usd"] == pytest.approx(len(cases) * live / 2)

    (folder / "results" / said["run"] / "batch.json").unlink()
    second = json.loads(run_in(folder, *EVAL, "--replay").stdout)
    for results in (first, second):
        for differs in ("run", "latency_s", "notes", "against"):
            results.pop(differs, None)
    assert first == second
    for file in folder.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()
    listed = json.loads(run_in(folder, *EVAL[:3], "recordings", "--json").stdout)
    assert (len(listed["cases"]), listed["damaged"]) == (len(cases), [])


@pytest.mark.parametrize(("vendor", "model"), VENDORS)
def test_what_failed_expired_or_was_cancelled_is_its_cases_error_and_only_that_is_sent_again(
    template: Path, tmp_path: Path, run_in: Run, server: BatchServer, vendor: str, model: str
) -> None:
    folder = task(template, tmp_path, vendor, model)
    cases = [json.loads(line) for line in (folder / "data/cases.jsonl").open(encoding="utf-8")]
    fates = dict(zip(("errored", "overloaded", "expired", "canceled"), cases[2:], strict=False))

    def fate(body: Any) -> str:
        asked = text_of(body)
        return next((f for f, c in fates.items() if c["input"]["text"] in asked), "succeeded")

    server.fate, server.ended = fate, True
    sent = json.loads(run_in(folder, *EVAL, "--batch", **server.variables).stdout)
    back = (*EVAL[:4], "--json", "--batch", "--resume", sent["run"])
    found = json.loads(run_in(folder, *back, **server.variables).stdout)
    assert found["error_kinds"] == {"Rejected": 1, "TimedOut": 1, "VendorUnavailable": 2}
    assert ids(folder, sent["run"], "TimedOut") == {fates["expired"]["id"]}
    assert ids(folder, sent["run"], "Rejected") == {fates["errored"]["id"]}
    (rejected,) = [r for r in rows_of(folder, sent["run"]) if r["error_kind"] == "Rejected"]
    assert "batch_1: invalid_request_error: it is errored; resume the run" in rejected["error"]
    assert len(server.batches) == 1

    server.fate = lambda body: "succeeded"
    more = json.loads(run_in(folder, *back, **server.variables).stdout)
    assert (more["requests"], more["batches"][0]["id"]) == (4, "batch_2")
    assert all(fate(body) != "succeeded" for _, body in server.batches["batch_2"]["requests"])
    done = json.loads(run_in(folder, *back, **server.variables).stdout)
    assert (done["errors"], done["n"], len(server.batches)) == (0, len(cases), 2)
    last = json.loads(run_in(folder, *back, **server.variables).stdout)  # nothing is left to do
    assert (last["scores"], len(server.batches)) == (done["scores"], 2)


def rows_of(folder: Path, run: str) -> list[dict[str, Any]]:
    lines = (folder / "results" / run / "cases.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]
