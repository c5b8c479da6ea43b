"""Ours joins the company's starter repository: what waits in .takehome/ is merged into theirs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discovery
import files
import fitting
import pdm
import poetry
import setup_file
import toml_tables
from brief import BRIEF
from repository import Repository
from script import Say

PENDING = Path(".takehome")
_OURS = "takehome publish"  # stands in our README, and in no README of a company's
_README = Path("README.md")
_NAME_A_README = (Path("pyproject.toml"), Path("setup.py"), Path("setup.cfg"))


@dataclass(slots=True)
class Joined:
    """What goes into our first commit: paths, other contents than the work tree's, removals."""

    paths: list[Path] = field(default_factory=list)
    versions: dict[Path, str] = field(default_factory=dict)
    removed: list[Path] = field(default_factory=list)


def join(package: str, named_brief: bool, repo: Repository | None, say: Say) -> Joined:
    """Merge each pending file into theirs, or put it in place where they have none."""
    joined = Joined()
    if not PENDING.is_dir():
        return joined
    joined.paths += fitting.fit(package, PENDING / "pyproject.toml")
    merges: dict[str, Callable[[str, str], str]] = {
        ".gitignore": with_lines,
        ".gitattributes": with_lines,
        ".env.example": with_keys,
        "pyproject.toml": lambda theirs, ours: with_tables(theirs, ours, package),
    }
    for pending in sorted(path for path in PENDING.rglob("*") if path.is_file()):
        target = pending.relative_to(PENDING)
        try:
            if target == _README:
                _readme(pending, named_brief, repo, joined, say)
            elif not target.exists():
                merge = merges.get(target.name, lambda _, ours: ours)
                files.write_atomically(target, merge("", _read(pending)))
                pending.unlink()
                joined.paths.append(target)
            elif target.name in merges:
                _change(target, merges[target.name], _read(pending), repo, joined)
                pending.unlink()
            else:
                pending.unlink()
        except toml_tables.CannotMergeError as error:
            say(f"{target} stays as it is: {error}. Add {pending.as_posix()} to it by hand.")
        except (OSError, UnicodeDecodeError) as error:
            say(f"{target} stays as it is ({error}). Ours waits in {pending.as_posix()}.")
    if not any(path.is_file() for path in PENDING.rglob("*")):
        files.discard(PENDING)
    return joined


def _change(
    target: Path,
    change: Callable[[str, str], str],
    by: str,
    repo: Repository | None,
    joined: Joined,
) -> None:
    """Change a file of theirs by a text; edits that they have not committed stay uncommitted."""
    if target in joined.versions:
        joined.versions[target] = change(joined.versions[target], by)
    elif target not in joined.paths:
        committed = repo.at_head(target) if repo else None
        if committed is not None and committed != target.read_bytes():
            joined.versions[target] = change(committed.decode("utf-8"), by)
        elif committed is not None or repo is None or not repo.has_commits():
            joined.paths.append(target)
    files.write_atomically(target, change(_read(target), by))


def with_keys(theirs: str, ours: str) -> str:
    """Return `with_lines`, but no key a second time: the last one wins, and ours is empty."""
    return with_lines(theirs, ours, name_of=_key)


def _key(line: str) -> str:
    return line.strip().removeprefix("export ").partition("=")[0].strip()


def with_lines(theirs: str, ours: str, name_of: Callable[[str], str] = str.strip) -> str:
    """Return `theirs` with the lines of ours that it lacks, and their comments, at the end."""
    end = "\r\n" if "\r\n" in theirs else "\n"
    known = {name_of(line) for line in theirs.splitlines()}
    blocks: list[str] = []
    for block in re.split(r"\n{2,}", ours.strip()):
        # "* text=auto" would declare every file of theirs with other line ends as changed.
        lines = [line for line in block.splitlines() if not line.startswith("* ")]
        new = [line for line in lines if line.startswith("#") or name_of(line) not in known]
        if any(not line.startswith("#") for line in new):
            blocks.append("\n".join(new))
    if not blocks:
        return theirs
    added = "\n\n".join(blocks).replace("\n", end) + end
    return f"{theirs.rstrip()}{end}{end}{added}" if theirs.strip() else added


def with_tables(theirs: str, ours: str, package: str) -> str:
    """Return their pyproject.toml with our tables, and what makes uv and its own tool read both.

    Raises:
        CannotMergeError: it cannot be done safely; see `toml_tables.merged`.
    """
    text = theirs.removeprefix("\ufeff")  # with which pytest and others stop at line 1
    content = toml_tables.parsed(text)
    groups = content.get("tool", {}).get("uv", {}).get("default-groups")
    if groups == "all" or isinstance(groups, list):
        text = _with_our_group(text)
        ours = ours.replace('default-groups = "all"\n', "")
    tables = [] if "project" in content else [_project(content)]
    if poetry.packs_nothing(content):
        tables.append("[tool.uv]\npackage = false\n")
    tables += [discovery.pinned(content, package), pdm.workspace(content)]
    if poetry.used(content):
        tables.append(poetry.group(f"{package.replace('_', '-')}-take-home"))
    for table in [*tables, ours]:
        text = toml_tables.merged(text, table)
    return text


def _project(content: dict[str, Any]) -> str:
    """Return the `[project]` without which uv reads no project of Poetry's or of setuptools'."""
    name = re.sub(r"[^a-z0-9]+", "-", Path.cwd().name.lower()).strip("-") or "starter"
    if setup_file.used() and not poetry.used(content):
        has_backend = "build-system" in content  # without a name in it, that is setuptools
        return setup_file.project_table(name, has_backend=has_backend)
    table, lost = poetry.project_table(content, name)
    if lost:
        raise toml_tables.CannotMergeError(
            f"package-mode is false, and uv cannot be told about {', '.join(lost)}"
        )
    return table


def _with_our_group(theirs: str) -> str:
    """Return their pyproject.toml with our group among those that they let uv install by default."""
    listed = re.search(r"^default-groups\s*=\s*\[([^\]]*)\]", theirs, re.MULTILINE)
    if listed is None or '"scaffold"' in listed[1]:
        return theirs
    named = listed[1].rstrip().rstrip(",")
    return (
        theirs[: listed.start(1)]
        + (f'{named}, "scaffold"' if named else '"scaffold"')
        + theirs[listed.end(1) :]
    )


def _readme(
    pending: Path,
    named_brief: bool,
    repo: Repository | None,
    joined: Joined,
    say: Say,
) -> None:
    """Their README becomes the brief, where none was named; ours takes its place."""
    found = sorted(p for p in Path().iterdir() if p.is_file() and _is_readme(p))
    theirs = next((p for p in found if p.name.lower() == "readme.md"), None)
    source = theirs or next(iter(found), None)
    joined_before = repo is not None and repo.tagged()  # `copier recopy`: it is the candidate's
    if theirs and (joined_before or _OURS in theirs.read_text(encoding="utf-8", errors="replace")):
        pending.unlink()
        return
    if source and not named_brief and not BRIEF.exists():
        files.copy_atomically(source, BRIEF)
        say(f"BRIEF.md: the text of their {source.name}; README.md is now yours to write.")
    elif theirs and (repo is None or repo.at_head(theirs) != theirs.read_bytes()):
        kept = theirs.with_name("README.original.md")
        if kept.exists() and kept.read_bytes() != theirs.read_bytes():
            raise FileExistsError(f"{kept} is there, and git does not have {theirs} in this form")
        files.copy_atomically(theirs, kept)
        say(f"{kept}: their {theirs.name}, which git does not have in this form.")
    elif theirs:
        say("README.md is yours to write; git has theirs: git show scaffold~1:README.md")
    if theirs and theirs.name != _README.name:
        for path in _NAME_A_README:
            if path.is_file() and with_our_readme(_read(path), theirs.name) != _read(path):
                _change(path, with_our_readme, theirs.name, repo, joined)
        theirs.unlink()
        joined.removed.append(theirs)
    pending.replace(_README)
    joined.paths.append(_README)


def with_our_readme(text: str, name: str) -> str:
    """Return a build's settings with README.md where they name theirs, which it replaces."""
    return re.sub(rf"(?<![\w./-]){re.escape(name)}(?![\w.-])", _README.name, text)


def _is_readme(path: Path) -> bool:
    return path.stem.lower() == "readme" and path.suffix.lower() in (".md", ".rst", ".txt", "")


def _read(path: Path) -> str:
    """Return a text with its line ends as they are."""
    return path.read_bytes().decode("utf-8")
