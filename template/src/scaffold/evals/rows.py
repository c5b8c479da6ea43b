"""Raw data as rows: CSV, TSV, JSONL, JSON, or a folder of files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class CasesError(ValueError):
    """The data cannot become cases; `problems` has a sentence for every bad row, all in one go."""

    def __init__(self, *problems: str) -> None:
        """Join the sentences."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Row(dict[str, Any]):
    """A row that knows where it stood, for messages: `tickets.csv line 12`."""

    where = ""


def read_rows(path: Path | str, *, encoding: str = "utf-8-sig") -> Iterator[Row]:
    """Yield the rows of a file or folder as dicts; raise CasesError after the last good row.

    A folder gives `{"file", "folder", "text"}` for each file, `text` None where it is no text.
    """
    path = Path(path)
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".json": _json}
    read = _folder if path.is_dir() else readers.get(path.suffix.lower())
    if not path.exists():
        raise CasesError(f"{path} does not exist: put the data there, or change the path")
    if read is None:
        raise CasesError(f"{path.name}: no reader for this ending; use {', '.join(readers)}")
    problems: list[str] = []
    try:
        for where, values in read(path, encoding):
            if isinstance(values, dict) and None not in values:
                row = Row(values)
                row.where = where
                yield row
            elif isinstance(values, dict):
                problems.append(f"{where}: more cells than the header has columns")
            else:
                problems.append(f"{where}: expected a JSON object, found {values!r:.60}")
    except UnicodeDecodeError as error:
        problems.append(
            f"{path.name} is not UTF-8 (byte {error.object[error.start]:#04x}), probably Latin-1: "
            "pass encoding='latin-1' to read_rows or read_cases, or save it as UTF-8"
        )
    except csv.Error as error:
        problems.append(f"{path.name} is not readable as CSV: {error}")
    if problems:
        raise CasesError(*problems)


def _csv(path: Path, encoding: str) -> Iterator[tuple[str, Any]]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding=encoding, newline="") as file:
        header = file.readline()
        file.seek(0)
        reader = csv.DictReader(file, delimiter=max(",;\t|", key=header.count))
        line = 2
        for values in reader:
            yield f"{path.name} line {line}", {name: cell or None for name, cell in values.items()}
            line = reader.line_num + 1


def _jsonl(path: Path, encoding: str) -> Iterator[tuple[str, Any]]:
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield f"{path.name} line {number}", _parsed(line)


def _json(path: Path, encoding: str) -> Iterator[tuple[str, Any]]:
    data = _parsed(path.read_text(encoding))
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = lists[0] if len(lists) == 1 else data
    for number, values in enumerate(data if isinstance(data, list) else [data], 1):
        yield f"{path.name} item {number}", values


def _parsed(text: str) -> Any:
    """Give what is no JSON back as text: it is no object either, so the caller names the place."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _folder(path: Path, encoding: str) -> Iterator[tuple[str, Any]]:
    for file in sorted(p for p in path.rglob("*") if p.is_file() and p.name[0] != "."):
        try:
            text: str | None = file.read_text(encoding)
        except UnicodeDecodeError:
            text = None
        name = file.relative_to(path)
        yield str(name), {"file": name.as_posix(), "folder": name.parent.name, "text": text}
