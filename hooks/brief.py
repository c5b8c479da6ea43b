"""The assignment's text becomes BRIEF.md."""

import re
import sys
from pathlib import Path

import convert_brief
import environment
import files
from script import Say

BRIEF = Path("BRIEF.md")
PASTE = "TODO: paste the text of the assignment here, as it arrived."
_LATER = "; when that is mended, the same copier command does it"
_LARGEST = 5_000_000  # bytes; a longer text is data, not a brief
_SUFFIXES = {".htm": ".html", ".xhtml": ".html", ".pdf": ".pdf", ".docx": ".docx", ".html": ".html"}


def place(typed: str, destination: str, say: Say) -> None:
    """Write BRIEF.md from what was typed; where there is no text, a line that asks for it."""
    if _holds_a_brief():
        if typed:
            say("BRIEF.md is there already and stays as it is.")
        return
    if not typed.strip():
        _write("")
    elif files.is_address(typed):
        _write(f"It is at <{typed.strip()}>. Nothing was fetched from there.")
        say(f"Open {typed.strip()} and paste its text into BRIEF.md; nothing was fetched.")
    else:
        try:
            source = files.find(typed, destination)
            if source.is_dir():
                raise IsADirectoryError(0, f"it is a folder{_named_in(source)}; name the file")
            if not source.is_file():
                raise OSError(0, "it is not a file")
            say(_convert(source))
        except FileNotFoundError as error:
            _write("")
            say(
                f"No brief: {error}. Paste the text of the assignment into BRIEF.md, "
                "or run the same copier command with the right path."
            )
        except OSError as error:
            _write("")
            why = files.explain(error)
            say(f"No brief from {typed}: {why}. Paste the text of the assignment into BRIEF.md.")


def _holds_a_brief() -> bool:
    try:
        return BRIEF.exists() and PASTE not in BRIEF.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True


def _write(where: str) -> None:
    lines = ["# The assignment", "", PASTE, *([where] if where else [])]
    files.write_atomically(BRIEF, "\n".join(lines) + "\n")


def _named_in(folder: Path) -> str:
    likely = (".md", ".txt", ".pdf", ".docx", ".html")
    names = sorted(f.name for f in folder.iterdir() if f.suffix.lower() in likely)[:3]
    return f" (with {', '.join(names)})" if names else ""


def _convert(source: Path) -> str:
    """Write BRIEF.md, and the original beside it where it was converted; return what was done."""
    suffix = _SUFFIXES.get(source.suffix.lower(), "")
    if not suffix:
        text = _text(source)
        if text is not None and not text.strip():
            _write("")
            return (
                f"No brief: {source.name} is empty. Paste the text of the assignment into BRIEF.md."
            )
        if text is not None:
            files.write_atomically(BRIEF, text)
            return f"BRIEF.md: the text of {source.name}."
    ending = source.suffix.lower() or ".original"
    original = BRIEF.with_suffix(".original.md" if ending == BRIEF.suffix else ending)
    if source != original.resolve():
        files.copy_atomically(source, original)
    if not suffix:
        _write(f"Its original is {original}.")
        long = source.stat().st_size > _LARGEST
        why = "it is longer than any brief" if long else "its format is not one we read"
        return f"BRIEF.md: paste the text of {original} into it; {why}."
    text, why = _by_library(suffix, original)
    if not text:
        _write(f"Its original is {original}.")
        return f"BRIEF.md: paste the text of {original} into it; {why}."
    files.write_atomically(BRIEF, text)
    return f"BRIEF.md: the text of {source.name}; its original is {original}. Read both once."


def _text(source: Path) -> str | None:
    """Return a text file's content with plain line ends, or None where it is not text."""
    if source.stat().st_size > _LARGEST:
        return None
    raw = source.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in raw or raw.startswith((b"%PDF", b"PK\x03\x04", b"{\\rtf")):
        return None
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else _tidy(text)  # UTF-32 begins as UTF-16 does
    return None


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip() + "\n"


def _by_library(suffix: str, original: Path) -> tuple[str, str]:
    """Return the text by a library that uv fetches for this call, or "" and why there is none."""
    uv = environment.uv()
    if uv is None:
        return "", f"turning it into text needs uv, which is not installed{_LATER}"
    wanted = [part for name in convert_brief.LIBRARIES[suffix] for part in ("--with", name)]
    script = Path(convert_brief.__file__).resolve()
    command = [uv, "run", "--no-project", "--no-config", "--isolated", "--quiet", *wanted]
    command += ["--python", sys.executable, "--", "python", "-B", str(script)]
    done = environment.run([*command, suffix, str(original)], seconds=180)
    text = _tidy(done.output.decode("utf-8", "replace"))
    if not done.ok:
        return "", f"turning it into text failed ({done.complaint}){_LATER}"
    if not text.strip():
        return "", "it holds no text, perhaps only pictures"
    return re.sub(r"[ \t]+\n", "\n", re.sub(r"\n{4,}", "\n\n\n", text)), ""
