"""Net and total of a document: by their labels, held against each other by arithmetic."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import permutations, product

from .reading import Amount, amounts, currencies

NET = re.compile(r"(?<!\w)(?:net|sub-?total|netto\w*|zwischensumme|zwischentotal)(?!\w)", re.I)
TOTAL = re.compile(
    r"(?<!\w)(?<!net )(?<!sub-)(?:gesamtbetrag|rechnungsbetrag|endbetrag|brutto|gesamtpreis|total|"
    r"gesamt(?! netto)|gross)(?!\w)",
    re.IGNORECASE,
)
# What is left to pay: the total only where nothing else says it, as a deposit may be off
TO_PAY = re.compile(
    r"(?<!\w)(?:amount (?:due|payable|outstanding)|zahlbetrag|erstattungsbetrag|offener betrag|"
    r"to pay|bitte zahlen|rechnung \S+ vom \S+ über)(?!\w)",
    re.IGNORECASE,
)
WITHOUT_TAX = re.compile(r" ?(?:excl|exkl|zzgl|plus|netto|net)\b", re.IGNORECASE)
WITH_TAX = re.compile(r" ?(?:incl|inkl|brutto|gross)\b", re.IGNORECASE)
USUAL_RATES = [Decimal(rate) / 100 for rate in ("0", "5", "7", "8.1", "19", "20")]

Sums = tuple[Decimal | None, Decimal | None, str | None]


def sums(text: str) -> Sums:
    """Return net, total and the currency of the total."""
    found = list(amounts(text))
    nets = labelled(text, found, NET, WITHOUT_TAX)
    totals = labelled(text, found, TOTAL, WITH_TAX)
    net, total = add_up(found, nets, totals)
    total = total or next(iter(labelled(text, found, TO_PAY)), None)
    if total is None:
        return (net.value if net else None), None, None
    named = [amount.currency for amount in (total, net, *found) if amount and amount.currency]
    named += currencies(text)  # none beside an amount: the first one of the text
    return (net.value if net else None), total.value, named[0] if named else None


def labelled(
    text: str, found: list[Amount], label: re.Pattern[str], after: re.Pattern[str] | None = None
) -> list[Amount]:
    """Return the amounts that a label names: before it on its line, or right `after` the amount."""
    named = [amount for amount in found if after and after.match(text, amount.end)]
    for match in label.finditer(text):
        end = text.find("\n", match.end())
        line = [a for a in found if match.end() <= a.start < (end if end >= 0 else len(text))]
        named += line[:1]
    return named


def add_up(
    found: list[Amount], nets: list[Amount], totals: list[Amount]
) -> tuple[Amount | None, Amount | None]:
    """Return the first net and total that fit each other, with a usual tax rate if there is one.

    Where one of them has no label, it is looked for among all amounts: net, tax and total then
    have to stand there, the tax under a third of the net. Labels alone are the last resort.
    """
    for net, total in product(nets, totals):
        if _rate(net, total) in USUAL_RATES:
            return net, total
    fitting = [
        (net, total)
        for net, tax, total in permutations(found, 3)
        if tax.value and net.value + tax.value == total.value
        if abs(tax.value) * 3 < abs(net.value)
        if (not nets or net in nets) and (not totals or total in totals)
    ]
    if fitting:
        return min(fitting, key=_is_unusual)
    return next(iter(nets), None), next(iter(totals), None)


def _is_unusual(sums: tuple[Amount, Amount]) -> bool:
    return _rate(*sums) not in USUAL_RATES


def _rate(net: Amount, total: Amount) -> Decimal | None:
    """Return the tax rate between the two, to a tenth of a percent."""
    return round(total.value / net.value - 1, 3) if net.value else None
