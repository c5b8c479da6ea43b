"""Files as people name them, and files that are never half written."""

import contextlib
import os
import re
import shutil
from collections.abc import Generator
from pathlib import Path
from urllib.parse import unquote, urlsplit


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write `content` (text as UTF-8, as it is) so that `path` is the old or the new, never half.

    Raises:
        OSError: no permission, no space; `path` is as it was.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    with draft(path) as part:
        part.write_bytes(raw)


def copy_atomically(source: Path, target: Path) -> None:
    """Copy one file's content; `target` appears when it is whole.

    Raises:
        OSError: no permission, no space; nothing is left behind.
    """
    with draft(target) as part:
        shutil.copyfile(source, part)


@contextlib.contextmanager
def draft(target: Path) -> Generator[Path]:
    """Give a path beside `target` to write to; it takes the target's place when all went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    discard(part)
    try:
        yield part
        if part.is_file() and target.is_file():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        discard(part)


def discard(path: Path) -> None:
    """Remove a file or a folder that may not be there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def is_address(text: str) -> bool:
    """Tell whether `text` is an address of the web or of another service, not a path."""
    return not text.startswith("file:") and bool(
        re.match(r"[a-z][a-z0-9+.-]+://|www\.|mailto:|git@", text.strip(), re.IGNORECASE)
    )


def find(typed: str, destination: str = "") -> Path:
    """Return the existing file or folder that the user means by `typed`.

    A task's working directory is the new folder; a relative path is meant from where the user
    stood. That follows from a relative destination; `$PWD` holds it too, but not on Windows.

    Raises:
        FileNotFoundError: nothing there; its text says where it was looked for.
        OSError: a folder on the way may not be read.
    """
    text = unquoted(typed)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
        text = text.lstrip("/") if re.match(r"/[A-Za-z]:", text) else text
    path = Path(text).expanduser()
    if path.is_absolute():
        places = [path]
    else:
        places = [folder / path for folder in _where_the_user_stood(destination)]
    for place in places:
        if place.exists():
            return place.resolve()
    raise FileNotFoundError(f"there is no {places[0]}")


def _where_the_user_stood(destination: str) -> list[Path]:
    """Return where a relative path may be meant from, likeliest first."""
    here = Path.cwd()
    folders = []
    target = Path(destination)
    if destination and not target.is_absolute() and ".." not in target.parts:
        folders.append(here.parents[len(target.parts) - 1] if target.parts else here)
    if os.environ.get("PWD"):
        folders.append(Path(os.environ["PWD"]))
    return [*folders, here.parent, here]


def explain(error: OSError) -> str:
    """Return an operating system's error as the end of a sentence."""
    reason = error.strerror or str(error)
    return f"{reason[:1].lower()}{reason[1:]}"


def unquoted(typed: str) -> str:
    """Return a path without the quotes around it; a quote that is part of its name stays."""
    text = typed.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def typed_name(typed: str) -> str:
    """Return the last part of what was typed: a link is called as the link, not as its target."""
    return unquoted(typed).rstrip("/\\").replace("\\", "/").rpartition("/")[2]
