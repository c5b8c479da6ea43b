"""Cases from the candidate's data, validated by the candidate's Pydantic models."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from .outcome import Case, Ex, In
from .rows import CasesError, read_rows


class NotMapped(CasesError):
    """MAPPING in the candidate's cases.py is unfinished; the text names all that is left."""


def read_cases(
    path: Path | str, *, input: type[In], expected: type[Ex], encoding: str = "utf-8-sig"
) -> list[Case[In, Ex]]:
    """Read cases from JSONL, JSON, CSV (columns like `input.text`), or a folder of such files.

    Raises CasesError with every bad line, its number and its reason.
    """
    path = Path(path)
    kinds = {".jsonl", ".json", ".csv", ".tsv"}
    files = sorted(p for p in path.iterdir() if p.suffix in kinds) if path.is_dir() else [path]
    rows = itertools.chain.from_iterable(read_rows(file, encoding=encoding) for file in files)
    return list(_built(((row.where, row) for row in rows), input, expected))


def map_rows(
    rows: Iterable[Mapping[str, Any]], mapping: Mapping[str, str], *, input: type[In],
    expected: type[Ex],
) -> Iterator[Case[In, Ex]]:  # fmt: skip
    """Turn rows into cases by `{"input.text": "column"}`; without an "id" rows are numbered.

    Raises NotMapped once for all that is unmapped, CasesError for all bad rows.
    """
    held: list[CasesError] = []

    def good() -> Iterator[Mapping[str, Any]]:
        try:
            yield from rows
        except CasesError as error:  # told after the rows that could be read
            held.append(error)

    source = good()
    first = list(itertools.islice(source, 100))  # JSON: the very first row may lack a key
    columns = dict.fromkeys(key for row in first for key in row)
    missing = {name for name, column in mapping.items() if column == "?"}
    for part, model in (("input", input), ("expected", expected)):
        if part == "input" or any(name.startswith(part) for name in mapping):
            missing |= _required(part, model) - set(mapping)
    absent = [f"{column} (for {name})" for name, column in mapping.items() if column not in columns]
    absent = [text for text in absent if not text.startswith("? ")]
    if first and (missing or absent):
        left = [f"still to be mapped: {', '.join(sorted(missing))}"] if missing else []
        left += [f"no such column: {', '.join(absent)}"] if absent else []
        have = ", ".join(columns)
        raise NotMapped(f"MAPPING in your cases.py: {'; '.join(left)}. The columns are: {have}")

    def shaped() -> Iterator[tuple[str, dict[str, Any]]]:
        for number, row in enumerate(itertools.chain(first, source), 1):
            named = {name: row.get(column) for name, column in mapping.items()}
            yield getattr(row, "where", f"row {number}"), {"id": f"{number:06}"} | named
        if held:
            raise held[0]

    yield from _built(shaped(), input, expected)


def write_cases(path: Path | str, cases: Iterable[Case[Any, Any]]) -> None:
    """Write one JSON line per case; the file appears whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    try:
        with half.open("w", encoding="utf-8", newline="\n") as file:
            for case in cases:
                values = to_jsonable_python(case)
                if case.reviewed:
                    del values["reviewed"]
                file.write(json.dumps(values, ensure_ascii=False) + "\n")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def select(
    cases: Iterable[Case[In, Ex]], *, split: str | None = None, tags: Collection[str] = (),
    ids: Collection[str] = (), limit: int | None = None,
) -> list[Case[In, Ex]]:  # fmt: skip
    """Keep the cases of a split (None: both) with any of the tags, by id, at most `limit`."""
    cases = list(cases)
    if unknown := set(ids) - {case.id for case in cases}:
        raise CasesError(f"there is no case {', '.join(sorted(unknown))}: look up the id")
    kept = (
        case
        for case in cases
        if split in (None, case.split)
        and (not tags or set(tags) & set(case.tags))
        and (not ids or case.id in ids)
    )
    return list(itertools.islice(kept, limit))


def _required(part: str, model: Any) -> set[str]:
    if isinstance(model, type) and issubclass(model, BaseModel):
        return {f"{part}.{name}" for name, f in model.model_fields.items() if f.is_required()}
    return {part}


def _built(
    rows: Iterable[tuple[str, Mapping[str, Any]]], input: Any, expected: Any
) -> Iterator[Any]:
    """Validate rows one by one; hold every problem back until the end, then raise them all."""
    inputs, outputs = TypeAdapter(input), TypeAdapter(expected)
    problems: list[str] = []
    seen: dict[str, str] = {}
    try:
        for where, row in rows:
            try:
                case = _case(row, inputs, outputs)
                if case.id in seen:
                    raise ValueError(f"the id {case.id!r} was used at {seen[case.id]}")
            except ValidationError as error:
                for e in error.errors(include_url=False):
                    field = ".".join(map(str, (error.title, *e["loc"])))
                    problems.append(f"{where}: {field}: {e['msg']}")
            except ValueError as error:
                problems.append(f"{where}: {error}")
            else:
                seen[case.id] = where
                yield case
    except CasesError as error:
        problems += error.problems
    if problems:
        raise CasesError(*problems)


def _case(flat: Mapping[str, Any], inputs: TypeAdapter[Any], outputs: TypeAdapter[Any]) -> Any:
    row = _nested(flat)
    if unknown := set(row) - (known := {field.name for field in fields(Case)}):
        raise ValueError(f"unknown field {', '.join(sorted(unknown))}; a case has {sorted(known)}")
    if row.get("id") in (None, ""):
        raise ValueError("no id")
    expected, tags = row.get("expected"), row.get("tags") or ()
    split: Any = row.get("split") or "dev"
    if isinstance(expected, dict) and all(value is None for value in expected.values()):
        expected = None
    if split not in ("dev", "test"):
        raise ValueError(f"split is {split!r}; it must be dev or test")
    return Case(
        id=str(row["id"]),
        input=inputs.validate_python(row.get("input")),
        expected=None if expected is None else outputs.validate_python(expected),
        tags=tuple(re.split(r"\s*[,;|]\s*", tags) if isinstance(tags, str) else map(str, tags)),
        group=None if row.get("group") is None else str(row["group"]),
        split=split,
        reviewed=str(row.get("reviewed", True)).lower() != "false",
    )


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """`{"input.text": "x"}` becomes `{"input": {"text": "x"}}`, as deep as there are dots."""
    result: dict[str, Any] = {}
    for name, value in row.items():
        *path, last = name.split(".")
        place = result
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return result
