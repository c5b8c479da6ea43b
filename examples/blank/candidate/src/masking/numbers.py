"""Numbers that tell who somebody is, told from those that do not by their check digits and form."""

from __future__ import annotations

import re

MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli"
    r"|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|oktober|nov(?:ember)?|dec(?:ember)?|dezember)"
)
DAY = (
    r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)? {MONTH} \d{{4}}|{MONTH} \d{{1,2}},? \d{{4}})"
)
BORN = r"(?:date of birth|birthday|born(?: on)?|d\.?o\.?b\.?|geboren(?: am)?|geb\.(?: am)?|geburtsdatum)"
CALLED = (
    r"(?:phone|call(?: me)?(?: back)?|ring|mobile|mobil|cell|tel(?:ephone|efon)?|text(?: me)?"
    r"|number|nummer|rückruf|erreichbar|handy|fax)"
)


def ibans(text: str) -> list[tuple[int, int]]:
    """Return where an account number stands: a run of the right form whose check digits hold."""
    found = []
    for begin in re.finditer(r"\b[A-Z]{2}\d{2}", text):
        run = re.match(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9])*", text[begin.start() :])
        length = run.end() if run else 0
        # The run may go on into the words behind it: the longest part that checks is the number.
        for end in range(length, 14, -1):
            if is_iban(text[begin.start() : begin.start() + end]):
                found.append((begin.start(), begin.start() + end))
                break
    return found


def is_iban(written: str) -> bool:
    """Return whether the check digits hold (ISO 13616: the number modulo 97 is 1)."""
    sign = written.replace(" ", "")
    if not 15 <= len(sign) <= 34 or written != written.strip():
        return False
    moved = sign[4:] + sign[:4]
    return int("".join(str(int(one, 36)) for one in moved)) % 97 == 1


def cards(text: str) -> list[tuple[int, int]]:
    """Return where a card number stands: 13 to 19 digits in groups, begun as cards are, that check."""
    runs = re.finditer(r"(?<![\d-])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\d-])", text)
    return [run.span() for run in runs if is_card(run[0])]


def is_card(written: str) -> bool:
    """Return whether the last digit is the check digit (Luhn, ISO/IEC 7812-1)."""
    digits = [int(one) for one in written if one.isdigit()]
    if len(digits) == 15 and digits[:2] not in ([3, 4], [3, 7]):  # a telephone's serial number
        return False
    doubled = [two - 9 if (two := 2 * digit) > 9 else two for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def births(text: str) -> list[tuple[int, int]]:
    """Return where a day stands that is called one of birth; other days are to be kept."""
    spans = re.finditer(rf"(?i)\b{BORN}\W{{0,3}}(?P<day>{DAY})", text)
    return [one.span("day") for one in spans]


def phones(text: str) -> list[tuple[int, int]]:
    """Return where a telephone number stands: written as one, or any long one that is called so."""
    written = (
        r"(?<![\w.-])(?:\+\d{1,3}|\(0\d+\)|0[1-9]\d|00[1-9]\d)(?:[ ()/-]{0,2}\d){6,12}(?![\w-])"
    )
    called = rf"(?i)\b{CALLED}\b[^\d\n.]{{0,20}}(?P<number>\+?\d(?:[ ()/-]{{0,2}}\d){{5,13}})(?!\w)"
    spans = [one.span() for one in re.finditer(written, text)]
    return spans + [one.span("number") for one in re.finditer(called, text)]
