"""Cases from the candidate's data, validated by the candidate's Pydantic models."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from .outcome import Case, Ex, In
from .rows import CasesError, SourceRow, read_rows

FIELDS = ("id", "input", "expected", "tags", "group", "split", "reviewed")


class NotMapped(CasesError):
    """MAPPING in the candidate's cases.py is unfinished; the text names all that is left."""


def read_cases(
    path: Path | str, *, input: type[In], expected: type[Ex], encoding: str = "utf-8-sig"
) -> list[Case[In, Ex]]:
    """Read cases from JSONL, JSON, CSV (columns like `input.text`) or a folder of such files.

    Raises CasesError with every bad line, its number and its reason.
    """
    path = Path(path)
    files = [p for p in sorted(path.iterdir()) if p.suffix in {".jsonl", ".json", ".csv"}]\
        if path.is_dir() else [path]
    rows = itertools.chain.from_iterable(read_rows(file, encoding=encoding) for file in files)
    return list(_built(((row, _nested(row)) for row in rows), input, expected))


def map_rows(
    rows: Iterable[Mapping[str, Any]],
    mapping: Mapping[str, str],
    *,
    input: type[In],
    expected: type[Ex],
) -> Iterator[Case[In, Ex]]:
    """Turn rows into cases by `{"input.text": "column"}`; without "id" rows are numbered.

    Raises NotMapped once for everything unmapped, CasesError for every bad row.
    """
    rows = iter(rows)
    first = list(itertools.islice(rows, 100))  # an optional key may be absent from the very first
    columns = list(dict.fromkeys(key for row in first for key in row))
    targets = {"input": input}
    if any(name.split(".")[0] == "expected" for name in mapping):
        targets["expected"] = expected
    unmapped = {name for name, column in mapping.items() if column == "?"}
    for part, model in targets.items():
        unmapped |= {name for name in _required(part, model) if name not in mapping}
    if unmapped and "input" in mapping:
        unmapped -= {name for name in unmapped if name.startswith("input.")} 
    absent = [f"{k!r}: {c!r}" for k, c in mapping.items() if c != "?" and c not in columns]
    if first and (unmapped or absent):
        wanted = [f"still to be mapped: {', '.join(sorted(unmapped))}"] if unmapped else []
        wanted += [f"no such column: {', '.join(absent)}"] if absent else []
        raise NotMapped(
            f"MAPPING in your cases.py, {'; '.join(wanted)}; the columns are: {', '.join(columns)}"
        )

    def shaped() -> Iterator[tuple[Any, dict[str, Any]]]:
        for number, row in enumerate(itertools.chain(first, rows), 1):
            named = {name: row.get(column) for name, column in mapping.items()}
            yield getattr(row, "where", f"row {number}"), _nested({"id": f"{number:06}", **named})

    yield from _built(((SourceRow.at({}, w), v) for w, v in shaped()), input, expected)
