"""What an update left in the work tree: files changed, files gone, and conflicts to settle."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from repository import Repository

_MARKERS = re.compile(rb"^(<<<<<<< before updating|>>>>>>> after updating)\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Merged:
    """Paths seen from the working directory, sorted."""

    changed: list[str]
    gone: list[str]
    conflicts: dict[str, str]  # path: where in it


def look(repo: Repository, answers_file: str) -> Merged:
    """Compare the work tree with the last commit, which is what was here before the update."""
    edited = _names(repo, "diff", "--diff-filter=d", "HEAD")
    gone = _names(repo, "diff", "--diff-filter=D", "HEAD")
    new = _names(repo, "ls-files", "--others", "--exclude-standard")
    unmerged = _names(repo, "diff", "--diff-filter=U")
    conflicts = {}
    for name in sorted({*edited, *new, *unmerged}):
        path = Path(name)
        content = path.read_bytes() if path.is_file() else b""
        lines = [content[: at.start()].count(b"\n") + 1 for at in _MARKERS.finditer(content)][::2]
        if lines:
            conflicts[name] = f"line {', '.join(str(number) for number in lines[:4])}"
        elif name in unmerged:
            conflicts[name] = (
                "deleted on one side" if not path.exists() else "both sides changed it"
            )
        elif name in edited and not _is_text(repo.at_head(path) or b""):
            conflicts[name] = "it was not UTF-8, and the merge dropped letters of yours"
        elif name.endswith(".rej") and name in new:  # copier update --conflict rej
            conflicts[name] = "what did not fit into the file of that name"
    changed = sorted({*edited, *new} - {answers_file} - set(conflicts) - set(gone))
    return Merged(changed, sorted(set(gone) - set(conflicts)), conflicts)


def settle(name: str, where: str) -> str:
    """Return how one conflict is settled, as a sentence."""
    if name.endswith(".rej"):
        return f'Conflict: "{name}" holds {where}. Take over what you want, then delete it.'
    if where.startswith("it was not"):
        return f'"{name}": {where}. git restore "{name}", save it as UTF-8, commit, update again.'
    given = name.startswith(("src/scaffold/", "tests/scaffold/"))
    if given:
        how = f'the new one: git checkout --theirs -- "{name}"; yours: the same with --ours'
    else:
        how = "keep what you want of both sides and delete the marker lines"
    return f'Conflict in "{name}" ({where}): {how}; then git add "{name}".'


def _is_text(content: bytes) -> bool:
    """Tell whether git and Copier take it for text: UTF-16, or a part of it, is none for git."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def _names(repo: Repository, command: str, *arguments: str) -> list[str]:
    tail = ["--name-only", "--relative"] if command == "diff" else []
    done = repo.git(command, *arguments, *tail, "-z", "--")
    return [os.fsdecode(name) for name in done.output.split(b"\0") if name]
