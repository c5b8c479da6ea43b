"""What would cost lines in an update's merge, or stop Copier in the middle: refused before it."""

from pathlib import Path

import hidden
import rendered
import repository

# Settings with which git changes or drops lines that Copier hands to it, and the values without.
_SETTINGS = {
    "apply.whitespace": ("nowarn", "warn"),
    "status.showUntrackedFiles": ("normal", "all", "true", "yes", "on", "1"),
}


def found(repo: repository.Repository) -> str:
    """Return the first obstacle and what to do about it, or "" where there is none."""
    return _setting(repo) or _reject(repo) or _link() or _folder_for_file()


def _setting(repo: repository.Repository) -> str:
    for name, harmless in _SETTINGS.items():
        value = repo.git("config", "--get", name).output.decode("utf-8", "replace").strip()
        if value and value.lower() not in harmless:
            return (
                f"git's {name} is {value} here, with which an update loses lines of yours. Nothing "
                f"was written. First, for this repository: git config {name} {harmless[0]}"
            )
    return ""


def _reject(repo: repository.Repository) -> str:
    listed = repo.git("ls-files", "-z", "--", "*.rej").output.decode("utf-8", "replace")
    name = listed.partition("\0")[0]
    if not name:
        return ""
    return (
        f'"{name}" is committed, and a conflict of this update would be written over it. '
        "Nothing was written. It is perhaps left of an earlier one: git rm, and commit that."
    )


def _link() -> str:
    here = Path.cwd().resolve()
    for path in rendered.possible("-"):
        for part in (*reversed(path.parents), path):
            if part.is_symlink() and not part.resolve().is_relative_to(here):
                return (
                    f'"{part.as_posix()}" is a link out of this folder, at which Copier stops half '
                    "way. Nothing was written. Put a folder there for as long as the update takes."
                )
    return ""


def _folder_for_file() -> str:
    written = hidden.written()
    folders = {folder for path in written for folder in path.parents}
    for path in sorted({*written, *folders}):
        wanted = "folder" if path in folders else "file"
        if path.exists() and path.is_dir() != (path in folders):
            return (
                f'"{path.as_posix()}" is no {wanted} here, and the template has a {wanted} of that '
                "name. Nothing was written. Rename yours, and commit that, first."
            )
    return ""
