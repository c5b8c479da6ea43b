"""The part estimate in a render: its figures are kept current, and it may come later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rendering import git, render

Run = Callable[..., Any]
ESTIMATE = "src/out/estimate.py"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def test_a_changed_requirement_makes_the_design_stale_until_it_is_written_again(
    template: Path, tmp_path: Path, run_in: Run
) -> None:
    folder = render(template, tmp_path / "out", parts=["estimate"])
    tests = ("pytest", "-q", "-p", "no:cacheprovider", "tests/test_design.py")
    run_in(folder, *tests)
    edit(folder / ESTIMATE, "requests_per_s=10,", "requests_per_s=20,")
    assert (
        "docs/design.md is stale: run `uv run python -m out.estimate`"
        in run_in(folder, *tests, code=1).stdout
    )
    printed = run_in(folder, "python", "-m", "out.estimate").stdout
    assert "| API: calls in flight | 100 |" in printed
    run_in(folder, *tests)
    assert git(folder, "diff", "--name-only").split() == ["docs/design.md", ESTIMATE]
    assert printed.strip() in (folder / "docs/design.md").read_text("utf-8")


def test_the_design_holds_headings_and_todo_and_what_an_interviewer_asks_for(
    template: Path, tmp_path: Path
) -> None:
    names = {"project_name": 'Say "hi"', "package_name": "out"}
    folder = render(template, tmp_path / "out", parts=["estimate"], **names)
    page = (folder / "docs/design.md").read_text("utf-8")
    assert page.startswith('# Say "hi": design\n')
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    assert list(sections) == [
        *("Clarifying questions", "Functional requirements", "Non-functional requirements"),
        *("Estimate", "Architecture", "Data flow", "Trade-offs", "Failure modes"),
    ]
    assert [name for name, text in sections.items() if "TODO" not in text] == []
    assert "```mermaid" in sections["Architecture"]
    for name in ("AGENTS.md", "docs/design.md"):  # to be pasted, where no environment is active
        assert "`uv run python -m out.estimate`" in (folder / name).read_text("utf-8"), name
    assert "[docs/design.md](docs/design.md)" in (folder / "README.md").read_text("utf-8")


def test_the_part_comes_later_with_its_files_and_leaves_a_design_that_stands(
    template: Path, tmp_path: Path, run_in: Run
) -> None:
    folder = render(template, tmp_path / "out")
    assert not (folder / "docs").exists()
    add = ("copier", "update", "--trust", "-d", "parts=[estimate]", "--defaults", "--quiet")
    run_in(folder, *add, "--skip-tasks")
    assert git(folder, "status", "--porcelain", "-uall").split() == [
        *("M", ".copier-answers.yml", "M", "AGENTS.md"),
        *("??", "docs/design.md", "??", ESTIMATE, "??", "tests/test_design.py"),
    ]
    run_in(folder, "pytest", "-q", "-p", "no:cacheprovider")


def test_a_design_of_the_company_stays_and_the_command_says_what_it_lacks(
    template: Path, tmp_path: Path, run_in: Run
) -> None:
    theirs = tmp_path / "out" / "docs" / "design.md"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("# Theirs\n", "utf-8")
    folder = render(template, tmp_path / "out", parts=["estimate"], starter=True)
    said = run_in(folder, "python", "-m", "out.estimate", code=1)
    assert "has no place for the figures: add the lines" in said.stderr
    assert "Traceback" not in said.stderr
    assert theirs.read_text("utf-8") == "# Theirs\n"
