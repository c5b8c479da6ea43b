"""Scorers to call from the candidate's scoring.py: small functions, each 0 to 1 or a bool."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date as Date
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def exact(expected: object, output: object) -> bool:
    """Equal, and True is not 1 (while 1 is 1.0)."""
    return expected == output and isinstance(expected, bool) == isinstance(output, bool)


def normalised(expected: str | None, output: str | None) -> bool:
    """Equal but for case, punctuation, articles and blanks (as SQuAD does; Unicode NFKC first)."""
    if expected is None or output is None:
        return expected is output
    return _plain(expected) == _plain(output)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_PUNCTUATION)
    words = [word for word in folded.split() if word not in ("a", "an", "the")]
    return " ".join(words or folded.split())  # an answer "A" stays one


def token_f1(expected: str, output: str) -> float:
    """F1 of shared words after normalising (Rajpurkar et al. 2016, arxiv.org/abs/1606.05250)."""
    wanted, found = _plain(expected).split(), _plain(output).split()
    if not wanted or not found:
        return float(wanted == found)
    return 2 * sum((Counter(wanted) & Counter(found)).values()) / (len(wanted) + len(found))


def number(
    expected: object, output: object, *, absolute: float = 0, relative: float = 1e-9
) -> bool:
    """Equal within `absolute`, or `relative` to the expected; reads "1,234.50", "$5", "12 %"."""
    wanted, found = _number(expected), _number(output)
    if wanted is None or found is None:
        return expected is None and output is None
    tolerance = max(Decimal(str(absolute)), abs(wanted) * Decimal(str(relative)))
    return abs(wanted - found) <= tolerance


def _number(value: object) -> Decimal | None:
    try:
        figure = Decimal(re.sub(r"[\s,_%$€£]", "", str(value)))
    except InvalidOperation:
        return None
    return figure if figure.is_finite() else None


def date(expected: object, output: object, *, days: int = 0) -> bool:
    """The same calendar day within `days`; takes dates, datetimes and ISO 8601 text."""
    wanted, found = _date(expected), _date(output)
    if wanted is None or found is None:
        return expected is None and output is None
    return abs((wanted - found).days) <= days


def _date(value: object) -> Date | None:
    try:
        return datetime.fromisoformat(str(value).strip()).date()
    except ValueError:
        return None


def set_prf(expected: Iterable[Any], output: Iterable[Any]) -> dict[str, float]:
    """Precision, recall and F1 of two sets; 1 where both are empty, 0 where one is."""
    wanted, found = set(expected), set(output)
    if not wanted and not found:
        return {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    hits = len(wanted & found)
    return {
        "precision": hits / len(found) if found else 0.0,
        "recall": hits / len(wanted) if wanted else 0.0,
        "f1": 2 * hits / (len(wanted) + len(found)),
    }


def fields(
    expected: BaseModel,
    output: object,
    how: Mapping[str, Callable[[Any, Any], float | bool]] | None = None,
) -> dict[str, float | bool | None]:
    """Score each field: `fields.total`, …; `fields` is their mean, `all_fields` whether all fit.

    Text is compared normalised, numbers and days by value, lists as sets (F1), models field by
    field. `how` replaces the comparison of a field: `{"total": partial(number, absolute=0.01)}`.
    A field that is None on both sides is right.
    """
    parts = _fields(expected, output, how or {}, "fields.")
    share = sum(map(float, parts.values())) / len(parts)
    return {"all_fields": share == 1, "fields": share, **parts}


def _fields(wanted: BaseModel, found: object, how: Mapping[str, Any], at: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name in type(wanted).model_fields:
        pair = getattr(wanted, name), getattr(found, name, None)
        if isinstance(pair[0], BaseModel) and name not in how:
            result |= _fields(*pair, how, f"{at}{name}.")
        else:
            result[at + name] = how.get(name, _alike)(*pair)
    return result


def _alike(wanted: Any, found: Any) -> float | bool:
    if isinstance(wanted, str) and isinstance(found, str):
        return normalised(wanted, found)
    if isinstance(wanted, (int, float, Decimal)) and not isinstance(wanted, bool):
        return number(wanted, found)
    if isinstance(wanted, Date):
        return date(wanted, found)
    if isinstance(wanted, (list, tuple, set, frozenset)):
        return set_prf(*({_plain(str(item)) for item in items or ()} for items in (wanted, found)))[
            "f1"
        ]
    return exact(wanted, found)
