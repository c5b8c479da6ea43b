"""Raw data as rows: CSV, TSV, JSONL, JSON, or a folder of files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class CasesError(ValueError):
    """The data cannot become cases; the text names every bad row with its reason."""


class SourceRow(dict[str, Any]):
    """A row that knows where it stood, for messages: `tickets.csv line 12`."""

    where: str

    @classmethod
    def at(cls, values: Any, where: str) -> SourceRow:
        """Wrap one row; anything that is not an object is an error that names the place."""
        if not isinstance(values, dict):
            raise CasesError(f"{where}: expected an object with named fields, found {values!r:.60}")
        row = cls(values)
        row.where = where
        return row


def read_rows(path: Path | str, *, encoding: str = "utf-8-sig") -> Iterator[SourceRow]:
    """Yield the rows of a file or folder as dicts; raise CasesError naming file and line.

    A folder gives `{"file", "folder", "text"}` per file, `text` None where it is no text.
    """
    path = Path(path)
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl, ".json": _json}
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise CasesError(f"{path} does not exist; put the data there or change the path")
    if path.suffix.lower() not in readers:
        raise CasesError(f"{path.name}: no reader for '{path.suffix}'; use one of {[*readers]}")
    return _decoded(path, readers[path.suffix.lower()](path, encoding))


def _decoded(path: Path, rows: Iterator[SourceRow]) -> Iterator[SourceRow]:
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise CasesError(
            f"{path.name} is not UTF-8 (byte {error.object[error.start]:#04x}); it is probably "
            "Latin-1: pass encoding='latin-1' to read_rows or read_cases, or save it as UTF-8"
        ) from None
    except csv.Error as error:
        raise CasesError(f"{path.name} is not readable as CSV: {error}") from None


def _csv(path: Path, encoding: str) -> Iterator[SourceRow]:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding=encoding, newline="") as file:
        header = file.readline()
        file.seek(0)
        reader = csv.DictReader(file, delimiter=max(",;\t|", key=header.count), strict=True)
        line = 2
        for values in reader:
            where = f"{path.name} line {line}"
            if None in values:
                raise CasesError(f"{where}: more cells than the header has columns")
            yield SourceRow.at({k: v or None for k, v in values.items()}, where)
            line = reader.line_num + 1


def _jsonl(path: Path, encoding: str) -> Iterator[SourceRow]:
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield SourceRow.at(_parsed(line, where := f"{path.name} line {number}"), where)


def _json(path: Path, encoding: str) -> Iterator[SourceRow]:
    data = _parsed(path.read_text(encoding), path.name)
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = lists[0] if len(lists) == 1 else [data]
    for number, values in enumerate(data if isinstance(data, list) else [data], 1):
        yield SourceRow.at(values, f"{path.name} item {number}")


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CasesError(f"{where}: not JSON ({error})") from None


def _folder(path: Path) -> Iterator[SourceRow]:
    for file in sorted(p for p in path.rglob("*") if p.is_file() and p.name[0] != "."):
        try:
            text: str | None = file.read_text("utf-8-sig")
        except UnicodeDecodeError:
            text = None
        name = file.relative_to(path)
        folder = name.parent.as_posix() if len(name.parts) > 1 else None
        yield SourceRow.at({"file": name.as_posix(), "folder": folder, "text": text}, name.name)
