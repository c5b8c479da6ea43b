"""What stands in a question: texts of the data, names of the schema, days and numbers."""

import re
from functools import cache
from typing import NamedTuple

from . import words
from .database import Column, quoted, schema
from .execute import execute

DATE = r"(?:(?:\b(?P<day>\d{1,2})\S{0,2} )?-(?P<month>\d\d)- |\b)(?P<year>(?:19|20)\d\d)"  # "2. -05- 2025"
COMPARED = r"(?P<sign>[<>]=?) (?P<number>\d+(?:[.,]\d+)?)\b(?P<times> times)?"  # "> 2 times"
A_DAY = re.compile(r"\d{4}-\d\d-\d\d")
NUMERIC = ("INT", "REAL", "NUM", "DEC", "FLO", "DOUB")


class Mention(NamedTuple):
    """Where the question has a text of the data (as SQL), a table, or columns of one name."""

    at: int
    end: int
    value: str = ""
    table: str = ""
    columns: tuple[Column, ...] = ()


class Question:
    """A question whose parts are claimed one after the other, so that nothing is read twice."""

    def __init__(self, asked: str) -> None:
        """Translate, then find the texts of the data, then the names in what is left."""
        self.text = re.sub(words.LEFT_OUT, "", asked.casefold())
        for written, means in words.MEANINGS.items():
            self.text = re.sub(rf"\b(?:{written})\b", means or r"\g<0>", self.text)
        self.values = sorted(self._values())
        self.names = sorted(self._names())  # by their place
        self.tables = [name.table for name in self.names if name.table]

    def claim(self, pattern: str, before: int | None = None) -> re.Match[str] | None:
        """Return a match in what is left, or right before a place; a gap stays in its stead."""
        text = self.text if before is None else self.text[:before]
        found = re.search(pattern if before is None else rf"\b(?:{pattern}) (?:the |an? )?$", text)
        if found:
            start, end = found.span()
            self.text = self.text[:start] + "~" * (end - start) + self.text[end:]
        return found

    def table(self, start: int = 0) -> Mention | None:
        """Return the first name of a table from a place on."""
        return next((name for name in self.names if name.table and name.at >= start), None)

    def column(self, start: int = 0) -> Mention | None:
        """Return the first name of columns from a place on."""
        return next((name for name in self.names if name.columns and name.at >= start), None)

    def unknown(self) -> list[str]:
        """Return the words that nobody claimed, that name nothing and are not empty."""
        left = re.finditer(r"[^\W_]+", self.text)
        named = {at for name in self.names for at in range(name.at, name.end)}
        return [w[0] for w in left if words.MEANINGS.get(w[0]) != "" and w.start() not in named]

    def _values(self) -> list[Mention]:
        held: dict[str, list[Column]] = {}
        for column in schema().columns:
            for value in column.values:
                if len(value) > 2 and not A_DAY.fullmatch(value):
                    held.setdefault(value, []).append(column)
        found = []
        for value in sorted(held, key=len, reverse=True):
            written = re.sub(r"(?<=[a-z])ed$", "(?:ed)?", re.escape(value.casefold()))
            while match := self.claim(rf"(?<![\w~]){written}(?:'s?)?(?!\w)"):
                found.append(
                    Mention(*match.span(), value.replace("'", "''"), columns=tuple(held[value]))
                )
        return found

    def _names(self) -> list[Mention]:
        columns = [column for column in schema().columns if column.type != "KEY"]
        found = []
        for table in {column.table for column in schema().columns}:
            for match in re.finditer(_written(table), self.text):
                found.append(Mention(*match.span(), table=table))
        for name in {column.name for column in columns}:
            same = tuple(column for column in columns if column.name == name)
            for match in re.finditer(_written(name), self.text):
                found.append(Mention(*match.span(), columns=same))
        return found


def date(found: re.Match[str]) -> str:
    """Return a day, or the beginning that all days of a month or a year share."""
    day = found["day"] and found["day"].zfill(2)
    return "-".join(filter(None, (found["year"], found["month"], day)))


def is_day(column: Column) -> bool:
    """Return whether all of a column's texts are days."""
    return bool(column.values) and all(map(A_DAY.fullmatch, column.values))


def is_number(column: Column) -> bool:
    """Return whether a column holds numbers."""
    return column.type.startswith(NUMERIC)


@cache
def flags() -> list[Column]:
    """Return the columns that hold nothing but 0 and 1."""
    other = "SELECT count(*) FROM {} WHERE {} NOT IN (0, 1)"
    whole = [column for column in schema().columns if column.type.startswith("INT")]
    return [c for c in whole if execute(other.format(quoted(c.table), c)).rows == [[0]]]


def _written(name: str) -> str:
    """Return a pattern for a name as people write it: apart, in the plural, or done."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).casefold().removesuffix("s")
    if spaced.endswith("y"):
        spaced = f"{spaced[:-1]}(?:y|ie)"
    written = re.sub("ing$", "(?:ing|ed|)", spaced)
    return rf"\b(?:{written})s?\b"
