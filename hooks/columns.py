"""What columns a data file has and what is in them, looked at without keeping any value."""

import csv
import json
import re
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
_ROWS = 200_000  # looked at; the first evaluation reads them all and names every bad one
_JSON = 200_000_000  # bytes; a larger .json is not read whole to learn its keys
_BOOLEANS = frozenset({"true", "false", "yes", "no"})


@dataclass(slots=True)
class Column:
    """A column's name, and the types that all its values have had so far."""

    name: str
    types: set[str] = field(default_factory=lambda: {"bool", "int", "Decimal", "date"})
    filled: int = 0
    longest: int = 0
    nested: bool = False  # JSON's lists and objects
    # Hashes of the values, until one comes twice.
    seen: set[int] | None = field(default_factory=set)

    @property
    def type(self) -> str:
        """The narrowest type that holds every value: bool, int, Decimal, date or str."""
        if self.filled:
            for name in ("bool", "int", "Decimal", "date"):
                if name in self.types:
                    return name
        return "str"

    @property
    def unique(self) -> bool:
        """Whether no value came twice: what an id needs."""
        return bool(self.filled) and self.seen is not None

    def see(self, value: object) -> None:
        """Take one value into account; an empty one says nothing."""
        if value is None or value == "":
            return
        self.filled += 1
        self.nested |= isinstance(value, (list, dict))
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        self.longest = max(self.longest, len(text))
        if self.seen is not None:
            if hash(text) in self.seen:
                self.seen = None
            else:
                self.seen.add(hash(text))
        if self.types:
            self.types &= _types_of(text)


@dataclass(slots=True)
class Table:
    """A data file's columns in their order, and how many rows were looked at."""

    columns: list[Column]
    rows: int


def look(path: Path) -> Table | None:
    """Return what the columns of `path` are, or None where it is no table.

    Raises:
        OSError: the file may not be read.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLES:
        return None
    columns: dict[str, Column] = {}
    rows = 0
    readers = {".csv": _cells, ".tsv": _cells, ".json": _rows_of_json}
    try:
        for row in islice(readers.get(suffix, _lines_of_json)(path), _ROWS):
            rows += any(value is not None for value in row.values())
            for name, value in row.items():
                if isinstance(name, str):
                    columns.setdefault(name, Column(name)).see(value)
    except (ValueError, csv.Error, RecursionError):
        return None  # the first evaluation says what is wrong with it, and in which line
    return Table(list(columns.values()), rows) if columns else None


def repeated(path: Path) -> list[str]:
    """Return names that several columns of a CSV have: of those, a row keeps the last one's cell."""
    if path.suffix.lower() not in (".csv", ".tsv"):
        return []
    with _opened(path) as reader:
        names = Counter(reader.fieldnames or [])
    return [name for name, times in names.items() if times > 1 and name.strip()]


def _cells(path: Path) -> Iterator[dict[str, object]]:
    with _opened(path) as reader:
        if not any(reader.fieldnames or []):
            return
        yield dict.fromkeys(reader.fieldnames or [])  # columns count even without a row
        yield from (dict(row) for row in reader)


@contextmanager
def _opened(path: Path) -> Generator["csv.DictReader[str]"]:
    encoding = _encoding(path)
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding=encoding, newline="") as file:
        header = file.readline()
        file.seek(0)
        # The same rule as scaffold.evals.read_rows, which reads the file later.
        yield csv.DictReader(file, delimiter=max(",;\t|", key=header.count))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        file.seek(0)
        try:
            for block in iter(lambda: file.readline(1 << 20), b""):
                block.decode("utf-8")
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"


def _lines_of_json(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding=_encoding(path)) as file:
        for line in file:
            row = json.loads(line) if line.strip() else None
            if isinstance(row, dict):
                yield row


def _rows_of_json(path: Path) -> Iterator[dict[str, object]]:
    if path.stat().st_size > _JSON:
        return
    content = json.loads(path.read_text(encoding=_encoding(path)))
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else []
    if isinstance(content, list):  # JSON may be a number alone, or a text
        yield from (row for row in content if isinstance(row, dict))


def _types_of(text: str) -> set[str]:
    text = text.strip()
    types = set()
    if text.lower() in _BOOLEANS:
        types.add("bool")
    if re.fullmatch(r"-?(0|[1-9]\d{0,17})", text, re.ASCII):  # "007" is a code, not a number
        types |= {"int", "Decimal"}
    elif re.fullmatch(r"-?(0|[1-9]\d{0,17})\.\d{1,18}", text, re.ASCII):
        types.add("Decimal")
    elif re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            date.fromisoformat(text)
            types.add("date")
        except ValueError:
            pass
    return types
