"""The solver that is handed in: rules for these documents, one function a field.

The first match wins, and so the newest message of a thread does: it stands above what it quotes. A
rule that is not sure returns None: an invented sum costs more than a missing one.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import combinations

from scaffold.llm import Client

from .reading import Amount, amounts, currencies, days, mended, with_columns_named
from .schemas import Input, Output

# What a document calls itself: the first of these words in a text decides.
TITLES = {
    "credit note": r"credit note|gutschrift|rechnungskorrektur",
    "delivery note": r"delivery note|lieferschein",
    "confirmation": r"(?:order |booking )?confirmation|auftragsbestätigung",
    "other": r"mahnung|proforma",
    "invoice": r"inv\.|invoice|(?:schluss)?rechnung",
}
TITLE = re.compile(
    "|".join(rf"(?P<{kind.replace(' ', '_')}>{words})" for kind, words in TITLES.items()),
    re.IGNORECASE,
)
ABOUT_NUMBER = r"(?:s?-?nummer|s?-?nr\b|no\b|hat die nummer|/ rechnung|[#.: ])*"
NUMBER = re.compile(
    rf"{ABOUT_NUMBER}(?-i:(?P<number>(?:[A-Z]{{2,3}} )?[A-Z\d/-]*\d[A-Z\d/-]*))", re.IGNORECASE
)

FIRM = re.compile(
    r"[A-ZÄÖÜ][\w&-]*(?: (?:& )?[A-ZÄÖÜ][\w&-]*)*?,? "
    r"(?i:GmbH(?: & Co\. KG)?|AG|KG|OHG|SE|Ltd\.?|Limited|PLC|LLP|LLC|Inc\.?|Corp\.?)(?!\w)"
)
ADDRESSEE = re.compile(r"^[> ]*(?:to|an|bill to|ship to)\b.*$", re.IGNORECASE | re.MULTILINE)

# What stands before a date, on its line
ISSUE = re.compile(r"(?<!\w)(?<!due )(?:rechnungs)?(?:date|dated|datum)[^\d\n]{0,10}$", re.I)
OTHER_DAY = re.compile(
    r"\b(?:order|\w*bestell\w*|auftrag|zu (?:unserer )?rechnung|refers|anzahlung|sent|gesendet|bis|"
    r"due|by|than|fällig\w*|collection)\b[^\n]{0,30}$",
    re.IGNORECASE,
)
MAIL_HEADER = re.compile(r"^[> ]*(?:sent|gesendet)\b.*$", re.IGNORECASE | re.MULTILINE)
DUE = re.compile(
    r"\b(?:due|due date|is due|pay by|payable by|no later than|zahlbar|fällig\w*|betrag bis|zahlung "
    r"bis)\b[^\n\d]{0,20}$",
    re.IGNORECASE,
)
DISCOUNT = re.compile(r"^[^\n.]{0,20}(?:skonto|discount)", re.IGNORECASE)

NET = re.compile(r"(?<!\w)(?:net|sub-?total|netto\w*|zwischensumme)(?!\w)", re.IGNORECASE)
TOTAL = re.compile(
    r"(?<!\w)(?:gesamtbetrag|rechnungsbetrag|brutto|gesamtpreis|total|gesamt(?! netto)|amount payable)(?!\w)",
    re.IGNORECASE,
)
NO_TOTAL = re.compile(r"\b(?:net|sub-?) ?$", re.IGNORECASE)
WITHOUT_TAX = re.compile(r" ?(?:excl|exkl|zzgl|plus)\b", re.IGNORECASE)
WITH_TAX = re.compile(r" ?(?:incl|inkl)\b", re.IGNORECASE)

Sums = tuple[Decimal | None, Decimal | None, str | None]


async def solve(input: Input, llm: Client) -> Output:
    """Return what the rules find; `llm` is there because all solvers are called alike."""
    text = with_columns_named(mended(input.text))
    kind, number = document(text)
    if kind is None:  # a mail that speaks of an invoice is none
        return Output(kind="other")
    month_first = bool(re.search(r"\$|\bUSD\b", text))
    net, total, currency = sums(text) if kind != "delivery note" else (None, None, None)
    if kind == "credit note":
        net, total = (None if value is None else -abs(value) for value in (net, total))
    return Output.model_validate(
        {
            "kind": kind,
            "supplier": supplier(text),
            "number": number,
            "issued": issued(text, month_first) or sent(text, month_first),
            "due": due(text, month_first),
            "currency": currency,
            "net": net,
            "total": total,
        }
    )


def document(text: str) -> tuple[str | None, str | None]:
    """Return what kind of document it is and its own number: the first title with a number.

    A reminder or a pro forma needs no number; without any title both are None.
    """
    starts_of_days = {day.start for day in days(text, month_first=False)}
    for title in TITLE.finditer(text):
        kind = str(title.lastgroup).replace("_", " ")
        number = NUMBER.match(text, title.end())
        if number and number.start("number") not in starts_of_days:
            return kind, number["number"].rstrip("/- ")
        if kind == "other":
            return kind, None
    return None, None


def supplier(text: str) -> str | None:
    """Return the first firm, known by its legal form, that is not whom the text is sent to."""
    firm = FIRM.search(ADDRESSEE.sub("", text))
    return firm[0] if firm else None


def issued(text: str, month_first: bool) -> date | None:
    """Return the day so called, else the first one that is not called another day."""
    body = MAIL_HEADER.sub("", text)
    first: date | None = None
    last_end = 0
    for day in days(body, month_first):
        line = body[max(last_end, body.rfind("\n", 0, day.start) + 1) : day.start]
        last_end = day.end
        if ISSUE.search(line):
            return day.value
        if first is None and not OTHER_DAY.search(line):
            first = day.value
    return first


def sent(text: str, month_first: bool) -> date | None:
    """Return the day on which the newest mail was sent."""
    header = MAIL_HEADER.search(text)
    found = days(header[0], month_first) if header else []
    return found[0].value if found else None


def due(text: str, month_first: bool) -> date | None:
    """Return the day to pay without a discount; a reminder names the old one first."""
    asked = [
        day.value
        for day in days(text, month_first)
        if DUE.search(text[: day.start]) and not DISCOUNT.search(text[day.end :])
    ]
    return asked[-1] if asked else None


def sums(text: str) -> Sums:
    """Return net, total and the currency of the total, by their labels, then by arithmetic."""
    found = list(amounts(text))
    net, total = labelled(text, found, NET), labelled(text, found, TOTAL)
    for amount in found:
        if WITHOUT_TAX.match(text, amount.end):
            net = net or amount
        if WITH_TAX.match(text, amount.end):
            total = total or amount
    if net is None or total is None:
        net, total = by_arithmetic(found, net, total)
    if total is None:
        return (net.value if net else None), None, None
    named = [amount.currency for amount in (total, net, *found) if amount and amount.currency]
    named += currencies(text)  # none beside an amount: the first one of the text
    return (net.value if net else None), total.value, named[0] if named else None


def labelled(text: str, found: list[Amount], label: re.Pattern[str]) -> Amount | None:
    """Return the amount behind a label, on its line."""
    for match in label.finditer(text):
        if label is TOTAL and NO_TOTAL.search(text[: match.start()]):
            continue
        end = text.find("\n", match.end())
        for amount in found:
            if match.end() <= amount.start < (end if end >= 0 else len(text)):
                return amount
    return None


def by_arithmetic(
    found: list[Amount], net: Amount | None, total: Amount | None
) -> tuple[Amount | None, Amount | None]:
    """Fill in what has no label where two amounts, one of them a tax, add up to a third."""
    for one, tax in combinations(found, 2):
        for whole in found:
            adds_up = tax.value and one.value + tax.value == whole.value
            is_tax = abs(tax.value) < abs(one.value) / 3
            fits = net in (None, one) and total in (None, whole)
            if adds_up and is_tax and fits:
                return one, whole
    return net, total
