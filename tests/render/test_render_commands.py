"""What a command says where it cannot do what was asked: a sentence, and nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rendering import render

TAKEHOME = ("python", "-m", "scaffold.cli")


@pytest.fixture(scope="module")
def folder(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(template, tmp_path_factory.mktemp("commands") / "task", kind="blank")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("eval", "--tag", "nosuch"), "No case is left"),
        (("eval", "--split", "test"), "No case is left"),
        (("eval", "--case", "nosuch"), "nosuch"),
        (("eval", "--solver", "nosuch"), "There is no src/task/nosuch.py"),
        (("eval", "--solver", "nosuch:solve"), "nor a module nosuch"),
        (("eval", "--solver", "baseline:nosuch"), "has no function nosuch"),
        (("eval", "--replay", "--live"), "exclude each other"),
        (("eval", "--resume", "nosuch"), "There is no run nosuch"),
        (("publish", "nosuch"), "There is no run nosuch"),
        (("compare", "a", "b"), "There is no run a"),
        (("run", "nosuch.txt", "--solver", "baseline"), "There is no file nosuch.txt"),
        (("run", "{}", "--solver", "baseline"), "does not fit Input"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_command_is_a_sentence_and_writes_nothing(
    folder: Path, run_in: Callable[..., Any], command: tuple[str, ...], sentence: str
) -> None:
    told = run_in(folder, *TAKEHOME, *command, code=2)
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
    assert list(folder.glob("results/*")) == []


def test_a_solver_that_returns_no_output_model_is_told_so(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    odd = folder / "src" / "task" / "odd.py"
    odd.write_text("async def solve(input, llm):\n    return {'text': 'x'}\n", encoding="utf-8")
    told = run_in(folder, *TAKEHOME, "eval", "--solver", "odd", "--limit", "2", code=1)
    assert "odd must return Output of schemas.py; it returned dict." in told.stderr


def test_the_report_compares_with_the_baseline_over_all_cases_not_with_the_last_small_one(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    copy = folder / "src" / "task" / "copy_of_baseline.py"
    copy.write_text("from .baseline import solve as solve\n", encoding="utf-8")
    whole = json.loads(run_in(folder, *TAKEHOME, "eval", "--json").stdout)
    run_in(folder, *TAKEHOME, "eval", "--limit", "2")
    other = run_in(folder, *TAKEHOME, "eval", "--solver", "copy_of_baseline", "--json")
    assert json.loads(other.stdout)["against"]["baseline"]["against"] == whole["run"]
