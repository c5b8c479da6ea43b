"""Finished runs: two compared, or one published; only that writes figures into README.md."""

import json
import re
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any

import typer

GIVEN = ("src/scaffold", "tests/scaffold")
# Made by tools, updates or the company; README.md, because this very line would count itself
OTHERS = ("*.lock", ".copier*", "results", "recordings", "data", "BRIEF.*", "README.md", "AGENTS.*")


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The run before: a folder of results/.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The run after; latest is the newest.")],
    fail_on_regression: Annotated[str, typer.Option(metavar="SCORE", help="Or all.")] = "",
    margin: Annotated[float, typer.Option(min=0, help="A loss that is no regression yet.")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Compare two runs, case by case. With --fail-on-regression, exit 1 on a significant loss."""
    from scaffold import evals
    from scaffold.project import find

    here = find()
    runs = here.run(a), here.run(b)
    found = evals.compare(*runs, getattr(here.module("scoring"), "SCORES", {}))
    typer.echo(json.dumps(found) if as_json else evals.as_markdown(found, *runs))
    if fail_on_regression:
        names = () if fail_on_regression == "all" else (fail_on_regression,)
        passed, why = evals.gate(found, names, margin)
        typer.echo(f"\n{why}", err=as_json)
        raise typer.Exit(not passed)


def publish(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or latest.")],
) -> None:
    """Hand a run in. It becomes results/submitted/, and README.md gets its figures."""
    from scaffold.evals.cases import write_whole
    from scaffold.evals.publication import results_block
    from scaffold.project import ProjectError, find

    here = find()
    run, code, readme = here.run(name), f"src/{here.package}", here.root / "README.md"
    results, submitted = run / "results.json", here.root / "results" / "submitted"
    finished = results.is_file() and not json.loads(results.read_text("utf-8"))["unfinished"]
    made_by = json.loads((run / "manifest.json").read_text("utf-8"))["hashes"]
    same = made_by["code"] == here.digest(code) and made_by["prompts"] == here.digest("prompts")
    if not (finished and same):
        how = f"has changed (`takehome eval --like {run.name}`): do that, and publish it"
        raise ProjectError(f"{run.name} is unfinished (--resume it), or {code} or prompts/ {how}.")
    text = readme.read_text("utf-8")
    for block, content in (("results", results_block(run)), ("authorship", authorship(here))):
        lines = rf"(?s)(<!-- {block}: begin[^\n]*\n).*?(<!-- {block}: end -->)"
        pieces = re.split(lines, text, maxsplit=1)
        if len(pieces) == 1:
            raise ProjectError(f"README.md has no lines <!-- {block}: begin --> and end: add them.")
        text = "".join([*pieces[:2], content.strip(), "\n", *pieces[2:]])
    if run.resolve() != submitted.resolve():  # copied first: a failure leaves the old one whole
        draft = Path(mkdtemp(prefix=".publish-", dir=submitted.parent))
        shutil.copytree(run, draft / "new")
        if submitted.exists():
            submitted.rename(draft / "old")
        (draft / "new").rename(submitted)
        shutil.rmtree(draft, ignore_errors=True)  # only now: the old one holds causes
    write_whole(readme, text)
    aside = [f":!{path}" for path in OTHERS]
    if new := here.git("ls-files", "--others", "--exclude-standard", ".", *aside):
        names = ", ".join(new.splitlines()[:3])
        typer.echo(f"Not counted, as git does not track it: {names}. git add, then publish.")
    # RAW is read once, to make the cases; what else opens data/raw is run by a reviewer, too
    opens = ("-e", "data/raw", "--and", "--not", "-e", "^RAW = Path(", "--", f"{code}/*.py")
    opening = here.git("grep", "--untracked", "--name-only", *opens)
    if opening and here.git("ls-files", "--others", "--ignored", "--exclude-standard", "data/raw"):
        names = ", ".join(opening.splitlines())
        advice = "git add --force the data where you may, or say in README.md what goes there"
        typer.echo(f"git ignores data/raw, and {names} names it: a clone lacks that; {advice}.")
    then = "commit all, and `git push origin HEAD scaffold` (tag included) to a private repository"
    typer.echo(f"{run.name} is submitted, with its cases: {then}.")


def authorship(here: Any) -> str:
    """Return who wrote what, in Markdown, from `git diff --numstat scaffold`."""
    if here.git("rev-parse", "--verify", "--quiet", "scaffold^{commit}") is None:
        return "Who wrote what is not known here: git has no tag `scaffold`, the render alone."
    own = _added(here, "scaffold", ".", *(f":!{path}" for path in (*OTHERS, *GIVEN)))
    # `copier update` rewrites the answers file: the last commit that did holds GIVEN as rendered.
    rendered = here.git("log", "-1", "--format=%H", "--", ".copier-answers*.yml") or "scaffold"
    changed = ", ".join(_added(here, rendered, *GIVEN))
    largest = sorted(own, key=lambda name: -own[name])[:6]
    links = ", ".join(f"[{name}](<{name}>) {own[name]}" for name in largest)
    files = "1 file" if len(own) == 1 else f"{len(own)} files"
    written = f"{sum(own.values()):,} lines in {files} (the largest: {links})"
    written = written if own else "nothing yet that git tracks"
    given = f"`src/scaffold/`, {f'changed in {changed}' if changed else 'unchanged'}"
    return f"Written for this assignment: {written}. Given by the template: {given}."


def _added(here: Any, base: str, *paths: str) -> dict[str, int]:
    """Return the lines added since `base` for each text file under `paths` that changed."""
    rows = here.git("diff", "--numstat", "-z", "--no-renames", base, "--", *paths) or ""
    fields = (row.split("\t", 2) for row in rows.split("\0") if row)
    return {name: int(added) for added, _, name in fields if added.isdigit()}  # "-" is binary
