"""`takehome publish RUN`: the one place that writes figures into README.md."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from scaffold.evals.publication import results_block
from scaffold.project import Project, ProjectError
from scaffold.runs import digest, git

GIVEN = ("src/scaffold", "tests/scaffold")
# Made by tools or brought by the company; README.md, because this very line would count itself
UNWRITTEN = (
    "*.lock",
    ".copier-answers.yml",
    "results",
    "recordings",
    "data",
    "BRIEF.*",
    "README.md",
)


def publish(project: Project, run: Path, force: bool) -> list[str]:
    """Make `run` the submitted one, write README's two blocks, and return what was done.

    Raises:
        ProjectError: the run was made by other code than stands here (unless `force`), README.md
            has no place for a block, or a folder cannot be written.
    """
    package = project.root / "src" / project.package
    made_by = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["hashes"]["code"]
    if made_by != digest(package) and not force:
        raise ProjectError(
            f"src/{project.package} has changed since {run.name} was made, so its figures are not "
            f"this code's: takehome eval --like {run.name}, and publish that; or --force."
        )
    results = run / "results.json"
    if not results.is_file() or json.loads(results.read_text(encoding="utf-8"))["unfinished"]:
        raise ProjectError(f"{run.name} is not finished: takehome eval --resume {run.name}.")
    readme = project.root / "README.md"
    submitted = project.root / "results" / "submitted"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    text = _fill(text, "results", results_block(run))
    text = _fill(text, "authorship", authorship(project.root))
    try:
        if run.resolve() != submitted.resolve():
            _replace_folder(run, submitted)
        draft = readme.with_name(".README.md.draft")
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(readme)
    except OSError as error:
        raise ProjectError(f"{error}: make room or mend its rights, then publish again.") from error
    said = [f"results/submitted/ is {run.name}, and README.md's two blocks say so."]
    if git(project.root, "check-ignore", "data/raw") and any(
        "data/raw" in file.read_text(encoding="utf-8")
        for file in package.rglob("*.py")
        if file.name != "cases.py"
    ):
        said.append("Git ignores data/raw, which your code reads: a fresh clone will not have it.")
    return [
        *said,
        "results/submitted and data/cases.jsonl hold the cases' texts: keep the repository private.",
        "Commit: git add --all README.md src prompts data tests results recordings",
    ]


def _fill(text: str, block: str, content: str) -> str:
    head, found, rest = text.partition(f"<!-- {block}: begin")
    marker, _, rest = rest.partition("\n")
    _, closed, tail = rest.partition(f"<!-- {block}: end -->")
    if not found or not closed:
        raise ProjectError(
            f"README.md has no block {block}: add the lines `<!-- {block}: begin -->` and "
            f"`<!-- {block}: end -->` where it belongs, then publish again."
        )
    return f"{head}{found}{marker}\n{content.strip()}\n<!-- {block}: end -->{tail}"


def _replace_folder(source: Path, target: Path) -> None:
    """Copy `source` beside `target` first, so that a failure leaves the old folder whole."""
    draft, old = target.with_name(".submitted.draft"), target.with_name(".submitted.old")
    for leftover in (draft, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(source, draft)
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def authorship(root: Path) -> str:
    """Return who wrote what, in Markdown, from `git diff --numstat scaffold`."""
    if git(root, "rev-parse", "--verify", "--quiet", "scaffold^{commit}") is None:
        return "Who wrote what is not known here: git has no tag `scaffold`, the render alone."
    own = _added(root, "scaffold", ".", *(f":!{path}" for path in (*UNWRITTEN, *GIVEN)))
    # `copier update` rewrites the answers file: the last commit that did holds the given files as
    # the template made them.
    rendered = git(root, "log", "-1", "--format=%H", "--", ".copier-answers.yml") or "scaffold"
    changed = ", ".join(_added(root, rendered, *GIVEN))
    largest = sorted(own, key=lambda name: -own[name])[:6]
    links = ", ".join(f"[{name}](<{name}>) {own[name]}" for name in largest)
    written = f"{sum(own.values()):,} lines in {len(own)} files (the largest: {links})"
    return (
        f"Written for this assignment: {written if own else 'nothing yet that git tracks'}. "
        f"Given by the template: `src/scaffold/`, {f'changed in {changed}' if changed else 'unchanged'}."
    )


def _added(root: Path, base: str, *paths: str) -> dict[str, int]:
    """Return the lines added since `base` for each text file under `paths` that changed."""
    rows = git(root, "diff", "--numstat", "-z", "--no-renames", base, "--", *paths) or ""
    fields = (row.split("\t", 2) for row in rows.split("\0") if row)
    return {name: int(added) for added, _, name in fields if added.isdigit()}  # "-" is binary
