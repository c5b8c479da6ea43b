"""The examples' answers are answers, and what their pages say is what a run gives."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rebuild_example import (
    A_SCORE,
    EXAMPLES,
    arrived,
    block,
    hand_in,
    handed_in_block,
    keep_causes,
    with_block,
    with_figures,
)
from rendering import ROOT, git, render

Run = Callable[..., Any]
QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
ANSWERS = sorted(EXAMPLES.glob("*/answers.yml"))
WORKED = [file.parent for file in ANSWERS if (file.parent / "candidate").is_dir()]
REBUILD = "`uv run tests/rebuild_example.py {}` makes it anew"
PERCENT = re.compile(r"\d+(?= %)")


def named(path: Path) -> str:
    return path.parent.name if path.suffix else path.name


@pytest.mark.parametrize("answers", ANSWERS, ids=named)
def test_every_key_of_an_answers_file_is_a_question(answers: Path) -> None:
    """Copier ignores an unknown key in silence, so that a misspelt answer would go unnoticed."""
    given = yaml.safe_load(answers.read_text("utf-8"))
    assert given
    assert {key for key in given if key.startswith("_") or key not in QUESTIONS} == set()


@pytest.mark.parametrize("answers", ANSWERS, ids=named)
def test_the_figures_of_an_example_are_what_a_run_gives(
    template: Path, tmp_path: Path, run_in: Run, answers: Path
) -> None:
    page = answers.with_name("README.md").read_text("utf-8")
    if answers.parent in WORKED:  # the other figures are of what was handed in: below
        page = with_block(page, "handed in", "")
    figures = re.findall(r"^\| ([\w.]+) +\| (\d\.\d{3} \[.*?\] \(n = \d+\))", page, re.M)
    assert figures
    folder = render(template, tmp_path / "out", **yaml.safe_load(answers.read_text("utf-8")))
    printed = run_in(folder, "python", "-m", "scaffold.cli", "eval").stdout
    for name, figure in figures:
        assert re.search(rf"^\| {re.escape(name)} +\| {re.escape(figure)}", printed, re.M), printed


@pytest.fixture(scope="module", params=WORKED, ids=named)
def example(request: pytest.FixtureRequest) -> Path:
    folder: Path = request.param
    return folder


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory, example: Path) -> Path:
    return arrived(template, tmp_path_factory.mktemp("handed in") / example.name, example)


@pytest.fixture(scope="module")
def headings(rendered: Path) -> list[str]:
    """The headings of README.md as the template gives them."""
    return headings_of((rendered / "README.md").read_text("utf-8"))


@pytest.fixture(scope="module")
def clone(rendered: Path, headings: list[str], example: Path) -> Path:
    """What a reviewer gets: a fresh clone of the template's render with the candidate's work."""
    hand_in(rendered, example)
    git(rendered.parent, "clone", "--quiet", str(rendered), "clone")
    return rendered.parent / "clone"


def headings_of(page: str) -> list[str]:
    return re.findall(r"^#+ .*", page, re.M)


def scores_in(text: str) -> dict[str, str]:
    """Each score's whole row of a table: figure, paired difference, method."""
    return {row["name"]: " ".join(row[0].split()) for row in A_SCORE.finditer(text)}


def test_the_commands_of_a_hand_ins_readme_give_its_figures_in_a_fresh_clone(
    clone: Path, run_in: Run
) -> None:
    page = (clone / "README.md").read_text("utf-8")
    without_a_key = page.split("## See it run, without a key")[1]
    commands = without_a_key.split("```sh\n")[1].split("```")[0].strip().splitlines()
    assert len(commands) >= 2
    for command in commands:
        uv, run, takehome, *arguments = shlex.split(command)
        assert (uv, run, takehome) == ("uv", "run", "takehome")
        printed = run_in(clone, "python", "-m", "scaffold.cli", *arguments).stdout
    assert scores_in(printed) == scores_in(block(page, "results")) != {}


def test_a_hand_in_lints_and_types_and_passes_its_tests(clone: Path, run_in: Run) -> None:
    run_in(clone, "ruff", "check")
    run_in(clone, "ruff", "format", "--check")
    run_in(clone, "ty", "check", "--error-on-warning")
    run_in(clone, "pytest", "-q", "-p", "no:cacheprovider")
    assert git(clone, "status", "--porcelain") == ""


def test_publishing_a_hand_in_again_changes_nothing(
    rendered: Path, clone: Path, run_in: Run, example: Path
) -> None:
    """It refuses where the code has changed since, and writes the blocks as they are today."""
    published = run_in(rendered, "python", "-m", "scaffold.cli", "publish", "submitted", code=None)
    how = REBUILD.format(example.name)
    assert published.returncode == 0, f"{how}: {published.stderr}"
    changed = git(rendered, "status", "--porcelain")
    assert changed == "", f"{how}: {git(rendered, 'diff')}"


def test_an_examples_page_says_what_its_hand_in_says(
    rendered: Path, clone: Path, example: Path
) -> None:
    told = block((example / "README.md").read_text("utf-8"), "handed in")
    now = handed_in_block(rendered)
    how = REBUILD.format(example.name)
    assert PERCENT.sub("…", told) == PERCENT.sub("…", now), how
    for one, other in zip(PERCENT.findall(told), PERCENT.findall(now), strict=True):
        assert abs(int(one) - int(other)) <= 1, how  # the template may gain a few lines


def test_a_hand_ins_readme_has_the_templates_headings_and_leaves_nothing_to_do(
    clone: Path, headings: list[str]
) -> None:
    page = (clone / "README.md").read_text("utf-8")
    assert headings_of(page) == headings
    assert "TODO" not in page


def test_a_hand_ins_links_lead_somewhere_and_what_to_read_first_is_at_most_150_lines(
    clone: Path,
) -> None:
    page = (clone / "README.md").read_text("utf-8")
    links = [link.strip("<>") for link in re.findall(r"\]\(([^)]+)\)", page)]
    assert [link for link in links if not (clone / link.split("#")[0]).exists()] == []
    first = page.split("## Read in this order\n")[1].split("\n## ")[0]
    parts = [lines_behind(clone, link) for link in re.findall(r"\]\(([^)]+)\)", first)]
    assert len(parts) == 3
    assert sum(len(part) for part in parts) <= 150


def lines_behind(clone: Path, link: str) -> list[str]:
    """The file of a link, or the lines that it ends in (#L10-L20): whole functions or classes."""
    name, _, chosen = link.partition("#")
    lines = (clone / name).read_text("utf-8").splitlines()
    if not chosen:
        return lines
    begin, end = (int(number) for number in re.findall(r"\d+", chosen))
    assert lines[begin - 1].startswith(("def ", "async def ", "class ")), link
    assert lines[end : end + 1] in ([], [""]), f"{link} ends in the middle of something"
    return lines[begin - 1 : end]


def test_every_figure_in_a_hand_ins_prose_is_of_its_run(clone: Path) -> None:
    """What was tried and rejected left no run behind; all other figures are held against it."""
    results = json.loads((clone / "results" / "submitted" / "results.json").read_text("utf-8"))
    found = set(figures_of(results))
    page = (clone / "README.md").read_text("utf-8")
    for name in ("results", "authorship"):
        page = with_block(page, name, "")
    page = re.sub(r"^## Tried and rejected$.*?(?=^## )", "", page, flags=re.M | re.S)
    told = re.findall(r"\d\.\d{3} \[[^\]]*\] \(n = \d+\)", page)
    assert told
    assert [figure for figure in told if figure not in found] == []


def figures_of(part: Any) -> list[str]:
    """Every mean (or side of a comparison) with interval and n that results.json holds."""
    if not isinstance(part, dict):
        return []
    found = [figure for value in part.values() for figure in figures_of(value)]
    for mean, low, high in (("mean", "low", "high"), ("a", "a_low", "a_high")):
        if part.get(low) is not None and part.get(mean) is not None:
            interval = f"[{part[low]:.3f}, {part[high]:.3f}]"
            found.append(f"{part[mean]:.3f} {interval} (n = {part['n']})")
    return found


def test_a_hand_ins_test_split_shares_no_source_with_the_split_it_was_made_on(clone: Path) -> None:
    lines = (clone / "data" / "cases.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    assert len({case["id"] for case in cases}) == len(cases)
    dev, test = (
        {case["group"] or case["id"] for case in cases if case["split"] == split}
        for split in ("dev", "test")
    )
    assert test
    assert dev & test == set()


def test_an_example_holds_nothing_of_the_machine_it_was_made_on() -> None:
    files = [EXAMPLES.parent / name for name in git(ROOT, "ls-files", "examples").splitlines()]
    assert [file.name for file in files if file.name in ("uv.lock", ".env")] == []
    of_a_machine = re.compile(
        r"(?<![\w.])/(?:home|root|tmp|Users|work|var|private)/|file://|[A-Z]:\\\\|/simple/|pypi",
        re.I,
    )
    left = [
        f"{file.relative_to(ROOT)}: {found[0]}"
        for file in files
        if file.is_file() and (found := of_a_machine.search(file.read_text("utf-8")))
    ]
    assert left == []


def test_making_an_example_anew_keeps_the_causes_and_names_the_failures_without_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    before.write_text(
        'id,epoch,cause,input\nold,0,typo,"two\nlines"\ngone,0,noise,x\n', "utf-8-sig"
    )
    after.write_text('id,epoch,cause,input\nold,0,,"two\nlines"\nnew,0,,y\n', "utf-8-sig")
    keep_causes(before, after)
    kept = after.read_text("utf-8-sig").replace("\r", "").split("\n")
    assert kept[:4] == ["id,epoch,cause,input", 'old,0,typo,"two', 'lines"', "new,0,,y"]
    assert "new failed and has no cause" in capsys.readouterr().out


def test_making_an_example_anew_writes_the_baselines_figures_and_not_those_of_a_hand_in() -> None:
    page = (
        "| mrr | 0.100 [0.000, 0.200] (n = 9) |\n| mrr | 0.500 [0.400, 0.600] (n = 8) | - | t |\n"
    )
    printed = "| mrr    | 0.804 [0.712, 0.896] (n = 23)  | t (9 groups) |\n"
    first, second = with_figures(page, printed).splitlines()
    assert first == "| mrr              | 0.804 [0.712, 0.896] (n = 23)  |"
    assert second in page
