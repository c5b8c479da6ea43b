"""`takehome publish RUN`: the one place that writes figures into README.md."""

import json
import re
import shutil
from pathlib import Path

from scaffold.evals.publication import results_block
from scaffold.project import Project, ProjectError, digest, git

GIVEN = ("src/scaffold", "tests/scaffold")
# Made by tools or brought by the company; README.md, because this very line would count itself
OTHERS = ("*.lock", ".copier-answers.yml", "results", "recordings", "data", "BRIEF.*", "README.md")


def publish(project: Project, run: Path, force: bool) -> str:
    """Make `run` the submitted one, write README's two blocks, and return what to do next."""
    results, package = run / "results.json", f"src/{project.package}"
    finished = results.is_file() and not json.loads(results.read_text("utf-8"))["unfinished"]
    made_by = json.loads((run / "manifest.json").read_text("utf-8"))["hashes"]["code"]
    if not force and not (finished and made_by == digest(project.root / package)):
        how = f"`takehome eval --resume` or `--like {run.name}`, and publish that; or --force"
        raise ProjectError(f"{run.name} is unfinished, or {package} has changed since: {how}.")
    readme, submitted = project.root / "README.md", project.root / "results" / "submitted"
    draft, old = (submitted.with_name(f".submitted.{name}") for name in ("draft", "old"))
    try:
        text = _filled(readme.read_text("utf-8"), "results", results_block(run))
        text = _filled(text, "authorship", authorship(project.root))
        if run.resolve() != submitted.resolve():  # copied first: a failure leaves the old one whole
            for leftover in (draft, old):
                shutil.rmtree(leftover, ignore_errors=True)
            shutil.copytree(run, draft)
            if submitted.exists():
                submitted.rename(old)
            draft.rename(submitted)
            shutil.rmtree(old, ignore_errors=True)
        page = readme.with_name(".README.md.draft")
        page.write_text(text, "utf-8", newline="\n")
        page.replace(readme)
    except OSError as error:
        raise ProjectError(f"{error}: make room or mend its rights, then publish again.") from error
    return f"{run.name} is submitted, with texts of its cases: commit all, in a private repository."


def _filled(text: str, block: str, content: str) -> str:
    lines = re.compile(rf"(<!-- {block}: begin[^\n]*\n).*?(<!-- {block}: end -->)", re.DOTALL)
    text, found = lines.subn(lambda line: f"{line[1]}{content.strip()}\n{line[2]}", text, count=1)
    if not found:
        raise ProjectError(f"README.md has no lines <!-- {block}: begin --> and end: add them.")
    return text


def authorship(root: Path) -> str:
    """Return who wrote what, in Markdown, from `git diff --numstat scaffold`."""
    if git(root, "rev-parse", "--verify", "--quiet", "scaffold^{commit}") is None:
        return "Who wrote what is not known here: git has no tag `scaffold`, the render alone."
    own = _added(root, "scaffold", ".", *(f":!{path}" for path in (*OTHERS, *GIVEN)))
    # `copier update` rewrites the answers file: the last commit that did holds GIVEN as rendered.
    rendered = git(root, "log", "-1", "--format=%H", "--", ".copier-answers.yml") or "scaffold"
    changed = ", ".join(_added(root, rendered, *GIVEN))
    largest = sorted(own, key=lambda name: -own[name])[:6]
    links = ", ".join(f"[{name}](<{name}>) {own[name]}" for name in largest)
    written = f"{sum(own.values()):,} lines in {len(own)} files (the largest: {links})"
    return (
        f"Written for this assignment: {written if own else 'nothing yet that git tracks'}. Given by "
        f"the template: `src/scaffold/`, {f'changed in {changed}' if changed else 'unchanged'}."
    )


def _added(root: Path, base: str, *paths: str) -> dict[str, int]:
    """Return the lines added since `base` for each text file under `paths` that changed."""
    rows = git(root, "diff", "--numstat", "-z", "--no-renames", base, "--", *paths) or ""
    fields = (row.split("\t", 2) for row in rows.split("\0") if row)
    return {name: int(added) for added, _, name in fields if added.isdigit()}  # "-" is binary
