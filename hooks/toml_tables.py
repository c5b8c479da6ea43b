"""Our tables added to a pyproject.toml of someone else's, as text; the rest stays as it is."""

import re
import tomllib
from typing import Any

# Settings of a tool that theirs may have already: then theirs rule, and ours stay away.
_PREFERENCES = (("tool", "ruff"), ("tool", "ty"), ("tool", "pytest"))
_HEADER = re.compile(r"^\[([^\[\]]+)\][ \t]*(?:#.*)?$")


class CannotMergeError(Exception):
    """Their file is of a form that text cannot be added to safely; the message says which."""


def merged(theirs: str, ours: str) -> str:
    """Return `theirs` with the tables of `ours`: new ones at the end exactly as they stand.

    A table that theirs has already gets the missing keys below its header.

    Raises:
        CannotMergeError: theirs is no TOML, or has one of our keys with another value.
    """
    before = parsed(theirs)
    result = theirs
    # Ours were added before, and what differs since then is the candidate's edit.
    edited = _at(before, ("tool", "takehome")) is not None
    appended: list[str] = []
    for path, block in tables(ours):
        there = _at(before, path)
        if path[:2] in _PREFERENCES and _at(before, path[:2]) is not None:
            continue
        if there is None:
            appended.append(block)
        else:
            result = _insert(result, path, block, there, edited=edited)
    text = "".join(appended).rstrip("\n")
    if text:
        result = f"{result.rstrip()}\n\n{text}\n" if result.strip() else f"{text}\n"
    _verify(before, parsed(result), parsed("".join(appended)))
    return result


def parsed(text: str) -> dict[str, Any]:
    """Return a TOML text's content.

    Raises:
        CannotMergeError: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CannotMergeError(f"it is no valid TOML: {error}") from error


def tables(text: str) -> list[tuple[tuple[str, ...], str]]:
    """Split our text (plain headers, no multi-line strings) into tables with their comments."""
    found: list[tuple[tuple[str, ...], list[str]]] = []
    comments: list[str] = []
    for line in text.splitlines(keepends=True):
        path = _named_by(line)
        if path:
            found.append((path, [*comments, line]))
            comments = []
        elif line.startswith("#") or (comments and not line.strip()):
            comments.append(line)
        elif found:
            found[-1][1].extend([*comments, line])
            comments = []
        else:
            comments.append(line)
    if comments and found:
        found[-1][1].extend(comments)
    return [(path, "".join(lines)) for path, lines in found]


def _named_by(line: str) -> tuple[str, ...]:
    """Return the path of the table that a header begins; () for any other line."""
    header = _HEADER.match(line.rstrip("\r\n"))
    return tuple(part.strip().strip("\"'") for part in header[1].split(".")) if header else ()


def _at(content: dict[str, Any], path: tuple[str, ...]) -> Any:
    for part in path:
        if not isinstance(content, dict) or part not in content:
            return None
        content = content[part]
    return content


def _insert(text: str, path: tuple[str, ...], block: str, there: object, *, edited: bool) -> str:
    name = ".".join(path)
    wanted = _at(parsed(block), path)
    if not isinstance(there, dict):
        raise CannotMergeError(f"its {name} is no table")
    clash = [key for key in wanted if key in there and there[key] != wanted[key]]
    if clash and not edited:
        raise CannotMergeError(f"its [{name}] has {clash[0]} already")
    entries = block.splitlines()
    start = next(n for n, line in enumerate(entries) if _named_by(line)) + 1
    missing = _entries(entries[start:], [key for key in wanted if key not in there])
    if not missing:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _named_by(line) == path:
            lines[number + 1 : number + 1] = missing
            return "\n".join(lines)
    if all(isinstance(value, dict) for value in there.values()):  # only its sub-tables stand there
        return f"{text.rstrip()}\n\n" + "\n".join([f"[{name}]", *missing]) + "\n"
    raise CannotMergeError(f"its {name} is not written as a table [{name}]")


def _entries(lines: list[str], keys: list[str]) -> list[str]:
    """Return the lines of `keys` out of a table's body."""
    kept: list[str] = []
    inside = False
    for line in lines:
        key = re.match(r'"?([A-Za-z0-9_-]+)"?\s*=', line)
        if key:
            inside = key[1] in keys
        if inside and line.strip() and not line.startswith("#"):
            kept.append(line)
    return kept


def _verify(before: dict[str, Any], after: dict[str, Any], added: dict[str, Any]) -> None:
    """Hold the result against both sides: nothing of theirs changed, everything of ours there."""
    for content in (before, added):
        if not _within(content, after):
            raise CannotMergeError("its form hides a table of ours")


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and _within(value, whole[key]) for key, value in part.items()
        )
    return bool(part == whole)
