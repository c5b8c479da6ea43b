"""An assignment half done is updated: all that was written is there, or in a conflict with a name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from history import NEWEST, Work, change, commit, update
from rendering import ROOT

Rendered = Callable[..., Callable[[Path], Path]]


def work(folder: Path) -> None:
    """Do what a candidate does in an afternoon, files of the template's included."""
    package = folder / "src" / "my_task"
    (package / "solution.py").write_text("# All mine\nANSWER = 42\n", "utf-8")
    (package / "mine.py").write_text("MINE = True\n", "utf-8")
    (package / "baseline.py").rename(package / "naive.py")
    (folder / "README.md").write_text("# My README\n\nFigures of mine.\n", "utf-8")
    shutil.rmtree(folder / "data")
    (folder / "recordings" / "one.json").write_text('{"reply": "é"}\n', "utf-8")
    (folder / "Dockerfile").write_text("FROM python:3.14\n", "utf-8")
    pyproject = folder / "pyproject.toml"
    if "dependencies = []" in pyproject.read_text("utf-8"):
        change(pyproject, "dependencies = []", 'dependencies = [\n    "pandas>=2.3",\n]')
    # Given, and edited all the same
    prompts = folder / "src" / "scaffold" / "prompts.py"
    prompts.write_text('"""Mine."""\n' + prompts.read_text("utf-8"), "utf-8")
    agents = folder / "AGENTS.md"
    agents.write_text(
        agents.read_text("utf-8").replace("; read it ", "; read it slowly, "), "utf-8"
    )
    (folder / "CLAUDE.md").unlink()
    commit(folder)


@pytest.mark.parametrize(
    ("version", "answers"),
    [
        ("v0.1.0", {"kind": "extract"}),
        ("v0.1.0", {"kind": "blank", "vendors": ["compatible"], "parts": ["documents"]}),
        ("v0.2.0", {"kind": "extract", "vendors": ["openai"], "commit_data": True}),
        ("v0.3.0", {"kind": "blank", "vendors": ["anthropic"]}),
    ],
    ids=lambda value: value if isinstance(value, str) else value["kind"],
)
def test_nothing_that_was_written_is_lost_and_nothing_that_was_deleted_comes_back(
    version: str,
    answers: dict[str, Any],
    rendered: Rendered,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = rendered(version, **answers)(tmp_path / "mine")
    work(folder)
    mine = Work.of(folder)
    done = update(folder, capfd)
    assert mine.lost(folder, done.said) == []
    assert {"CLAUDE.md", "data/cases.jsonl", "src/my_task/baseline.py"} <= mine.removed
    assert f"from {version} to {NEWEST}" in done.said
    assert f"{NEWEST} is a new major version" in done.said
    # What came: the template's own files, and none for folders that are the candidate's.
    assert (folder / "src/scaffold/added.py").exists()
    assert (folder / "notes/new.md").exists() == (version == "v0.3.0")
    assert (folder / "src/my_task/solution.py").read_text("utf-8") == "# All mine\nANSWER = 42\n"
    if version != "v0.3.0":
        assert "# Version 0.2.0" in (folder / "src/scaffold/prompts.py").read_text("utf-8")
    # AGENTS.md was changed by both, in the same line, in version 0.2.0.
    assert done.failed == (version == "v0.1.0")
    assert ('Conflict in "AGENTS.md" (line 3)' in done.said) == done.failed
    assert len(done.said.split("new major version")[1].splitlines()) <= 10 + 4


HAND_INS = sorted(ROOT.glob("examples/*/candidate"))
# Each over all that has come since the first version; one of them also from every version between.
FROM = [*((one, "v0.1.0") for one in HAND_INS), *((HAND_INS[-1], v) for v in ("v0.2.0", "v0.3.0"))]


def _named(one: Path | str) -> str:
    return one.parent.name if isinstance(one, Path) else one


@pytest.mark.parametrize(("candidate", "version"), FROM, ids=_named)
def test_every_worked_hand_in_goes_through_an_update_whole(
    version: str,
    candidate: Path,
    rendered: Rendered,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers = yaml.safe_load(candidate.with_name("answers.yml").read_text("utf-8"))
    folder = rendered(version, **answers)(tmp_path / "mine")
    shutil.copytree(candidate, folder, dirs_exist_ok=True)
    commit(folder)
    mine = Work.of(folder)
    assert len(mine.wrote) > 10
    done = update(folder, capfd)
    assert mine.lost(folder, done.said) == []
    assert not done.failed
    assert f"from {version} to {NEWEST}" in done.said


@pytest.mark.parametrize("own", [False, True], ids=["without pyproject", "with pyproject"])
def test_a_starters_files_and_what_was_written_into_them_stay(
    own: bool,
    rendered: Rendered,
    template: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = rendered("v0.1.0", starter=True, starter_pyproject=own)(tmp_path / "theirs")
    (folder / "main.py").write_text("print('the company')\n", "utf-8")
    (folder / "AGENTS.md").write_text("The company's rules\n", "utf-8")
    (folder / "src/my_task/solution.py").write_text("# All mine\n", "utf-8")
    if own:
        text = '[project]\nname = "theirs"\nversion = "1"\ndependencies = ["pandas"]\n'
        waiting = folder / ".takehome" / "pyproject.toml"
        (folder / "pyproject.toml").write_text(text + waiting.read_text("utf-8"), "utf-8")
    shutil.rmtree(folder / ".takehome")
    commit(folder)
    mine = Work.of(folder)
    done = update(folder, capfd)
    assert mine.lost(folder, done.said) == []
    assert not done.failed
    assert (folder / "AGENTS.md").read_text("utf-8") == "The company's rules\n"
    bumped = folder / ("src/pyproject.toml" if own else "pyproject.toml")
    assert '"rich>=14.0"' in bumped.read_text("utf-8")
    assert not (folder / ".takehome").exists()


def test_a_second_update_finds_the_candidates_edits_where_the_first_left_them(
    rendered: Rendered, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = rendered("v0.1.0")(tmp_path / "mine")
    first = update(folder, capfd, version="v0.2.0")
    assert not first.failed
    assert "0.2.0: Rich 14 is the floor." in first.said
    assert "0.3.0" not in first.said
    assert "major" not in first.said
    change(folder / "pyproject.toml", 'solver = "baseline"', 'solver = "solution"')
    commit(folder)
    second = update(folder, capfd, version="v0.3.0", line_length=90)
    assert not second.failed
    pyproject = (folder / "pyproject.toml").read_text("utf-8")
    assert "line-length = 90" in pyproject
    assert 'solver = "solution"' in pyproject
    assert "- 0.3.0: An .editorconfig, and a module of the scaffold." in second.said
