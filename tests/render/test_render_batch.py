"""The command `eval --batch` in a render: sent, awaited, collected, scored, replayed."""

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


@pytest.mark.parametrize(("vendor", "model"), VENDORS)
def test_a_run_by_batch_costs_half_and_then_replays_to_the_same_figures_without_a_key(
    template: Path, tmp_path: Path, run_in: Run, server: BatchServer, vendor: str, model: str
) -> None:
    answers = {"vendors": [vendor], "model": model, "parts": ["batch"]}
    folder = render(template, tmp_path / "task", kind="blank", **answers)
    cases = (folder / "data/cases.jsonl").read_text("utf-8").splitlines()
    said = json.loads(run_in(folder, *EVAL, "--batch", **server.variables).stdout)
    assert (said["requests"], len(said["batches"])) == (len(cases), 1)
    back = (*EVAL[:4], "--json", "--resume", said["run"])
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

    second = json.loads(run_in(folder, *EVAL, "--replay").stdout)
    for results in (first, second):
        for differs in ("run", "latency_s", "notes", "against"):
            results.pop(differs, None)
    assert first == second
    for file in folder.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()
    listed = json.loads(run_in(folder, *EVAL[:3], "recordings", "--json").stdout)
    assert (len(listed["cases"]), listed["damaged"]) == (len(cases), [])


def test_a_dry_run_quotes_a_batch_at_half_the_price_and_says_so(
    template: Path, tmp_path: Path, run_in: Run
) -> None:
    folder = render(template, tmp_path / "task", kind="blank", parts=["batch"])
    (folder / "src/task/priced.py").write_text(
        "from types import SimpleNamespace\n\nfrom .schemas import Input, Output\n\n\n"
        "async def solve(input: Input, llm) -> Output:\n"
        "    call = {'cost_usd': 0.25, 'latency_s': 1.0}\n"
        "    llm.calls.append(SimpleNamespace(logged=lambda: call))\n"
        "    return Output(text=input.text)\n",
        encoding="utf-8",
    )
    ahead = (*EVAL[:4], "--solver", "priced", "--dry-run", "--json")
    live = json.loads(run_in(folder, *ahead).stdout)
    by_batch = json.loads(run_in(folder, *ahead, "--batch").stdout)
    assert live["cost_usd"] == 0.25 * live["tries"]
    assert by_batch["cost_usd"] == live["cost_usd"] / 2
    assert (by_batch["seconds"], "price" in live) == (None, False)
    assert by_batch["price"].startswith("half of the recorded or live one")
