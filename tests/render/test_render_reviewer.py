"""What a reviewer types first: the commands of README.md and of the workflow, in a fresh clone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import git, render

Run = Callable[..., Any]
TAKEHOME = ("python", "-m", "scaffold.cli")
OTHER = '''"""Says nothing, which is wrong in another way than the baseline is."""

from .schemas import Input, Output


async def solve(input: Input, llm: object) -> Output:
    return Output(text="")
'''


def arguments_of(line: str) -> list[str]:
    """What `uv run takehome` is given in a line of README.md or of the workflow."""
    uv, run, takehome, *arguments = shlex.split(line)
    assert (uv, run, takehome) == ("uv", "run", "takehome")
    return arguments


@pytest.fixture
def clone(template: Path, tmp_path: Path, run_in: Run) -> Path:
    """A clone of a hand-in of which some cases are of the split dev, and those handed in of test."""
    folder = render(template, tmp_path / "task", kind="blank")
    (folder / "src/task/other.py").write_text(OTHER, "utf-8")
    cases = folder / "data/cases.jsonl"
    first, *others = cases.read_text("utf-8").splitlines()
    lines = [first, *(line.replace('"split": "dev"', '"split": "test"') for line in others)]
    cases.write_text("\n".join(lines) + "\n", "utf-8")
    for solver in ("baseline", "other"):
        run_in(folder, *TAKEHOME, "eval", "--split", "test", "--solver", solver)
    run_in(folder, *TAKEHOME, "publish", "latest")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Handed in")
    git(tmp_path, "clone", "--quiet", str(folder), "clone")
    return tmp_path / "clone"


def test_the_commands_of_the_readme_give_its_table_whatever_split_was_handed_in(
    clone: Path, run_in: Run
) -> None:
    page = (clone / "README.md").read_text("utf-8")
    commands = page.split("## See it run, without a key")[1].split("```sh\n")[1].split("```")[0]
    for line in commands.splitlines():
        printed = run_in(clone, *TAKEHOME, *arguments_of(line)).stdout
    told = [line for line in page.splitlines() if re.match(r"\| (exact|token_f1) ", line)]
    assert len(told) == 2
    assert ", split test; no model; " in page
    assert set(told) <= set(printed.splitlines())


def test_the_workflow_scores_the_baseline_where_every_case_is_of_the_split_test(
    clone: Path, run_in: Run
) -> None:
    cases = clone / "data/cases.jsonl"
    cases.write_text("\n".join(cases.read_text("utf-8").splitlines()[1:]) + "\n", "utf-8")
    workflow = yaml.safe_load((clone / ".github/workflows/checks.yml").read_text("utf-8"))
    (line,) = (
        step["run"]
        for step in workflow["jobs"]["checks"]["steps"]
        if step.get("name") == "The baseline, scored"
    )
    run_in(clone, *TAKEHOME, *arguments_of(line))


def test_the_reviewers_page_of_an_api_says_how_to_start_it(template: Path, tmp_path: Path) -> None:
    pages = [
        (render(template, tmp_path / name, parts=parts) / "README.md").read_text("utf-8")
        for name, parts in (("with", ["api"]), ("without", []))
    ]
    for command in ("uv run takehome serve", "docker compose up"):
        assert [command in page for page in pages] == [True, False]
