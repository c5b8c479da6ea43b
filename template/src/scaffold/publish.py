"""`takehome publish RUN`: the one place that writes figures into README.md."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from scaffold.evals.publication import results_block
from scaffold.project import Project, ProjectError

# What nobody wrote by hand for the assignment: not counted as written for it.
_UNWRITTEN = (":!uv.lock", ":!poetry.lock", ":!results", ":!recordings", ":!data/raw", ":!BRIEF.*")
_GIVEN = ("src/scaffold", "tests/scaffold")


def publish(project: Project, run: Path) -> list[str]:
    """Make `run` the submitted one, write README's two blocks, and return what was done.

    Raises:
        ProjectError: README.md has no place for a block, or a folder cannot be written.
    """
    readme = project.root / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    text = _fill(text, "results", results_block(run))
    text = _fill(text, "authorship", authorship(project))
    submitted = project.root / "results" / "submitted"
    done = [f"README.md: the blocks results and authorship now say what {run.name} says."]
    if run.resolve() != submitted.resolve():
        _replace_folder(run, submitted)
        done.insert(0, f"results/submitted/ is now {run.name}.")
    _replace_file(readme, text)
    return [*done, "Commit both: git add README.md results/submitted recordings"]


def _fill(text: str, block: str, content: str) -> str:
    begin, end = f"<!-- {block}: begin", f"<!-- {block}: end -->"
    head, found, rest = text.partition(begin)
    marker, _, rest = rest.partition("\n")
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ProjectError(
            f"README.md has no block for {block}: add the two lines "
            f"`{begin} -->` and `{end}` where it belongs, and publish again."
        )
    return f"{head}{begin}{marker}\n{content.strip()}\n{end}{tail}"


def _replace_file(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8", newline="\n")
    os.replace(draft, path)


def _replace_folder(source: Path, target: Path) -> None:
    """Copy `source` beside `target` first, so that a failure leaves the old folder whole."""
    draft, old = target.with_name(".submitted.draft"), target.with_name(".submitted.old")
    try:
        for leftover in (draft, old):
            shutil.rmtree(leftover, ignore_errors=True)
        shutil.copytree(source, draft)
        if target.exists():
            target.rename(old)
        draft.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise ProjectError(f"{target} could not be written: {error}. Nothing was lost.") from error


def authorship(project: Project) -> str:
    """Return who wrote what, in Markdown, from `git diff --numstat scaffold`."""
    if _git(project.root, "rev-parse", "--verify", "--quiet", "scaffold^{commit}") is None:
        return (
            "Who wrote what is not known here: git has no tag `scaffold` (the first commit, the "
            "render alone). `git fetch --tags` brings it, if it was pushed."
        )
    own = _added(project.root, "scaffold", ".", *_UNWRITTEN, *(f":!{path}" for path in _GIVEN))
    # `copier update` rewrites the answers file: the last commit that did holds the given files as
    # the template made them.
    base = _git(project.root, "log", "-1", "--format=%H", "--", ".copier-answers.yml") or "scaffold"
    changed = _added(project.root, base.strip(), *_GIVEN)
    largest = sorted(own.items(), key=lambda item: -item[1])[:6]
    links = ", ".join(f"[{name}]({_link(name)}) {lines}" for name, lines in largest)
    more = f" and {len(own) - len(largest)} more" if len(own) > len(largest) else ""
    written = (
        f"{sum(own.values()):,} lines in {len(own)} files ({links}{more})"
        if own
        else "nothing yet that git tracks"
    )
    given = "changed: " + ", ".join(sorted(changed)) if changed else "unchanged"
    return f"Written for this assignment: {written}. Given by the template: `src/scaffold/`, {given}."


def _link(name: str) -> str:
    return f"<{name}>" if " " in name else name


def _added(root: Path, base: str, *paths: str) -> dict[str, int]:
    """Return the lines added since `base` for each text file under `paths` that changed."""
    rows = _git(root, "diff", "--numstat", "-z", "--no-renames", base, "--", *paths) or ""
    fields = (row.split("\t", 2) for row in rows.split("\0") if row)
    return {name: int(added) for added, _, name in fields if added.isdigit()}  # "-" is binary


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
