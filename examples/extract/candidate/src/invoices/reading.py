"""What every rule needs of a text: scanning noise mended, the newest message, dates, amounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

# ── Noise ────────────────────────────────────────────────────────────────────────────────────────
DIGIT_FOR = str.maketrans("OolI", "0011")
# Nothing but digits and what a scanner takes for one; a piece of a number such as LF-6O21 counts.
DIGITS = re.compile(
    r"(?<![A-Za-zÄÖÜäöüß\d])(?=[^\s]*\d)[\dOolI]+(?:[.,/-][\dOolI]+)*(?![A-Za-z\d])"
)
SPACED_TITLE = re.compile(r"\b[A-ZÄÖÜ](?: (?:[A-ZÄÖÜ]|[a-zäöü])\b){4,}")  # I N V O I C E
WORD = re.compile(r"[^\W_]*[^\W\d_]{2}[^\W_]*|\b[A-Z]0\b")


def mended(text: str) -> str:
    """Return the text with digits read as letters, and letters read as digits, put right."""
    text = SPACED_TITLE.sub(_joined, text)
    text = WORD.sub(_word, text)
    return DIGITS.sub(_digits, text)


def _joined(match: re.Match[str]) -> str:
    return match[0].replace(" ", "")


def _digits(match: re.Match[str]) -> str:
    return match[0].translate(DIGIT_FOR)


def _word(match: re.Match[str]) -> str:
    word = match[0]
    letters = [letter for letter in word if letter.isalpha()]
    if len(letters) < len(word) and set(word) - set("01") == set(letters):  # 0 and 1 only
        capitals = sum(letter.isupper() for letter in letters) * 2 > len(letters)
        word = word.replace("0", "O" if capitals else "o").replace("1", "I" if capitals else "l")
    if "l" in word and word.replace("l", "").isupper():  # lNVOlCE
        word = word.replace("l", "I")
    return f"In{word[2:]}" if word.startswith("ln") else word  # no word begins with "ln"


# ── Mail threads ─────────────────────────────────────────────────────────────────────────────────
QUOTED = re.compile(
    r"^(?:>|-{3,} ?(?:original message|ursprüngliche nachricht) ?-{3,})", re.I | re.M
)


def newest(text: str) -> str:
    """Return what stands above the first quoted message."""
    quoted = QUOTED.search(text)
    return text[: quoted.start()] if quoted else text


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────
def with_columns_named(text: str) -> str:
    """Return the text with "header: cell" lines after a row of headers and the row under it.

    Only where both rows have as many cells, and no header holds a digit or a colon.
    """
    lines = text.split("\n")
    for above, below in pairwise(lines):
        headers, cells = (re.split(r" {2,}|\t", line.strip()) for line in (above, below))
        if len(headers) == len(cells) > 1 and not re.search(r"[\d:]", above):
            lines += [f"{header}: {cell}" for header, cell in zip(headers, cells, strict=True)]
    return "\n".join(lines)


# ── Dates ────────────────────────────────────────────────────────────────────────────────────────
MONTHS = {"jan": 1, "feb": 2, "mar": 3, "mär": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6}
MONTHS |= {"jul": 7, "aug": 8, "sep": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12}
MONTH = rf"(?P<m>(?:{'|'.join(MONTHS)})\w*)"
DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\b",
        r"\b(?P<d>\d{1,2})(?P<sign>[./-]| / )(?P<m>\d{1,2})(?P=sign)(?P<y>\d{4}|\d\d)\b",
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]{MONTH}\.?[ -](?P<y>\d{{4}})\b",
        rf"\b{MONTH}\.? (?P<d>\d{{1,2}}),? (?P<y>\d{{4}})\b",
    )
]


@dataclass(frozen=True)
class Day:
    """A date and where it stands."""

    value: date
    start: int
    end: int


def days(text: str, month_first: bool) -> list[Day]:
    """Return every date in the order of the text; `month_first` settles 03/04/2025."""
    found: list[Day] = []
    for match in (match for pattern in DATES for match in pattern.finditer(text)):
        month = MONTHS.get(match["m"][:3].lower()) or int(match["m"])
        day, year = int(match["d"]), int(match["y"])
        slashes = match.re is DATES[1] and "/" in match["sign"]
        if month > 12 or (slashes and month_first and day <= 12):
            day, month = month, day
        try:
            value = date(year if year > 99 else 2000 + year, month, day)
        except ValueError:  # 99.99.2024 is no date
            continue
        found.append(Day(value, match.start(), match.end()))
    return sorted(found, key=_start)


def _start(found: Day) -> int:
    return found.start


# ── Amounts ──────────────────────────────────────────────────────────────────────────────────────
CURRENCIES = {"€": "EUR", "eur": "EUR", "euro": "EUR", "£": "GBP", "gbp": "GBP", "chf": "CHF"}
CURRENCIES |= {"pounds": "GBP", "$": "USD", "usd": "USD", "us dollars": "USD"}
MONEY = "|".join(re.escape(name) for name in sorted(CURRENCIES, key=len, reverse=True))
AMOUNT = re.compile(
    rf"(?:(?P<before>{MONEY}) {{0,8}})?(?<![\w.,/'])(?P<minus>[-(])?(?:(?P<inner>{MONEY}) ?)?"
    r"(?P<whole>\d{1,3}(?:[.,']\d{3})+|\d+)(?:[.,](?P<cents>\d\d|-))?(?![\d/]|[.,]\d| ?%)"
    rf"(?P<after_minus>-)?(?: ?(?P<after>{MONEY})(?!\w))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Amount:
    """A sum of money; `currency` is None where none stands beside it."""

    value: Decimal
    currency: str | None
    start: int
    end: int


def amounts(text: str) -> Iterator[Amount]:
    """Yield every sum of money: with cents (or ",-"), or in thousands with a currency."""
    for match in AMOUNT.finditer(text):
        whole, cents = re.sub(r"\D", "", match["whole"]), match["cents"]
        name = match["before"] or match["inner"] or match["after"]
        if cents is None and not (name and whole != match["whole"]):  # a year, a quantity
            continue
        value = Decimal(f"{whole}.{'00' if cents in (None, '-') else cents}")
        brackets = match["minus"] == "(" and text[match.end() :].startswith(")")
        negative = match["minus"] == "-" or brackets or match["after_minus"]
        currency = CURRENCIES[name.lower()] if name else None
        yield Amount(-value if negative else value, currency, match.start(), match.end())


def currencies(text: str) -> Iterator[str]:
    """Yield every mention of a currency in the order of the text."""
    for match in re.finditer(rf"(?<!\w)(?:{MONEY})(?![A-Za-z])", text, re.IGNORECASE):
        yield CURRENCIES[match[0].lower()]
