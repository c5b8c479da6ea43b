"""The promise to a reviewer: what a model answered once gives the same figures without a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rendering import git, render

KEY = "sk-planted-7f3a"
JUDGE = '''

from scaffold.evals.rubric import rubric

by_rules = score


async def score(case, outcome, ask):
    """By rules, and by a model."""
    given = {"question": case.input.text, "answer": str(outcome.output)}
    verdict = await rubric(ask, **given, rubric="1: the supplier is right. 0: it is not.")
    return by_rules(case, outcome) | {"judged": verdict.score}
'''


class Vendor(BaseHTTPRequestHandler):
    """Speaks just enough of two APIs; its answers are made up for this test."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = json.dumps(body["messages"])
        answer = {"supplier": "Fennwick Gasket Works Ltd" if "Fennwick" in asked else None}
        if "Grade the answer by the rubric" in asked:
            answer = {"reason": "made up", "score": int("Fennwick" in asked)}
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": json.dumps(answer)}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 10},
        }
        if self.path == "/a/path/v1/chat/completions":
            said = {"role": "assistant", "content": json.dumps(answer)}
            message = {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "a-model",
                "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
            }
        content = json.dumps(message).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def vendor() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "path", "model"),
    [
        ("anthropic", "", "claude-sonnet-5-5"),
        # A reviewer does not have the base URL either: its path is no part of what is recorded.
        ("compatible", "/a/path/v1", "a-model"),
    ],
)
def test_a_clone_without_a_key_replays_the_submitted_figures(
    template: Path,
    tmp_path: Path,
    run_in: Callable[..., Any],
    vendor: str,
    name: str,
    path: str,
    model: str,
) -> None:
    chosen = {"vendors": [name], "model": f"{name}:{model}"}
    folder = render(template, tmp_path / "mine", kind="extract", **chosen)
    variables = f"{name.upper()}_API_KEY={KEY}\n{name.upper()}_BASE_URL={vendor}{path}\n"
    (folder / ".env").write_text(variables, encoding="utf-8")
    takehome = ("python", "-m", "scaffold.cli")
    first = json.loads(run_in(folder, *takehome, "eval", "--solver", "solution", "--json").stdout)
    assert first["errors"] == 0
    assert first["models"] == [model]
    assert (first["cost_usd"] is None) == (name == "compatible")
    assert 0 < first["scores"]["fields.supplier"]["mean"] < 1
    run_in(folder, *takehome, "publish", "latest")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Handed in")
    for file in folder.rglob("*"):
        if file.is_file() and file.name != ".env":
            assert KEY.encode() not in file.read_bytes(), file

    git(tmp_path, "clone", "--quiet", str(folder), "clone")
    clone = tmp_path / "clone"
    replay = ("eval", "--like", "submitted", "--replay", "--json")
    again = run_in(clone, *takehome, *replay, PYTHONHASHSEED="1")
    second = json.loads(again.stdout)
    made = json.loads((clone / "results" / second["run"] / "manifest.json").read_text("utf-8"))
    assert made["command"] == ["takehome", *again.args[3:]]
    assert made["commit"] == git(clone, "rev-parse", "HEAD").strip()
    assert made["dirty"] is False  # the run's own folder does not count
    assert all(
        len(made["hashes"][name]) == 64 for name in ("cases", "code", "prompts", "recordings")
    )
    assert made["models"] == [model]
    assert made["seed"] == 0
    assert {"pydantic", "typer"} <= made["packages"].keys()
    assert made["started"] <= made["finished"]
    for results in (first, second):
        for differs in ("run", "against", "latency_s"):
            results.pop(differs, None)
    assert json.dumps(first) == json.dumps(second)  # byte for byte
    run_in(clone, *takehome, "compare", "submitted", "latest", "--fail-on-regression", "all")

    # Somebody with a key of their own asks a few of the recorded cases anew, and changes no file.
    (clone / ".env").write_text(variables, encoding="utf-8")
    asked = ("eval", "--solver", "solution", "--spot-check", "3", "--json")
    rows = [json.loads(line) for line in run_in(clone, *takehome, *asked).stdout.splitlines()]
    assert len({row["id"] for row in rows}) == 3
    assert all(row["recorded"] == row["new"] for row in rows)
    assert "fields.supplier" in rows[0]["new"]
    assert git(clone, "status", "--porcelain") == ""
    told = run_in(clone, *takehome, "doctor").stdout
    assert f"{name}:{model} answered as {model}" in told
    assert ("cost $0.0" in told) == (name == "anthropic")
    listed = json.loads(run_in(clone, *takehome, "recordings", "--json").stdout)
    assert len(listed["cases"]) == second["n"]
    assert listed["damaged"] == []
    (whole, *_) = sorted(clone.glob("recordings/*/*.json"))
    whole.write_text("{", encoding="utf-8")
    assert str(whole) in run_in(clone, *takehome, "recordings", code=1).stdout


def test_what_a_judge_said_is_recorded_replayed_and_counted_apart(
    template: Path, tmp_path: Path, run_in: Callable[..., Any], vendor: str
) -> None:
    chosen = {"vendors": ["anthropic"], "model": "anthropic:claude-sonnet-5-5", "parts": ["judge"]}
    folder = render(template, tmp_path / "mine", kind="extract", **chosen)
    (scoring,) = folder.glob("src/*/scoring.py")
    scoring.write_text(scoring.read_text("utf-8") + JUDGE, encoding="utf-8")
    key = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": vendor}
    takehome = ("python", "-m", "scaffold.cli", "eval", "--solver", "solution", "--json")
    ahead = json.loads(run_in(folder, *takehome, "--dry-run", **key).stdout)
    assert ahead["calls"] == 2 * ahead["tries"]
    first = json.loads(run_in(folder, *takehome, **key).stdout)
    assert first["errors"] == 0
    assert 0 < first["scores"]["judged"]["mean"] < 1
    assert first["judge"]["calls"] == first["n"] == ahead["tries"]
    assert first["judge"]["cost_usd"] == pytest.approx(first["cost_usd"])
    second = json.loads(run_in(folder, *takehome, "--replay", PYTHONHASHSEED="1").stdout)
    assert second["judge"] == first["judge"]
    assert second["scores"] == first["scores"]
    checked = run_in(folder, *takehome, "--spot-check", "2", **key).stdout
    rows = [json.loads(line) for line in checked.splitlines()]
    assert [row["recorded"]["judged"] for row in rows] == [row["new"]["judged"] for row in rows]
    (folder / "recordings").rename(tmp_path / "away")
    lost = json.loads(run_in(folder, *takehome, "--max-cost", "0.053", code=1, **key).stdout)
    assert lost["unfinished"] > 0  # one budget for both
    assert lost["cost_usd"] + lost["judge"]["cost_usd"] <= 0.053


def test_without_a_key_the_solution_says_which_variable_is_missing(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "mine", kind="blank")
    told = run_in(folder, "python", "-m", "scaffold.cli", "eval", "--solver", "solution", code=1)
    assert "ANTHROPIC_API_KEY" in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr
