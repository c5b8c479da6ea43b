"""The honest thing without a model: a rule for each type, so that it fits whatever Output holds.

A field's labels are its name and what its description lists after "Labels:". A date, a number or a
text is the first one that stands near a label; a choice is the option that is mentioned first; a
bool says whether a label occurs. What no rule finds stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from scaffold.llm import Client

from .schemas import Input, Output

NEAR = 80  # characters after a label in which its value is looked for

MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8}
MONTHS |= {"sep": 9, "oct": 10, "nov": 11, "dec": 12, "mär": 3, "mai": 5, "okt": 10, "dez": 12}
MONTH = rf"(?P<m>(?:{'|'.join(MONTHS)})\w*)"
DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\b",
        r"\b(?P<d>\d{1,2})(?P<sign>[./-])(?P<m>\d{1,2})(?P=sign)(?P<y>\d{4}|\d\d)\b",
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]{MONTH}\.?[ -](?P<y>\d{{4}})\b",
        rf"\b{MONTH}\.? (?P<d>\d{{1,2}}),? (?P<y>\d{{4}})\b",
    )
]
NUMBER = re.compile(r"(?<![\w.,/-])-?\d[\d.,']*+(?!\w|\s?%)")


async def solve(input: Input, llm: Client) -> Output:
    """Return what the rules find; `llm` is there because all solvers are called alike.

    Raises:
        pydantic.ValidationError: a field of Output that may not be None was not found.
    """
    text = "\n".join(str(value) for _, value in input)
    found: dict[str, object] = {}
    for name, field in Output.model_fields.items():
        listed = (field.description or "").partition("Labels:")[2].split(",")
        labels = [name.replace("_", " "), *(label.strip(" .\n") for label in listed)]
        value = _find(field.annotation, [label for label in labels if label], text)
        if value is not None:
            found[name] = value
    return Output.model_validate(found)


def _find(kind: Any, labels: list[str], text: str) -> object:
    if NoneType in get_args(kind):  # X | None
        kind = next(arg for arg in get_args(kind) if arg is not NoneType)
    if get_origin(kind) is Literal:
        return _mentioned(get_args(kind), text)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _mentioned([option.value for option in kind], text)
    a_label = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, labels))})(?!\w)", re.IGNORECASE)
    near = [text[match.end() : match.end() + NEAR] for match in a_label.finditer(text)]
    if kind is bool:
        return bool(near)
    if get_origin(kind) is list:
        return list(_values(get_args(kind)[0], near[0])) if near else []
    return next((value for after in near for value in _values(kind, after)), None)


def _mentioned(options: Iterable[object], text: str) -> object:
    places = {option: text.casefold().find(str(option).casefold()) for option in options}
    return min((o for o in places if places[o] >= 0), key=places.__getitem__, default=None)


def _values(kind: object, after: str) -> Iterator[object]:
    """Yield what could be a value of this type behind a label, the nearest first."""
    if kind is str:
        line = after.lstrip(" .:#").split("\n")[0]
        pieces = re.split(r" {2,}| - |[\t,;|(]", line)  # a gap, or the start of something else
        yield from filter(None, map(str.strip, pieces))
    elif kind in (int, float, Decimal):
        for match in NUMBER.finditer(after):
            # A sign before exactly three digits groups thousands; the one left is the decimal.
            plain = re.sub(r"[.,'](?=\d{3}(?!\d))", "", match[0].rstrip(".,'")).replace(",", ".")
            with suppress(InvalidOperation):
                yield Decimal(plain)
    elif isinstance(kind, type) and issubclass(kind, date):
        matches = [match for pattern in DATES for match in pattern.finditer(after)]
        for match in sorted(matches, key=re.Match.start):
            month = MONTHS.get(match["m"][:3].lower()) or int(match["m"])
            day, year = int(match["d"]), int(match["y"])
            if month > 12:  # the American order
                day, month = month, day
            with suppress(ValueError):
                yield date(year if year > 99 else 2000 + year, month, day)
