"""The honest thing without a model: a rule for each type, so that it fits whatever Output holds.

A field's labels are its name and what its description lists after "Labels:". A date, a number or a
text is the first one that stands near a label; a choice is the option that is mentioned first; a
bool says whether a label occurs. What no rule finds stays None; a label without a value leaves
evidence. Confidence is Laplace's rule of succession: a of n places agree, (a + 1) / (n + 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from operator import attrgetter
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import ValidationError

from scaffold.llm import Client

from .schemas import Input, Output

NEAR = 80  # characters after a label in which its value is looked for

MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8}
MONTHS |= {"sep": 9, "oct": 10, "nov": 11, "dec": 12, "mär": 3, "mai": 5, "okt": 10, "dez": 12}
MONTH = rf"(?P<m>(?:{'|'.join(MONTHS)})\w*)"
DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<y>\d{4})(?P<sign>[./-])(?P<m>\d{1,2})(?P=sign)(?P<d>\d{1,2})(?!\d)",
        r"\b(?P<d>\d{1,2})(?P<sign>[./-])(?P<m>\d{1,2})(?P=sign)(?P<y>\d{4}|\d\d)\b",
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]{MONTH}\.?[ -](?P<y>\d{{4}})\b",
        rf"\b{MONTH}\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})\b",
    )
]
# An atomic group, not "*+", in which Python 3.11.2 loses its place at a look ahead.
NUMBER = re.compile(r"(?<![\w.,/-])-?\d(?>(?:[\d.,'’]|[\u00a0\u202f](?=\d{3}(?!\d)))*)(?!\w|\s?%)")


class Reading(NamedTuple):
    """A place in the text that names a field, and its value, None where it gives none."""

    start: int
    end: int
    value: object


async def solve(input: Input, llm: Client) -> Output:
    """Return what the rules find; pydantic.ValidationError where a field must be and is not."""
    text = "\n".join(str(value) for _, value in input)
    found: dict[str, object] = {}
    evidence: list[dict[str, object]] = []
    for name, field in Output.model_fields.items():
        if name == "evidence":
            found[name] = evidence
            continue
        listed = (field.description or "").partition("Labels:")[2].split(",")
        named = [name.replace("_", " "), *(label.strip(" .\n") for label in listed)]
        kind: Any = field.annotation
        if NoneType in get_args(kind):  # X | None
            kind = next(arg for arg in get_args(kind) if arg is not NoneType)
        readings = sorted(_readings(kind, filter(None, named), text), key=attrgetter("start"))
        first = next((one for one in readings if one.value is not None), None)
        if first is not None:
            found[name] = first.value
        elif kind is bool or get_origin(kind) is list:
            found[name] = kind()  # False, or an empty list
        if readings:
            agreeing = sum(one.value == first.value for one in readings) if first else 0
            start, end, _ = first or readings[0]
            page = text.count("\f", 0, start) + 1 if "\f" in text else None
            sure = (agreeing + 1) / (len(readings) + 2)
            quote = text[start:end]
            evidence.append({"field": name, "quote": quote, "page": page, "confidence": sure})
    try:
        return Output.model_validate(found)
    except ValidationError as error:  # half a room, six of five stars: as good as not found
        wrong = {part for one in error.errors() for part in one["loc"][:1]}
        return Output.model_validate({n: v for n, v in found.items() if n not in wrong})


def _readings(kind: Any, labels: Iterable[str], text: str) -> Iterator[Reading]:
    """Yield what each place says that names an option or, for other types, a label."""
    options = get_args(kind) if get_origin(kind) is Literal else ()
    if isinstance(kind, type) and issubclass(kind, Enum):
        options = tuple(option.value for option in kind)
    for option in options:
        for match in re.finditer(re.escape(str(option)), text, re.IGNORECASE):
            yield Reading(match.start(), match.end(), option)
    if options:
        return
    a_label = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, labels))})(?!\w)", re.IGNORECASE)
    for label in a_label.finditer(text):
        value, length = _read(kind, text[label.end() : label.end() + NEAR])
        yield Reading(label.start(), label.end() + length, value)


def _read(kind: Any, after: str) -> tuple[object, int]:
    """Return the value behind a label (of a list, all that follow), and where it ends."""
    if kind is bool:
        return True, 0
    several = get_origin(kind) is list
    found = list(_values(get_args(kind)[0] if several else kind, after))
    if not found:
        return None, len(after.partition("\n")[0])
    return ([value for value, _ in found], found[-1][1]) if several else found[0]


def _values(kind: object, after: str) -> Iterator[tuple[object, int]]:
    """Yield what could be a value of this type behind a label and its end, the nearest first."""
    if kind is str:
        end = len(after) - len(after.lstrip(" .:#"))
        line = after[end:].partition("\n")[0]
        pieces = re.split(r" {2,}| - |[\t,;|(]", line)  # a gap, or the start of something else
        for piece in filter(None, map(str.strip, pieces)):
            end = after.index(piece, end) + len(piece)
            yield piece, end
    elif kind in (int, float, Decimal):
        for match in NUMBER.finditer(after):
            written = match[0].rstrip(".,'’")
            # A sign before exactly three digits groups thousands, but in 0.125; one left is decimal.
            plain = re.sub(r"(?<!\b0)[.,'’\s](?=\d{3}(?!\d))", "", written).replace(",", ".")
            with suppress(InvalidOperation):
                yield Decimal(plain), match.start() + len(written)
    elif isinstance(kind, type) and issubclass(kind, date):
        matches = [match for pattern in DATES for match in pattern.finditer(after)]
        for match in sorted(matches, key=re.Match.start):
            with suppress(ValueError):
                month = MONTHS.get(match["m"][:3].lower()) or int(match["m"])
                day, year = int(match["d"]), int(match["y"])
                if month > 12:  # the American order
                    day, month = month, day
                yield date(year if year > 99 else 2000 + year, month, day), match.end()
