"""Files that no commit has, at paths where the template writes: we keep a copy of each.

Copier asks for a clean tree, so that whatever it writes over is in a commit. That is not so for what
git ignores, nor for edits of a file that git was told not to look at (skip-worktree).
"""

import os
from pathlib import Path

import files
import rendered
import repository

# Folders of the candidate's, where an update writes nothing.
_THEIRS = ("data", "docs", "notebooks", "notes", "prompts", "recordings", "results")


def written() -> list[Path]:
    """Return the paths that an update may write, whatever the answers."""
    return sorted(path for path in rendered.possible("-") if path.parts[0] not in _THEIRS)


def keep(repo: repository.Repository) -> list[str]:
    """Copy what the update may write over, and no commit has, into git's own folder.

    Copies of an earlier update (perhaps a killed one, which could say nothing) that are still not
    in the work tree are put aside first; return where, as lines to say.
    """
    folder = _folder(repo)
    said = []
    if changed(repo):
        number = len(list(folder.parent.glob(f"{folder.name}-*"))) + 1
        aside = folder.rename(folder.with_name(f"{folder.name}-{number}"))
        said.append(f"What an earlier update replaced, and no commit has, is now in {aside}.")
    files.discard(folder)
    command = ["ls-files", "-v", "-z", "--cached", "--others", "--"]
    names = [path.as_posix() for path in written()]
    listed = repo.git("--literal-pathspecs", *command, *names).output.split(b"\0")
    for entry in filter(None, listed):
        letter, path = entry[:1], Path(os.fsdecode(entry[2:]))
        if letter != b"H" and path.is_file():  # H: as in the index, for all that git was told
            files.copy_atomically(path, folder / path)
    return said


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
