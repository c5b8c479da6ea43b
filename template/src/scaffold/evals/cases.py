"""Cases from the candidate's data, validated by the candidate's Pydantic models."""

import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from .outcome import Case, Ex, In

Rows = Iterable[Mapping[str, Any]]
Names = Collection[str]
Places = Iterator[tuple[str, Any]]


class CasesError(ValueError):
    """The data cannot become cases; a line for every bad row, all in one go."""


class NotMapped(CasesError):
    """MAPPING in the candidate's cases.py is unfinished; the text names all that is left."""


class Row(dict[str, Any]):
    """A row that knows where it stood, for messages: `tickets.csv line 12`."""

    where = ""


def read_rows(path: Path | str, *, encoding: str = "utf-8-sig") -> Iterator[Row]:
    """Yield the rows of CSV, TSV, JSONL or JSON; CasesError after the last names all bad ones.

    A folder gives `{"file", "folder", "text"}` for each file, `text` None where it is no text.
    """
    path, problems = Path(path), list[str]()
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".json": _json}
    read = _folder if path.is_dir() else readers.get(path.suffix.lower())
    if read is None or not path.exists():
        raise CasesError(f"{path} must be there, and be a folder or end in {', '.join(readers)}")
    try:
        for place, values in read(path, encoding):
            if isinstance(values, dict) and None not in values:
                row = Row(values)
                row.where = f"{path.name} {place}"
                yield row
            else:
                what = "no JSON object, or more cells than columns"
                problems.append(f"{path.name} {place}: {what}: {values!r:.60}")
    except UnicodeDecodeError as error:
        problems.append(
            f"{path.name} is not UTF-8 (byte {error.object[error.start]:#04x}), probably Latin-1: "
            "save it as UTF-8, or pass encoding='latin-1' to read_rows"
        )
    if problems:
        raise CasesError("\n".join(problems))


def _csv(path: Path, encoding: str) -> Places:
    text, line = path.read_text(encoding), 2
    csv.field_size_limit(2**31 - 1)
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    reader = csv.DictReader(StringIO(text), delimiter=delimiter)
    for values in reader:
        yield f"line {line}", {name: cell or None for name, cell in values.items()}
        line = reader.line_num + 1  # a cell may hold several lines


def _jsonl(path: Path, encoding: str) -> Places:
    lines = enumerate(path.read_text(encoding).split("\n"), 1)
    return ((f"line {number}", _parsed(line)) for number, line in lines if line.strip())


def _json(path: Path, encoding: str) -> Places:
    data = _parsed(path.read_text(encoding))
    lists = [v for v in data.values() if isinstance(v, list)] if isinstance(data, dict) else []
    data = lists[0] if len(lists) == 1 else data
    return ((f"item {n}", v) for n, v in enumerate(data if isinstance(data, list) else [data], 1))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # which is no object either, so the caller names the place


def _folder(path: Path, encoding: str) -> Places:
    for file in sorted(p for p in path.rglob("*") if p.is_file() and p.name[0] != "."):
        try:
            text: str | None = file.read_text(encoding)
        except UnicodeDecodeError:
            text = None
        name = file.relative_to(path)
        yield str(name), {"file": name.as_posix(), "folder": name.parent.name, "text": text}


def read_cases(path: Path | str, *, input: type[In], expected: type[Ex]) -> list[Case[In, Ex]]:
    """Read cases from JSONL, JSON or CSV (columns like `input.text`).

    Raises CasesError with every bad line, its number and its reason.
    """
    return map_rows(read_rows(path), None, input=input, expected=expected)


def map_rows(
    rows: Rows, mapping: Mapping[str, str] | None, *, input: type[In], expected: type[Ex]
) -> list[Case[In, Ex]]:
    """Turn rows into cases by `{"input.text": "column"}` (None: as they are), numbered without "id".

    Raises NotMapped once for all that is unmapped, CasesError for all bad rows.
    """
    read, problems, cases = list[Mapping[str, Any]](), list[str](), dict[str, Case[In, Ex]]()
    try:
        read.extend(rows)
    except CasesError as error:  # told below, with all else that is wrong
        problems.append(str(error))
    if mapping is not None and read:
        _check(mapping, read, {"input": input, "expected": expected})
    generic: Any = Case
    adapter = TypeAdapter(generic[input, expected])
    for number, row in enumerate(read, 1):
        where = getattr(row, "where", f"row {number}")
        if mapping is not None:
            cells = {name: row.get(column) for name, column in mapping.items()}
            label = {name for name in cells if name.startswith("expected")}
            if all(cells[name] is None for name in label):  # of empty cells there is no label
                cells = {name: cell for name, cell in cells.items() if name not in label}
            row = {"id": f"{number:06}"} | cells
        try:
            case = adapter.validate_python(_nested(row))
            if case.id in cases:
                problems.append(f"{where}: the id {case.id!r} is used twice")
            cases[case.id] = case
        except ValidationError as error:
            problems.append(f"{where}: {_reasons(error)}")
    if problems:
        raise CasesError("\n".join(problems))
    return list(cases.values())


def _check(mapping: Mapping[str, str], rows: list[Mapping[str, Any]], models: Any) -> None:
    columns = dict.fromkeys(name for row in rows for name in row)
    left = [name for name, column in mapping.items() if column == "?"]
    for part, model in models.items():
        fields = getattr(model, "model_fields", {})
        if part == "input" or any(name.startswith(part) for name in mapping):
            required = (f"{part}.{name}" for name, field in fields.items() if field.is_required())
            left += [name for name in required if name not in mapping]
    absent = [f"{c} (for {name})" for name, c in mapping.items() if c not in {*columns, "?"}]
    if left or absent:
        what = f"still to be mapped: {', '.join(left)}. " if left else ""
        what += f"no such column: {', '.join(absent)}. " if absent else ""
        where = getattr(rows[0], "where", "row 1")
        have = ", ".join(columns)
        raise NotMapped(f"MAPPING in your cases.py: {what}The columns ({where}): {have}")


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """`{"input.text": "x"}` becomes `{"input": {"text": "x"}}`; tags may be a text with commas."""
    case: dict[str, Any] = {}
    for name, value in row.items():
        *path, last = name.split(".")
        place = case
        for step in path:
            place = place.setdefault(step, {})
        is_list = name == "tags" and isinstance(value, str)
        place[last] = re.split(r"\s*[,;|]\s*", value) if is_list else value
    return {name: value for name, value in case.items() if value is not None}


def _reasons(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())


def write_cases(path: Path | str, cases: Iterable[Case[Any, Any]]) -> None:
    """Write one JSON line per case; the file appears whole or not at all."""
    path, lines = Path(path), list[str]()
    try:
        for case in cases:
            values = to_jsonable_python(case)
            if case.reviewed:
                del values["reviewed"]
            lines.append(json.dumps(values, ensure_ascii=False) + "\n")
    except ValidationError as error:  # `cases` may be a loop of the candidate's own
        raise CasesError(f"case {len(lines) + 1}: {_reasons(error)}") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_text("".join(lines), "utf-8", newline="\n")
    half.replace(path)


def select(
    cases: Iterable[Case[In, Ex]], *, split: str | None = None, tags: Names = (), ids: Names = (),
    limit: int | None = None,
) -> list[Case[In, Ex]]:  # fmt: skip
    """Keep the cases of a split (None: both) with any of the tags, by id, at most `limit`."""
    kept = [case for case in cases if not ids or case.id in ids]
    if unknown := set(ids) - {case.id for case in kept}:
        raise CasesError(f"there is no case {', '.join(sorted(unknown))}: look up the id")
    kept = [case for case in kept if not tags or set(tags) & set(case.tags)]
    return [case for case in kept if split in (None, case.split)][:limit]
