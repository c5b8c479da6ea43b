"""Where the database is and what is in it; it is opened for reading only."""

import sqlite3
import tempfile
from contextlib import closing, suppress
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from scaffold.evals import CasesError

DATABASE: Path | None = None  # None: the only one under data/, a binary before a text
MADE = tempfile.TemporaryDirectory(prefix="takehome-")  # goes away with this run
KEYS = ("_id", "Id", "ID", "uuid")  # a name that ends so (with a "_" before it) is a key's

TABLES = """SELECT name, sql FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"""
COLUMNS = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1"  # generated ones, too
VALUES = "SELECT DISTINCT {} FROM {} LIMIT 500"
JOINS = """SELECT t.name, f."from", f."table", coalesce(f."to", f."from")
FROM sqlite_master AS t, pragma_foreign_key_list(t.name) AS f"""


class Column(NamedTuple):
    """A column; `values` are up to 500 different texts in it, none of a key."""

    table: str
    name: str
    type: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{quoted(self.table)}.{quoted(self.name)}"


class Schema(NamedTuple):
    """CREATE statements; columns; and joins, as (table, column, other table, its column)."""

    created: list[str]
    columns: list[Column]
    joins: list[tuple[str, str, str, str]]


@cache
def schema() -> Schema:
    """Read the schema of whatever database is there; undeclared joins are equal names in "id"."""
    with closing(connect()) as opened:
        columns = []
        for table, _ in opened.execute(TABLES).fetchall():
            with suppress(sqlite3.OperationalError):  # a view of what is gone, a missing extension
                for name, kind in opened.execute(COLUMNS, [table]).fetchall():
                    found = opened.execute(VALUES.format(quoted(name), quoted(table)))
                    kind = "KEY" if f"_{name}".endswith(KEYS) else kind.upper()
                    texts = tuple(v for (v,) in found if isinstance(v, str) and kind != "KEY")
                    columns.append(Column(table, name, kind, texts))
        joins = opened.execute(JOINS).fetchall() or [
            (a.table, a.name, b.table, b.name)
            for a in columns
            for b in columns
            if a.name == b.name and a.table < b.table and a.name.lower().endswith("id")
        ]
        return Schema([sql for _, sql in opened.execute(TABLES)], columns, joins)


def joined(main: str, needed: list[str]) -> str | None:
    """Return FROM's tables, joined along the shortest way; None where no way leads there."""
    joins = schema().joins
    ways, queue = {main: [quoted(main)]}, [main]
    for here in queue:  # which grows
        for a, x, b, y in (*joins, *((b, y, a, x) for a, x, b, y in joins)):
            if a == here and b not in ways:
                on = f"{quoted(a)}.{quoted(x)} = {quoted(b)}.{quoted(y)}"
                ways[b] = [*ways[a], f"JOIN {quoted(b)} ON {on}"]
                queue.append(b)
    if not set(needed) <= set(ways):
        return None
    return " ".join(dict.fromkeys(step for table in (main, *needed) for step in ways[table]))


def quoted(name: str) -> str:
    """Return a name of the schema as SQL takes it, whatever signs are in it."""
    return '"' + name.replace('"', '""') + '"'


def connect(file: Path | None = None) -> sqlite3.Connection:
    """Open the database for reading; CasesError where there is none."""
    opened = sqlite3.connect(f"{(file or path()).resolve().as_uri()}?mode=ro", uri=True)
    opened.text_factory = partial(str, encoding="utf-8", errors="replace")  # SQLite checks nothing
    return opened


@cache
def path() -> Path:
    """Return the database's file; of a text (.sql) one is made, for as long as this run lasts."""
    file = chosen = DATABASE or _only_one()
    try:
        if chosen.suffix.lower() == ".sql":
            file = Path(tempfile.mkdtemp(dir=MADE.name)) / "made.db"  # threads may come at once
            with closing(sqlite3.connect(file)) as made:
                made.executescript(chosen.read_text("utf-8-sig"))
        with closing(connect(file)) as opened:
            opened.execute(TABLES)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise CasesError(f"put a database into data/raw/; {chosen} is none: {error}") from error
    return file


def _only_one() -> Path:
    files = sorted(file for file in Path("data").rglob("[!.]*") if file.is_file())
    found = [file for file in files if file.suffix.lower() in (".db", ".sqlite", ".sqlite3")]
    found = found or [file for file in files if file.suffix.lower() == ".sql"]
    if len(found) > 1:
        raise CasesError(f"set DATABASE in database.py to one of: {', '.join(map(str, found))}")
    return found[0] if found else Path("data/sample.sql")
