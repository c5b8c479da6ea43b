"""Cases from the candidate's data, validated by the candidate's Pydantic models."""

import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from .outcome import Case, Ex, In

Rows = Iterable[Mapping[Any, Any]]


class CasesError(ValueError):
    """The data cannot become cases; a line for every bad row, all in one go."""


class Row(dict[Any, Any]):
    """A row that knows where it stood, for messages: `tickets.csv line 12`."""

    where: str


def read_rows(path: Path | str) -> Iterator[Row]:
    """Yield the rows of CSV, TSV, JSONL or JSON; a bad one as {None: its content}, for map_rows.

    A folder gives `{"file", "folder", "text"}` for each file, `text` None where it is no text.
    """
    path = Path(path)
    for place, cells in _places(path):
        row = Row(cells if isinstance(cells, dict) else {None: cells})
        row.where = f"{path.name} {place}"
        yield row


def _places(path: Path) -> Iterator[tuple[str, Any]]:
    for file in sorted(file for file in path.rglob("[!.]*") if file.is_file()):
        name, text = file.relative_to(path), None
        with suppress(UnicodeDecodeError):  # else it is no text
            text = file.read_text("utf-8-sig")
        yield name.as_posix(), {"file": name.as_posix(), "folder": name.parent.name, "text": text}
    if path.is_dir():
        return
    kind = path.suffix.lower()
    if kind not in (".csv", ".tsv", ".jsonl", ".ndjson", ".json") or not path.is_file():
        raise CasesError(f"{path} must be there, as a folder, .csv, .tsv, .jsonl or .json")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # a cell keeps its \r\n
            if kind in (".csv", ".tsv"):
                csv.field_size_limit(2**31 - 1)
                delimiter = max(",;\t|", key=file.readline().count)
                file.seek(0)
                reader = csv.DictReader(file, delimiter=delimiter)
                for row in reader:
                    yield f"line {reader.line_num}", {name: row[name] or None for name in row}
                return
            items: Iterable[Any] = map(_parsed, file)
            if kind == ".json":
                items = [_parsed(file.read())]
                parts = items[0].values() if isinstance(items[0], dict) else items
                lists = [part for part in parts if isinstance(part, list)]
                items = lists[0] if len(lists) == 1 else items
            yield from ((f"line {n}", item) for n, item in enumerate(items, 1) if item != "")
    except UnicodeDecodeError as error:
        raise CasesError(f"{path} is not UTF-8 (Latin-1? UTF-16?): save it as UTF-8") from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()  # which is no object either, so that map_rows names the place


def read_cases(path: Path | str, *, input: type[In], expected: type[Ex]) -> list[Case[In, Ex]]:
    """Read cases from JSONL, JSON or CSV (columns like `input.text`); errors as map_rows."""
    return map_rows(read_rows(path), None, input=input, expected=expected)


def map_rows(
    rows: Rows, mapping: Mapping[str, str] | None, *, input: type[In], expected: type[Ex]
) -> list[Case[In, Ex]]:
    """Turn rows into cases by `{"input.text": "column"}` (None: as they are), numbered without "id".

    Raises CasesError once for all that is unmapped, or with every bad row and its reason.
    """
    read, problems, cases = list(rows), list[str](), dict[str, Case[In, Ex]]()
    generic: Any = Case
    adapter, label = TypeAdapter(generic[input, expected]), TypeAdapter(generic[Any, expected])
    # A misspelt key would be graded as no answer, unless the model says that others may be there.
    others = None if "extra" in getattr(expected, "model_config", {}) else "forbid"
    if mapping is not None:
        _check(mapping, [row for row in read if None not in row], adapter)
    for number, row in enumerate(read, 1):
        cells = row
        if mapping is not None:
            cells = {"id": f"{number:06}"} | {to: row.get(name) for to, name in mapping.items()}
        try:
            if None in row:
                raise ValueError(f"no JSON object, or more cells than columns: {row!r:.60}")
            label.validate_python(nested := _nested(cells), extra=others)
            case = adapter.validate_python(nested)
            if case.id in cases:
                raise ValueError(f"the id {case.id!r} is used twice")
            cases[case.id] = case
        except ValueError as error:
            problems.append(f"{getattr(row, 'where', f'row {number}')}: {_reason(error)}")
    if problems := problems or ([] if cases else ["the data holds no row; add some"]):
        anew = "\nNo row fits: if MAPPING made this file, delete it, and the next run makes it."
        raise CasesError("\n".join(problems) + ("" if cases or mapping else anew))
    return list(cases.values())


def _check(mapping: Mapping[str, str], rows: list[Any], adapter: TypeAdapter[Any]) -> None:
    columns = dict.fromkeys(name for row in rows for name in row)
    left = [f"{to} (column {name})" for to, name in mapping.items() if name not in columns]
    try:  # as a row, the mapping itself lacks the required fields that it does not name
        adapter.validate_python({"id": "1", "input": {}} | _nested(mapping))
    except ValidationError as error:
        left += [".".join(map(str, e["loc"])) for e in error.errors() if e["type"] == "missing"]
    if columns and left:
        said = f"MAPPING in your cases.py: still to be mapped: {', '.join(left)}. Fill it in, or"
        where = getattr(rows[0], "where", "row 1")
        place = f"write data/cases.jsonl by hand. The columns ({where})"
        raise CasesError(f"{said} {place}: {', '.join(columns)}")


def _nested(cells: Mapping[str, Any]) -> dict[str, Any]:
    """`{"input.text": "x"}` becomes `{"input": {"text": "x"}}`; of empty cells there is no label."""
    case: dict[str, Any] = {}
    for name, cell in cells.items():
        *path, last = str(name).split(".")
        place = case
        for step in path:
            place = place.setdefault(step, {})
        place[last] = cell
    if {cell is None for to, cell in cells.items() if str(to).startswith("expected.")} == {True}:
        del case["expected"]
    if isinstance(tags := case.get("tags"), str):
        case["tags"] = re.split(r"\s*[,;|]\s*", tags)
    return {name: value for name, value in case.items() if value is not None}


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())


def write_cases(path: Path | str, cases: Iterable[Case[Any, Any]]) -> None:
    """Write one JSON line per case; the file appears whole or not at all."""
    lines = list[str]()
    try:
        for case in cases:
            hidden = {"reviewed"} if case.reviewed else None
            values = to_jsonable_python(case, exclude=hidden, round_trip=True)
            lines.append(json.dumps(values, ensure_ascii=False) + "\n")
    except ValidationError as error:  # `cases` may be a loop of the candidate's own
        raise CasesError(f"case {len(lines) + 1}: {_reason(error)}") from error
    write_whole(Path(path), "".join(lines))


def write_whole(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_text(text, "utf-8", errors="backslashreplace", newline="\n")
    half.replace(path)


def select(
    cases: Iterable[Case[In, Ex]],
    *,
    split: str | None = None,
    tags: Collection[str] = (),
    ids: Collection[str] = (),
    limit: int | None = None,
) -> list[Case[In, Ex]]:
    """Keep the cases of a split (None: both) with any of the tags, by id, at most `limit`."""
    kept = [case for case in cases if not ids or case.id in ids]
    if unknown := set(ids) - {case.id for case in kept}:
        raise CasesError(f"there is no case {', '.join(sorted(unknown))}: look up the id")
    kept = [case for case in kept if not tags or set(tags) & set(case.tags)]
    return [case for case in kept if split in (None, case.split)][:limit]
