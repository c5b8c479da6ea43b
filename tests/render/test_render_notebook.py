"""The part `notebook`: runs from top to bottom without a key, and holds no output."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rendering import ROOT, render

NOTEBOOK = ROOT / "template" / "notebooks" / "errors.ipynb"
RUN = """
import json, pathlib
cells = json.loads(pathlib.Path("notebooks/errors.ipynb").read_text("utf-8"))["cells"]
names = {}
for cell in cells:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), names)
"""
OTHER = """
from .schemas import Output

async def solve(input, llm):
    return Output(currency="EUR")
"""


def test_it_holds_no_output() -> None:
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_it_runs_from_top_to_bottom_without_a_key(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", parts=["notebook"])
    (folder / "src" / "task" / "other.py").write_text(OTHER, encoding="utf-8")
    run_notebook = ("python", "-c", RUN)
    assert "there is no run" in run_in(folder, *run_notebook, code=1).stderr
    run_in(folder, "python", "-m", "scaffold.cli", "eval")
    alone = run_in(folder, *run_notebook, MPLBACKEND="Agg").stdout
    assert "24 cases, fields 0.594" in alone
    assert "One solver has run" in alone
    run_in(folder, "python", "-m", "scaffold.cli", "eval", "--solver", "other")
    both = run_in(folder, *run_notebook, MPLBACKEND="Agg").stdout
    assert "-baseline and in " in both
    assert len(both.splitlines()) == 1 + 1 + 15


def test_it_runs_over_any_text_and_beside_a_run_that_was_killed(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank", parts=["notebook"])
    cases = folder / "data" / "cases.jsonl"
    text = "a\u2028b\u0085c"  # ends of lines to some, and no JSON escapes them
    case = {"id": "ends", "input": {"text": text}, "expected": {"text": text}}
    cases.write_text(
        cases.read_text("utf-8") + json.dumps(case, ensure_ascii=False) + "\n", "utf-8"
    )
    run_in(folder, "python", "-m", "scaffold.cli", "eval")
    killed = folder / "results" / "29990101-000000000-solution"
    killed.mkdir()
    (killed / "cases.jsonl").write_text('{"id": "en', encoding="utf-8")
    told = run_in(folder, "python", "-c", RUN, MPLBACKEND="Agg").stdout
    assert "-baseline: 11 cases" in told


@pytest.mark.parametrize("command", [("check",), ("format", "--check")])
def test_ruff_finds_nothing_in_it(
    tmp_path: Path, run_in: Callable[..., Any], command: tuple[str, ...]
) -> None:
    copy = tmp_path / NOTEBOOK.name
    copy.write_bytes(NOTEBOOK.read_bytes())
    run_in(tmp_path, "ruff", *command, "--line-length=100", str(copy))
