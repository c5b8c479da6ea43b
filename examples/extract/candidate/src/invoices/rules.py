"""The solver that is handed in: rules for these documents, one function a field.

Each rule reads the newest message of a thread, and what that quotes only where it says nothing. A
rule that is not sure returns None: an invented sum costs more than a missing one.
"""

from __future__ import annotations

import re
from datetime import date

from scaffold.llm import Client

from .reading import days, mended, newest, with_columns_named
from .schemas import Input, Output
from .sums import sums

# What a document calls itself: the first of these words in a text decides.
TITLES = {
    "credit note": r"credit (?:note|memo)|gutschrift|rechnungskorrektur|stornorechnung",
    "delivery note": r"delivery note|packing (?:slip|list)|lieferschein",
    "confirmation": r"confirmation|acknowledge?ment|confirms your order|auftragsbestätigung",
    "reminder": r"(?:\w+s)?mahnung|zahlungserinnerung|payment reminder|statement of account",
    "other": r"pro-?forma|angebot|quotation",
    "invoice": r"inv\.|invoice|\w*rechnung|faktura",
}
TITLE = re.compile(
    "|".join(rf"(?P<{kind.replace(' ', '_')}>{words})" for kind, words in TITLES.items()),
    re.IGNORECASE,
)
A_NUMBER = r"(?-i:(?P<number>(?:[A-Z]{1,3} )?[A-Z\d/-]*\d(?:[A-Z\d/-]| / (?=\d{4}\b))*))(?!\w)"
NUMBER = re.compile(
    rf"(?:s?-?nummer|s?-?nr\b|no\b|number\b|hat die nummer|/ rechnung|[#.: ])*{A_NUMBER}",
    re.IGNORECASE,
)
LABELLED_NUMBER = re.compile(
    r"(?<![\w-])(?:invoice |memo |slip |document |job |order |beleg|rechnungs|auftrags|lieferschein-?)?"
    rf"(?:no\b|number\b|nr\b|nummer\b|#)(?: bei uns)?[.: #]*{A_NUMBER}",
    re.IGNORECASE,
)

FIRM = re.compile(
    r"[A-ZÄÖÜ][\w&-]*(?: (?:& )?[A-ZÄÖÜ][\w&-]*)*?(?: ?,)? "
    r"(?i:GmbH(?: & Co\. KG)?|AG|KG|OHG|SE|UG(?: \(haftungsbeschränkt\))?|e\. ?K\.|Ltd\.?|Limited|"
    r"PLC|LLP|LLC|Inc\.?|Corp\.?)(?!\w)"
)
ADDRESSEE = re.compile(r"^[> ]*(?:to|an|bill to|ship to|firma)\b.*$", re.IGNORECASE | re.MULTILINE)
LETTERHEAD = re.compile(r"\A\W*(?P<firm>[A-ZÄÖÜ][\w.&'-]+(?: [\w.&'-]+){1,4})(?: {2,}|\n)")
SENDER = re.compile(r"^(?:from|von):.*\((?P<firm>[^)\n]+)\)$", re.IGNORECASE | re.MULTILINE)

# What stands before a date, on its line
ISSUE = re.compile(
    r"(?<!\w)(?<!due )(?:invoice |rechnungs|beleg|ship )?(?:date|dated|datum|tax point)[^\d\n]{0,20}$",
    re.IGNORECASE,
)
OTHER_DAY = re.compile(
    r"(?:order|\w*bestell\w*|auftrag|zu[rm]? (?:unsere[rm] )?(?:rechnung|angebot)|refers|anzahlung|"
    r"lieferdatum|deposit|bis|due|by|until|than|seit dem|fällig\w*|spätestens am|ziel|collection|"
    r"requested)\b[^\n]{0,30}$",
    re.IGNORECASE,
)
MAIL_HEADER = re.compile(
    r"^[> ]*(?:(?:sent|gesendet)\b|date: (?:mon|tue|wed|thu|fri|sat|sun)).*$", re.I | re.MULTILINE
)
DUE = re.compile(
    r"(?:\b(?:due|payable|no later than|zahlbar|fällig\w*|zahlungsziel)\b[^\n\d]{0,30}"
    r"|(?<!gültig )\b(?:by|until|bis|spätestens am)(?: zum)?[: ]*)$",
    re.IGNORECASE,
)
DISCOUNT = re.compile(r"^[^\n.]{0,20}(?:skonto|discount)", re.IGNORECASE)


async def solve(input: Input, llm: Client) -> Output:
    """Return what the rules find; `llm` is there because all solvers are called alike."""
    text = mended(input.text)
    top, whole = (with_columns_named(part) for part in (newest(text), text))
    kind, number = document(top)
    if kind is None:
        kind, number = document(whole)
    if kind is None:  # a mail that speaks of an invoice is none
        return Output(kind="other")
    month_first = bool(re.search(r"\$|\bUSD\b", text))
    net, total, currency = sums(top) if kind != "delivery note" else (None, None, None)
    if kind == "credit note":
        net, total = (None if value is None else -abs(value) for value in (net, total))
    return Output.model_validate(
        {
            "kind": "other" if kind == "reminder" else kind,
            "supplier": supplier(top) or supplier(whole),
            "number": number,
            "issued": issued(top, month_first)
            or issued(whole, month_first)
            or sent(top, month_first),
            "due": due(top, month_first) or due(whole, month_first),
            "currency": currency,
            "net": net,
            "total": total,
        }
    )


def document(text: str) -> tuple[str | None, str | None]:
    """Return what kind of document it is and its own number, both None where it is none.

    The first title says the kind. The number follows a title of that kind or a label of its own;
    without one it is no document, but for a reminder, which names only the numbers of others.
    """
    day_starts = {day.start for day in days(text, month_first=False)}
    titles = list(TITLE.finditer(text))
    if not titles:
        return None, None
    kind = str(titles[0].lastgroup).replace("_", " ")
    if kind == "reminder":
        return kind, None
    after = (NUMBER.match(text, t.end()) for t in titles if t.lastgroup == titles[0].lastgroup)
    for number in (*after, *LABELLED_NUMBER.finditer(text)):
        if number and number.start("number") not in day_starts:
            return kind, number["number"].strip("/- ")
    return None, None


def supplier(text: str) -> str | None:
    """Return the first firm that is not whom the text is sent to.

    A legal form tells a firm; without one the sender in brackets or the letterhead does.
    """
    if firm := FIRM.search(ADDRESSEE.sub("", text)):
        return firm[0]
    if firm := SENDER.search(text) or LETTERHEAD.search(text):
        return None if TITLE.search(firm["firm"]) else firm["firm"]
    return None


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
