"""Scorers to call from the candidate's scoring.py: small functions, each 0 to 1 or a bool."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date as Date
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel


def exact(expected: object, output: object) -> bool:
    """Equal, and True is not 1 (while 1 is 1.0)."""
    return expected == output and isinstance(expected, bool) == isinstance(output, bool)


def normalised(expected: str | None, output: str | None) -> bool:
    """Equal but for case, punctuation, articles and blanks (as SQuAD does; Unicode NFKC first)."""
    return _words(expected) == _words(output) and (expected is None) == (output is None)


def _words(text: object) -> list[str]:
    folded = unicodedata.normalize("NFKC", str(text)).casefold()
    words = re.sub(f"[{re.escape(string.punctuation)}]", "", folded).split()
    return [word for word in words if word not in ("a", "an", "the")] or words  # "A" stays one


def token_f1(expected: str, output: str) -> float:
    """F1 of shared words after normalising (Rajpurkar et al. 2016, arxiv.org/abs/1606.05250)."""
    wanted, found = Counter(_words(expected)), Counter(_words(output))
    total = wanted.total() + found.total()
    return 2 * (wanted & found).total() / total if total else 1.0


def number(expected: Any, output: Any, *, absolute: float = 0, relative: float = 1e-9) -> bool:
    """Equal within `absolute`, or `relative` to the expected; reads "1,234.50", "$5", "12 %"."""
    try:
        wanted, found = (Decimal(re.sub(r"[\s,_%$€£]", "", str(v))) for v in (expected, output))
        return abs(wanted - found) <= max(Decimal(absolute), abs(wanted) * Decimal(relative))
    except InvalidOperation:  # no number, or NaN: right where neither side has a value
        return expected is None and output is None


def date(expected: Any, output: Any, *, days: int = 0) -> bool:
    """The same calendar day within `days`; takes dates, datetimes and ISO 8601 text."""
    try:
        wanted, found = (datetime.fromisoformat(str(v).strip()).date() for v in (expected, output))
        return abs((wanted - found).days) <= days
    except ValueError:  # no date: right where neither side has a value
        return expected is None and output is None


def set_prf(expected: Iterable[Any], output: Iterable[Any]) -> dict[str, float]:
    """Precision, recall and F1 of two sets; 1 where both are empty, 0 where one is."""
    wanted, found = set(expected), set(output)
    sizes = {"precision": len(found), "recall": len(wanted), "f1": (len(wanted) + len(found)) / 2}
    empty = float(wanted == found)
    return {name: len(wanted & found) / n if n else empty for name, n in sizes.items()}


def fields(
    expected: BaseModel, output: object, *, absolute: float = 0, days: int = 0
) -> dict[str, float | bool | None]:
    """Score each field: `fields` is the mean, `all_fields` whether all fit; then `fields.total`, ….

    Text is compared normalised, numbers within `absolute`, dates within `days`, lists as sets (F1),
    models field by field. A field that is None on both sides is right.
    """
    parts = dict(_fields(expected, output, "fields.", absolute, days))
    share = sum(parts.values()) / len(parts)
    return {"fields": share, "all_fields": share == 1, **parts} if len(parts) > 1 else {**parts}


def _fields(expected: BaseModel, output: object, at: str, near: float, days: int) -> Iterable[Any]:
    for name in type(expected).model_fields:
        match getattr(expected, name), getattr(output, name, None):
            case BaseModel() as wanted, found:
                yield from _fields(wanted, found, f"{at}{name}.", near, days)
            case str(wanted), str(found):
                yield at + name, normalised(wanted, found)
            case (int() | float() | Decimal()) as wanted, found if not isinstance(wanted, bool):
                yield at + name, number(wanted, found, absolute=near)
            case Date() as wanted, found:
                yield at + name, date(wanted, found, days=days)
            case (list() | tuple() | set()) as wanted, found:
                sets = ({" ".join(_words(item)) for item in side or ()} for side in (wanted, found))
                yield at + name, set_prf(*sets)["f1"]
            case wanted, found:
                yield at + name, exact(wanted, found)
