"""From what a question asks for to one SELECT."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .database import Column, joined, quoted, schema
from .reading import flags, is_number


@dataclass
class Wanted:
    """What a question asks for; `reason` says how it was taken."""

    main: str
    near: list[str]  # the tables that are named: a name of several columns means the nearest
    tables: list[str] = field(default_factory=list)  # that are joined to `main`
    shown: list[str] = field(default_factory=list)  # none: each row of `main`, by its label
    conditions: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    having: str | None = None
    order: str | None = None
    limit: int | None = None
    reason: list[str] = field(default_factory=list)

    def column(self, named: Sequence[Column]) -> Column:
        """Return the column that a name means here, joined; where there are several, say which."""
        chosen = nearest(named, [self.main, *self.near])
        self.tables.append(chosen.table)
        if len(named) > 1:
            self.reason.append(f"{chosen.name} is taken as that of {chosen.table}")
        return chosen

    def amount(self) -> Column:
        """Return what a row is measured by where no column is named: its last number."""
        numbers = [c for c in schema().columns if is_number(c) and c not in flags()]
        own = [column for column in numbers if column.table == self.main]
        return self.column((own or numbers)[-1:])

    def rank(self, by: str, found: re.Match[str], rows: int | None) -> None:
        """Order by a figure, the highest or the lowest first, and keep so many rows."""
        self.order, self.limit = f"{by} {'DESC' if found['high'] else 'ASC'}", rows

    def sql(self) -> str | None:
        """Return the statement; None where no foreign keys lead from table to table."""
        source = joined(self.main, self.tables)
        groups = self.groups or ([] if self.shown else [key(self.main)])
        clauses = [
            f"SELECT {', '.join(self.shown or [label(self.main)])} FROM {source}",
            f"WHERE {' AND '.join(self.conditions)}" if self.conditions else "",
            f"GROUP BY {', '.join(groups)}" if groups else "",
            f"HAVING {self.having}" if self.having else "",
            f"ORDER BY {self.order}" if self.order else "",
            f"LIMIT {self.limit}" if self.limit else "",
        ]
        return source and " ".join(filter(None, clauses))


def key(table: str) -> str:
    """Return the first key of a table, or SQLite's own."""
    keys = [c for c in schema().columns if c.table == table and c.type == "KEY"]
    return str(keys[0]) if keys else f"{quoted(table)}.rowid"


def label(table: str) -> str:
    """Return what people call a row by: its name, or its key where it has none."""
    named = [c for c in schema().columns if c.table == table and c.name in ("name", "title")]
    return str(named[0]) if named else key(table)


def nearest(columns: Sequence[Column], tables: list[str]) -> Column:
    """Return the column that is the fewest joins away from the first of these tables."""

    def joins(column: Column) -> list[int]:  # 99 where no way leads
        ways = [joined(table, [column.table]) for table in tables]
        return [way.count(" JOIN ") if way else 99 for way in ways]

    return min(columns, key=joins)
