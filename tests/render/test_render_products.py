"""Every product of the answers is a repository that lints, types, passes its tests and scores."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rendering import git, render

Run = Callable[..., Any]
KINDS = ("extract", "blank")
VENDORS = [
    list(chosen)
    for size in (1, 2, 3)
    for chosen in itertools.combinations(("anthropic", "openai", "compatible"), size)
]


# By the number of the choice of vendors. The other kind has the opposite, and no two patterns are
# equal or opposite: so every pair of answers occurs, without more renders than kinds times vendors.
PARTS = {
    "documents": "0101010",
    "tools": "0011001",
    "streaming": "0000111",
    "summaries": "0110011",
    "judge": "0011110",
    "api": "0101100",
    "notebook": "0000001",
}


def products() -> list[dict[str, Any]]:
    """Every kind with every choice of vendors; parts and the rest so that all pairs occur."""
    rows: list[dict[str, Any]] = []
    for kind_number, kind in enumerate(KINDS):
        for vendor_number, vendors in enumerate(VENDORS):
            taken = "10"[kind_number]
            rows.append(
                {
                    "kind": kind,
                    "vendors": vendors,
                    "parts": [p for p, pattern in PARTS.items() if pattern[vendor_number] == taken],
                    "commit_data": vendor_number % 4 < 2,
                    # isort's order depends on the package's name
                    "project_name": ("zebra", "A b c", "my task", 'Say "hi"')[vendor_number % 4],
                }
            )
    return rows


def named(row: dict[str, Any]) -> str:
    return "-".join([row["kind"], *row["vendors"], *row["parts"]])


COMMON = [
    *(".copier-answers.yml", ".env.example", ".gitattributes", ".gitignore", "pyproject.toml"),
    *("AGENTS.md", "CLAUDE.md", "README.md", ".github/workflows/checks.yml"),
    *("data/cases.jsonl", "notes/deliverables.md", "notes/interview.md", "recordings/.gitkeep"),
    *("src/scaffold/README.md", "src/scaffold/__init__.py", "src/scaffold/cli.py"),
    *("tests/scaffold/test_smoke.py", "tests/test_solution.py"),
]
CANDIDATE = ("__init__", "baseline", "cases", "schemas", "scoring", "solution")
PROMPTS = {"extract": {"prompts/extract.j2"}, "blank": {"prompts/answer.j2"}}
SERVING = ("__init__", "app", "command", "guard")
PAGE = ("index.html", "page.css", "page.js")
API = {"Dockerfile", "compose.yaml", ".dockerignore"}  # beside the candidate's api.py and runs.py
OPTIONAL = {
    "src/scaffold/llm/anthropic.py": ("vendors", "anthropic"),
    "src/scaffold/llm/openai.py": ("vendors", "openai"),
    "src/scaffold/llm/compatible.py": ("vendors", "compatible"),
    "src/scaffold/documents.py": ("parts", "documents"),
    "src/scaffold/llm/tools.py": ("parts", "tools"),
    "src/scaffold/llm/streaming.py": ("parts", "streaming"),
    "src/scaffold/evals/summaries.py": ("parts", "summaries"),
    "src/scaffold/evals/agree.py": ("parts", "judge"),
    "src/scaffold/evals/agree.md.j2": ("parts", "judge"),
    **{f"src/scaffold/serving/{file}.py": ("parts", "api") for file in SERVING},
    **{f"src/scaffold/serving/page/{file}": ("parts", "api") for file in PAGE},
}


def test_every_pair_of_answers_is_rendered() -> None:
    rows = [
        {"kind": row["kind"], "vendors": str(row["vendors"])}
        | {part: part in row["parts"] for part in PARTS}
        for row in products()
    ]
    for one, other in itertools.combinations(rows[0], 2):
        seen = {(row[one], row[other]) for row in rows}
        values = {row[one] for row in rows}, {row[other] for row in rows}
        assert seen == set(itertools.product(*values)), (one, other)


@pytest.mark.parametrize("row", products(), ids=named)
def test_a_render_holds_exactly_its_files_and_works_at_once(
    template: Path, tmp_path: Path, run_in: Run, row: dict[str, Any]
) -> None:
    folder = render(template, tmp_path / "übung one", **row)
    package = package_of(folder)

    written = {
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and ".git" not in p.relative_to(folder).parts
    }
    given = {
        f"src/scaffold/{p.relative_to(SCAFFOLD).as_posix()}"
        for p in SCAFFOLD.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    expected = {
        *COMMON,
        *PROMPTS[row["kind"]],
        *(f"src/{package}/{module}.py" for module in CANDIDATE),
        *(["notebooks/errors.ipynb"] if "notebook" in row["parts"] else ()),
        *(API if "api" in row["parts"] else ()),
        *(f"src/{package}/{m}.py" for m in ("api", "runs") if "api" in row["parts"]),
        *(f for f in given if f not in OPTIONAL or OPTIONAL[f][1] in row[OPTIONAL[f][0]]),
    }
    assert written == expected

    run_in(folder, "ruff", "check")
    run_in(folder, "ruff", "format", "--check")
    run_in(folder, "ty", "check", "--error-on-warning")
    run_in(folder, "pytest", "-q", "-p", "no:cacheprovider")
    run_in(folder, "pytest", "-q", "-p", "no:cacheprovider", "tests/scaffold")
    scored = run_in(folder, "python", "-m", "scaffold.cli", "eval", "--json")
    results = json.loads(scored.stdout)
    assert results["n"] > 0
    assert results["errors"] == 0
    assert all(0 <= score["mean"] <= 1 for score in results["scores"].values())
    assert git(folder, "status", "--porcelain") == ""


@pytest.mark.parametrize("kind", KINDS)
def test_no_brace_and_no_word_of_jinja_is_left_over(
    template: Path, tmp_path: Path, kind: str
) -> None:
    folder = render(template, tmp_path / "out", kind=kind)
    left = [
        f"{name}: {found[0]}"
        for name in git(folder, "ls-files", "-z").split("\0")
        if name and not name.endswith((".j2", ".yml"))
        for text in [(folder / name).read_text("utf-8")]
        if (found := re.search(r"\{\{|\}\}|\{%|%\}|\{#|\bendif\b|\bendraw\b|_copier_", text))
        and not (name.endswith((".py", ".css", ".js")) and found[0] in ("{{", "}}"))
    ]
    assert left == []
    assert [n for n in git(folder, "ls-files").split("\n") if n.endswith(".jinja")] == []


def test_given_data_no_sample_cases_are_written_and_the_first_run_says_what_to_map(
    template: Path, tmp_path: Path, run_in: Run
) -> None:
    folder = render(template, tmp_path / "out", data="tickets.csv")
    assert not (folder / "data" / "cases.jsonl").exists()
    run_in(folder, "ruff", "check")
    run_in(folder, "ruff", "format", "--check")
    run_in(folder, "ty", "check", "--error-on-warning")
    run_in(folder, "pytest", "-q", "-p", "no:cacheprovider")
    raw = folder / "data" / "raw" / "tickets.csv"
    raw.parent.mkdir(parents=True)
    raw.write_text("Body,Category\nIt broke,defect\n", encoding="utf-8")
    told = run_in(folder, "python", "-m", "scaffold.cli", "eval", code=2)
    assert "Traceback" not in told.stderr
    assert "still to be mapped" in told.stderr


ASK = """
import asyncio
from scaffold.llm import Client, Rejected

async def ask():
    try:
        await Client("anthropic:claude-sonnet-5-5").ask("Hello", tools=[len])
    except Rejected as error:
        print(error)

asyncio.run(ask())
"""


def test_a_part_that_is_asked_for_names_the_command_that_adds_it(
    template: Path, tmp_path: Path, run_in: Run
) -> None:
    folder = render(template, tmp_path / "out")
    assert not (folder / "src/scaffold/llm/tools.py").exists()
    said = run_in(folder, "python", "-c", ASK).stdout
    assert said.startswith("This repository was made without tools; ")
    command = re.search("`copier (.*)`", said)
    assert command is not None
    # Without tasks: uv.lock and the tests after an update are tests/update's subject.
    run_in(folder, "copier", *shlex.split(command[1]), "--defaults", "--quiet", "--skip-tasks")
    assert git(folder, "status", "--porcelain", "-uall").split() == [
        *("M", ".copier-answers.yml"),
        *("??", "src/scaffold/llm/tools.py"),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_two_baseline_runs_give_the_same_results_but_for_times(
    template: Path, tmp_path: Path, run_in: Run, kind: str
) -> None:
    folder = render(template, tmp_path / "out", kind=kind)
    first, second = (
        json.loads(run_in(folder, "python", "-m", "scaffold.cli", "eval", "--json").stdout)
        for _ in range(2)
    )
    for results in (first, second):
        results.pop("run")
        results.pop("latency_s")
        results.pop("against", None)  # the second run has an earlier one to be held against
    assert first == second


SCAFFOLD = Path(__file__).parents[2] / "template" / "src" / "scaffold"


def package_of(folder: Path) -> str:
    found = re.search(r'^package = "(\w+)"$', (folder / "pyproject.toml").read_text("utf-8"), re.M)
    assert found is not None
    return found[1]
