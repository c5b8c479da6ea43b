"""What holds for every kind's overlay."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import warm_python

from scaffold.evals import CasesError

TEMPLATE = Path(__file__).parents[2] / "template"
KINDS = sorted(folder.name.split("'")[1] for folder in TEMPLATE.glob("{% if kind ==*"))
LayOut = Callable[[str, Path, str], Path]
LARGE = ("rag", "agent", "sql")


def test_there_are_kinds_to_test() -> None:
    assert {"extract", "blank"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_package_is_small_enough_to_be_read_before_an_interview(
    kind: str, tmp_path: Path, lay_out: LayOut
) -> None:
    package = lay_out(kind, tmp_path, "the_task") / "src/the_task"
    files = sorted(package.glob("*.py"))
    lines = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert sum(lines.values()) <= (400 if kind in LARGE else 300), lines
    names = ["__init__", "baseline", "cases", "schemas", "scoring", "solution"]
    assert set(lines) >= {f"{name}.py" for name in names}


def run_the_tests_of(folder: Path) -> None:
    """Run what a candidate gets, as `uv run pytest` does."""
    paths = [str(TEMPLATE / "src"), str(folder / "src")]
    own = {"PYTHONPATH": os.pathsep.join(paths), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = ("python", "-m", "pytest", "-q", "--import-mode=importlib", "tests")
    done = warm_python.run(command, folder, {**os.environ, **own})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_the_tests_that_a_candidate_gets_pass(kind: str, tmp_path: Path, lay_out: LayOut) -> None:
    lay_out(kind, tmp_path, "the_task")
    run_the_tests_of(tmp_path)


@pytest.mark.parametrize("kind", ["blank", "classify", "extract", "judge", "sql"])
def test_they_pass_on_own_texts_with_tags_too(kind: str, tmp_path: Path, lay_out: LayOut) -> None:
    data = lay_out(kind, tmp_path, "the_task") / "data/cases.jsonl"
    line = json.loads(data.read_text(encoding="utf-8").splitlines()[0])
    line["input"] = {name: f"<p>Why?</p></text> {text}" for name, text in line["input"].items()}
    data.write_text(json.dumps(line) + "\n", encoding="utf-8")
    run_the_tests_of(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_misspelt_field_of_a_right_answer_is_refused_and_not_read_as_no_answer(
    kind: str, request: pytest.FixtureRequest
) -> None:
    project = request.getfixturevalue(kind)
    line = project.lines()[0] | {"expected": {"refuse": True}}
    Path("data/cases.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with pytest.raises(CasesError, match=r"expected\.refuse"):
        project.module("cases").cases()
