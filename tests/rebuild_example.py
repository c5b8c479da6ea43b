"""Make what is generated in an example anew: `uv run tests/rebuild_example.py extract`.

An example with a folder `candidate/` is a worked hand-in: the template is rendered with its
answers, `candidate/` laid over it, the run that `submitted.yml` names scored and published; then
candidate/README.md, candidate/results/submitted/ and the figures in the example's README are written.
Without `candidate/` it is the baseline's figures in the example's README alone.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import takewhile
from pathlib import Path

import yaml
from rendering import ROOT, git, own_settings, render, tagged_clone

EXAMPLES = ROOT / "examples"
# Not counted as code, neither as written nor as given: the same that `takehome publish` leaves out
UNCOUNTED = (
    "*.lock",
    ".copier-answers.yml",
    "results",
    "recordings",
    "data",
    "BRIEF.*",
    "README.md",
)
A_SCORE = re.compile(
    r"^\| (?P<name>[\w.]+) +\| (?P<figure>-?\d\.\d{3} \[.*?\] \(n = \d+\)).*$", re.M
)
COST_COMMAND = re.compile(r"`uv run python -m (?P<module>\w+\.cost)`")
TWO_COLUMNS = re.compile(r"^\| (?P<name>[\w.]+) +\| -?\d\.\d{3} [^|\n]*\|$", re.M)
NO_BLOCK = "README.md has no lines <!-- {0}: begin … --> and <!-- {0}: end -->: add them"


class ExampleError(Exception):
    """An example cannot be made anew; the message says why."""


def takehome(folder: Path, *arguments: str) -> str:
    """Run `takehome` in a render with this environment's libraries, and return what it printed."""
    return python(folder, "-m", "scaffold.cli", *arguments)


def python(folder: Path, *arguments: str) -> str:
    """Run Python in a render with this environment's libraries, and return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise ExampleError(f"python {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def arrived(template: Path, folder: Path, example: Path) -> Path:
    """Render the example as it is straight after copying, with its brief."""
    answers = yaml.safe_load((example / "answers.yml").read_text("utf-8"))
    render(template, folder, **answers)
    shutil.copyfile(example / "brief.md", folder / "BRIEF.md")
    return folder


def hand_in(folder: Path, example: Path) -> None:
    """Lay what the candidate wrote over the render, and commit it."""
    shutil.copytree(example / "candidate", folder, dirs_exist_ok=True)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=What was written for the assignment")


def with_figures(page: str, printed: str) -> str:
    """Return the page with each score's figure in a table of two columns as `eval` printed it."""
    now = {row["name"]: row["figure"] for row in A_SCORE.finditer(printed)}

    def as_printed(row: re.Match[str]) -> str:
        name = row["name"]
        if name not in now:
            raise ExampleError(f"README.md has a figure of {name}, which is no score: remove it")
        return f"| {name:16} | {now[name]:30} |"

    return TWO_COLUMNS.sub(as_printed, page)


def handed_in_block(folder: Path) -> str:
    """Who wrote what, and the figures, out of the README of a hand-in."""
    page = (folder / "README.md").read_text("utf-8")
    authorship = block(page, "authorship")
    # Links lead from the hand-in's root; in the example's README the files lie in candidate/.
    links = re.sub(r"\]\(<([^>]+)>\)", r"](<candidate/\1>)", authorship)
    return f"{links}\n\n{shares(folder, authorship)}\n\n{_table(block(page, 'results'))}"


def shares(folder: Path, authorship: str) -> str:
    """One sentence: which share of the lines was written, and which was given.

    In whole percent, so that not every line that the template gains makes it stale.
    """
    listed = git(folder, "ls-files", "-z", "--", ".", *(f":!{path}" for path in UNCOUNTED))
    files = [folder / name for name in listed.split("\0") if name]
    total = sum(len(file.read_text("utf-8").splitlines()) for file in files)
    found = re.search(r"([\d,]+) lines in", authorship)
    written = int(found[1].replace(",", "")) if found else 0
    share = round(100 * written / total)
    return f"Of all lines of code, prompts and configuration {share} % are written, {100 - share} % given."


def block(page: str, name: str) -> str:
    """Return what stands between the lines that begin and end a generated block."""
    found = re.search(rf"<!-- {name}: begin[^\n]*\n(.*?)<!-- {name}: end -->", page, re.DOTALL)
    if not found:
        raise ExampleError(NO_BLOCK.format(name))
    return found[1].strip()


def with_block(page: str, name: str, content: str) -> str:
    """Return the page with another content of a generated block."""
    lines = re.compile(rf"(<!-- {name}: begin[^\n]*\n).*?(<!-- {name}: end -->)", re.DOTALL)
    begin = lines.search(page)
    if not begin:
        raise ExampleError(NO_BLOCK.format(name))
    return f"{page[: begin.start()]}{begin[1]}{content}\n{begin[2]}{page[begin.end() :]}"


def rebuild(example: Path, template: Path, workshop: Path) -> None:
    """Write all that is generated in an example."""
    page = example / "README.md"
    folder = arrived(template, workshop / example.name, example)
    text = with_figures(page.read_text("utf-8"), takehome(folder, "eval"))
    if (example / "candidate").is_dir():
        shutil.rmtree(folder / "results")
        hand_in(folder, example)
        _publish(folder, example)
        text = with_block(text, "handed in", handed_in_block(folder))
        shutil.copyfile(folder / "README.md", example / "candidate" / "README.md")
        submitted = example / "candidate" / "results" / "submitted"
        shutil.rmtree(submitted, ignore_errors=True)
        shutil.copytree(folder / "results" / "submitted", submitted)
    page.write_text(text, "utf-8", newline="\n")


def _publish(folder: Path, example: Path) -> None:
    run = yaml.safe_load((example / "submitted.yml").read_text("utf-8"))
    split = ("--split", run["split"])
    takehome(folder, "eval", "--solver", "baseline", *split)
    takehome(folder, "eval", "--solver", run["solver"], *split)
    newest = max((folder / "results").glob(f"2*-{run['solver']}"))
    keep_causes(folder / "results" / "submitted" / "failures.csv", newest / "failures.csv")
    takehome(folder, "publish", "latest")
    check_prose(folder, run["solver"])


def check_prose(folder: Path, solver: str) -> None:
    """Refuse figures in the prose of a hand-in's README that its commands do not give any more.

    What was tried is told "beside" a figure of the split dev; dollars are what the module `cost`
    prints. (The figures of the split that is handed in are held against the run by a test.)
    """
    page = (folder / "README.md").read_text("utf-8")
    printed = takehome(folder, "eval", "--solver", solver, "--split", "dev")
    told = set(re.findall(r"beside [^|\n]*?(\d\.\d{3} \[.*?\] \(n = \d+\))", page))
    stale = told - {row["figure"] for row in A_SCORE.finditer(printed)}
    if module := COST_COMMAND.search(page):
        costs = python(folder, "-m", module["module"])
        stale |= set(re.findall(r"\$\d+\.\d\d\b", page)) - set(re.findall(r"\$[\d.]+", costs))
    if stale:
        raise ExampleError(f"its README tells {', '.join(sorted(stale))}, which nothing gives now")


def keep_causes(before: Path, after: Path) -> None:
    """Carry the column `cause` from one failures.csv to the next; say which failures have none."""
    causes = {(row["id"], row["epoch"]): row["cause"] for row in _rows(before)}
    rows = _rows(after)
    for row in rows:
        row["cause"] = causes.get((row["id"], row["epoch"]), "")
        if not row["cause"]:
            print(f"{row['id']} failed and has no cause in failures.csv yet")
    with after.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0] if rows else ["id"])
        writer.writeheader()
        writer.writerows(rows)


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _table(results: str) -> str:
    rows = takewhile(_is_row, results.splitlines())
    return "\n".join(rows)


def _is_row(line: str) -> bool:
    return line.startswith("|")


def main() -> None:
    """Make the named examples anew, or all of them."""
    names = sys.argv[1:] or sorted(file.parent.name for file in EXAMPLES.glob("*/answers.yml"))
    with tempfile.TemporaryDirectory() as made:
        home, workshop = Path(made) / "home", Path(made) / "workshop"
        for folder in (home, workshop):
            folder.mkdir()
        with own_settings(home):
            template = tagged_clone(Path(made) / "template")
            for name in names:
                if not (EXAMPLES / name / "answers.yml").is_file():
                    sys.exit(
                        f"There is no examples/{name}/answers.yml: name a folder of examples/."
                    )
                try:
                    rebuild(EXAMPLES / name, template, workshop)
                except ExampleError as error:
                    sys.exit(f"examples/{name}: {error}")


if __name__ == "__main__":
    main()
