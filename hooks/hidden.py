"""Files that git ignores at paths where the template writes: no commit has them, so we keep a copy.

Copier asks for a clean tree, so that whatever it writes over is in a commit; an ignored file is the
one thing for which that is not so.
"""

import os
from pathlib import Path

import files
import rendered
import repository

# Folders of the candidate's, where an update writes nothing.
_THEIRS = ("data", "docs", "notes", "prompts", "recordings", "results")


def keep(repo: repository.Repository) -> None:
    """Copy every ignored file that the update may write over into git's own folder."""
    folder = _folder(repo)
    files.discard(folder)
    names = sorted(
        path.as_posix() for path in rendered.possible("-") if path.parts[0] not in _THEIRS
    )
    command = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", *names]
    listed = repo.git("--literal-pathspecs", *command).output.split(b"\0")
    for name in filter(None, listed):
        path = Path(os.fsdecode(name))
        if path.is_file():
            files.copy_atomically(path, folder / path)


def changed(repo: repository.Repository) -> list[tuple[Path, Path]]:
    """Return the kept files that are no longer as they were, each with where its copy lies."""
    folder = _folder(repo)
    pairs = [(copy.relative_to(folder), copy) for copy in sorted(folder.rglob("*"))]
    return [
        (path, copy)
        for path, copy in pairs
        if copy.is_file() and not (path.is_file() and path.read_bytes() == copy.read_bytes())
    ]


def _folder(repo: repository.Repository) -> Path:
    where = repo.git("rev-parse", "--git-path", "takehome-before-update").output
    return Path(os.fsdecode(where).strip("\n"))
