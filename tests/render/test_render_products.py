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
from copier import run_copy
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
    "files": "0111000",
    "estimate": "1101001",
    "trajectory": "0100101",
    "api": "0101100",
    "notebook": "0000001",
    "batch": "0110110",
}
# Parts that a kind cannot do without, and that are no choice there.
NEEDED = {
    "classify": ["summaries"],
    "judge": ["judge", "summaries"],
    "rag": ["documents", "retrieval"],
    "agent": ["tools", "trajectory"],
}


def products() -> list[dict[str, Any]]:
    """Kinds with choices of vendors; parts and the rest so that all pairs occur."""
    rows = [
        product(kind, number, number, taken)
        for kind, taken in zip(KINDS, "10", strict=True)
        for number in range(len(VENDORS))
    ]
    for kind_number, kind in enumerate(MORE_KINDS):
        for side, taken in enumerate("10"):
            vendor_number = (2 * kind_number + side) % len(VENDORS)
            rows.append(product(kind, vendor_number, kind_number, taken))
    rows[0]["parts"] += ["documents", "retrieval"]  # a part that needs another, in any kind
    return rows


def product(kind: str, vendor_number: int, parts_number: int, taken: str) -> dict[str, Any]:
    parts = [part for part, pattern in PARTS.items() if pattern[parts_number] == taken]
    return {
        "kind": kind,
        "vendors": VENDORS[vendor_number],
        "parts": list(dict.fromkeys([*NEEDED.get(kind, []), *parts])),
        "commit_data": vendor_number % 4 < 2,
        # isort's order depends on the package's name
        "project_name": ("zebra", "A b c", "my task", 'Say "hi"')[vendor_number % 4],
    }


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
NOTICES = ("2025-03-pets.md", "2026-02-refunds.md", "2026-04-corran.md")
DOCUMENTS = ("conditions-of-carriage.md", "faq.html", "fares-2026.csv", "inselkarte.md")
DOCUMENTS += ("handbook-2026.pdf", "minutes-2026-01-15.md", "timetable-summer-2026.txt")
DOCUMENTS += tuple(f"notices/{name}" for name in NOTICES)
OF_KIND = {
    "extract": {"prompts/extract.j2"},
    "blank": {"prompts/answer.j2"},
    "classify": {"prompts/classify.j2", "src/{package}/confusion.py"},
    "sql": {
        "prompts/sql.j2",
        "data/sample.sql",
        "src/{package}/database.py",
        "src/{package}/execute.py",
    },
    "judge": {"prompts/judge.j2"},
    "rag": {"prompts/answer.j2", *(f"data/documents/{name}" for name in DOCUMENTS)},
    "agent": {"prompts/agent.j2", "src/{package}/loop.py", "src/{package}/tools.py"},
}
ALL_KINDS = tuple(OF_KIND)
# An overlay knows nothing of vendors: these are rendered twice each, not with every choice of them.
MORE_KINDS = tuple(kind for kind in ALL_KINDS if kind not in KINDS)
SERVING = ("__init__", "app", "command", "guard")
PAGE = ("index.html", "page.css", "page.js")
OPTIONAL = {
    "src/scaffold/llm/anthropic.py": ("vendors", "anthropic"),
    "src/scaffold/llm/openai.py": ("vendors", "openai"),
    "src/scaffold/llm/compatible.py": ("vendors", "compatible"),
    "src/scaffold/documents.py": ("parts", "documents"),
    "src/scaffold/llm/tools.py": ("parts", "tools"),
    "src/scaffold/llm/streaming.py": ("parts", "streaming"),
    "src/scaffold/evals/summaries.py": ("parts", "summaries"),
    "src/scaffold/batch.py": ("parts", "batch"),
    "src/scaffold/llm/batches.py": ("parts", "batch"),
    "src/scaffold/agreeing.py": ("parts", "judge"),
    "src/scaffold/chat.py": ("parts", "files"),
    "src/scaffold/files.py": ("parts", "files"),
    "src/scaffold/evals/agree.py": ("parts", "judge"),
    "src/scaffold/evals/agree.md.j2": ("parts", "judge"),
    "src/scaffold/evals/rubric.py": ("parts", "judge"),
    "src/scaffold/evals/retrieval.py": ("parts", "retrieval"),
    "src/scaffold/evals/trajectory.py": ("parts", "trajectory"),
    **{f"src/scaffold/serving/{file}.py": ("parts", "api") for file in SERVING},
    **{f"src/scaffold/serving/page/{file}": ("parts", "api") for file in PAGE},
}
# What a part brings to the candidate's own folders.
STARTS = {
    "retrieval": ("src/{package}/retrieval.py", "src/{package}/embeddings.py"),
    "api": (
        *("Dockerfile", "compose.yaml", ".dockerignore"),
        *("src/{package}/api.py", "src/{package}/runs.py"),
    ),
    "notebook": ("notebooks/errors.ipynb",),
    "estimate": ("docs/design.md", "src/{package}/estimate.py", "tests/test_design.py"),
}


def test_every_pair_of_answers_is_rendered() -> None:
    rows = [
        {"kind": row["kind"], "vendors": str(row["vendors"])}
        | {part: part in row["parts"] for part in PARTS}
        for row in products()
    ]
    for one, other in itertools.combinations(rows[0], 2):
        in_question = [row for row in rows if one != "kind" or row["kind"] in KINDS]
        seen = {(row[one], row[other]) for row in in_question}
        values = {row[one] for row in in_question}, {row[other] for row in in_question}
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
        if p.is_file() and "__pycache__" not in p.parts and p.name != "ruff.toml.jinja"
    }
    expected = {
        *COMMON,
        *(name.format(package=package) for name in OF_KIND[row["kind"]]),
        *(f"src/{package}/{module}.py" for module in CANDIDATE),
        *(f.format(package=package) for part in row["parts"] for f in STARTS.get(part, ())),
        *(f for f in given if f not in OPTIONAL or OPTIONAL[f][1] in row[OPTIONAL[f][0]]),
    }
    assert written == expected, "left: what is rendered; right: OF_KIND, STARTS and OPTIONAL above"

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


@pytest.mark.parametrize("kind", ALL_KINDS)
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
    # Cases whose answers nobody has written yet are no reason for a red test
    unlabelled = '{"id": "1", "input": {"text": "It broke"}}\n'
    (folder / "data" / "cases.jsonl").write_text(unlabelled, encoding="utf-8")
    run_in(folder, "pytest", "-q", "-p", "no:cacheprovider")


@pytest.mark.parametrize("raw", ["data/raw/tickets.csv", "data/raw/tickets [1]/a.txt"])
def test_copied_again_without_naming_the_data_no_sample_cases_come_beside_it(
    template: Path, tmp_path: Path, raw: str
) -> None:
    folder = render(template, tmp_path / "out [1]", data="tickets.csv")
    (folder / raw).parent.mkdir(parents=True)
    (folder / raw).write_text("It broke\n", encoding="utf-8")
    run_copy(str(template), folder, defaults=True, skip_tasks=True, quiet=True)
    assert not (folder / "data/cases.jsonl").exists()


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


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_two_baseline_runs_give_the_same_results_but_for_times(
    template: Path, tmp_path: Path, run_in: Run, kind: str
) -> None:
    folder = render(template, tmp_path / "out", kind=kind)
    command = ("python", "-m", "scaffold.cli", "eval", "--json")
    first, second = (
        json.loads(run_in(folder, *command, PYTHONHASHSEED=seed).stdout) for seed in ("1", "2")
    )
    for results in (first, second):
        results.pop("run")
        results.pop("latency_s")
        results.pop("against", None)  # the second run has an earlier one to be held against
    assert first == second


def test_no_command_in_a_render_reaches_another_machine(tmp_path: Path, run_in: Run) -> None:
    script = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    told = run_in(tmp_path, "python", "-c", script, code=1)
    assert "the tests allow no network" in told.stderr


SCAFFOLD = Path(__file__).parents[2] / "template" / "src" / "scaffold"


def package_of(folder: Path) -> str:
    found = re.search(r'^package = "(\w+)"$', (folder / "pyproject.toml").read_text("utf-8"), re.M)
    assert found is not None
    return found[1]
