"""What a customer wants, read out of the customer's own words and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Action = Literal["cancel", "refund", "tell", "impossible"]
# Each begins a wish; of several in one sentence the first counts.
CANCEL = r"cancel\w*|stornier\w*|abbestell\w*|get rid of|call(?:ed)? off|(?:do not|don't) want"
REFUND = r"refund\w*|erstatt\w*|(?:money|pay\w*|give) .*back|back|zurück"
ASKING = r"what|how|is|are|has|have|which|when|where|did|do i|if|state"
ASKING += r"|was|wie|welche\w*|ist|hat|habe"
# What is asked about an order; the first that fits
ABOUT = (
    ("note", r"notes?|say|notiz\w*"),
    ("refunded", r"(?:got|get) .*back|been refunded|paid back"),
    ("paid", r"paid?|pay|costs?|price|spen[dt]|come to|bezahlt|kostet\w*|gekostet"),
    ("orders", r"orders|machines|aufträge|bestellungen"),
    ("state", r"state|status|stand|booked|returned|back|out|cancelled|with q|about|what's"),
)
ORDER = re.compile(r"\b(?:q-?\s?|order (?:no\.? |number )?)(\d{3,})", re.IGNORECASE)
SHARE = re.compile(r"(\d+) ?(?:%|percent|prozent)", re.IGNORECASE)
PARTS = {"half": "/ 2", "hälfte": "/ 2", "third": "/ 3", "quarter": "/ 4", "viertel": "/ 4"}
SUM = re.compile(r"£? ?(\d+)(?:[.,](\d\d))? ?(p\b|pence)?", re.IGNORECASE)
WHOLE = re.compile(r"\b(?:full|fully|completely|whole|all of it|ganz)\b", re.IGNORECASE)
SEVERAL = re.compile(r"\b(?:both|all|everything|together|altogether|beide|alle)\b", re.IGNORECASE)
OTHER = re.compile(r"\b(?:other|andere\w*)\b", re.IGNORECASE)
BETWEEN = re.compile(r"\s+(?:and|und)\s+|;|\.\s+(?=[A-Z])")  # two wishes
POLITE = re.compile(r"^\W*(?:please|pls|bitte|(?:can|could|would|will) you)\b\W*", re.IGNORECASE)
ALIKE = 0.8  # of two words, so that "cancle" is "cancel"


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that is wanted."""

    action: Action
    text: str
    about: str = "state"

    @property
    def orders(self) -> list[str]:
        """The orders that are named by their numbers."""
        return list(dict.fromkeys(f"Q-{number}" for number in ORDER.findall(self.text)))

    @property
    def several(self) -> bool:
        """Whether more than one order is meant."""
        return bool(SEVERAL.search(self.text))

    def cents(self, paid: int, left: int) -> int | str | None:
        """Return a sum in cents, or what there is to calculate; None where none is named."""
        text = ORDER.sub("", self.text)
        if share := SHARE.search(text):
            return f"{paid} * {int(share[1]) / 100}"
        for part, divided in PARTS.items():
            if re.search(rf"\b{part}\b", text, re.IGNORECASE):
                return f"{paid} {divided}"
        if found := SUM.search(text):
            return int(found[1]) if found[3] else int(found[1]) * 100 + int(found[2] or 0)
        return left if WHOLE.search(text) else None


def wishes(request: str, before: str = "") -> list[Wish]:
    """Return what is wanted, in its order; `before` is what the customer wrote last time."""
    found = list[Wish]()
    for text in filter(str.strip, BETWEEN.split(request)):
        if wish := _wish(text):
            found.append(wish)
        elif found:  # "cancel Q-1 and Q-2": more of the same
            found[-1] = Wish(found[-1].action, f"{found[-1].text} {text}", found[-1].about)
    if not found and OTHER.search(request) and (wish := _wish(before)):
        return [Wish(wish.action, request, wish.about)]  # "and the other one?"
    return found


def _wish(text: str) -> Wish | None:
    """Return what a part of a request wants; None where it has no word for it."""
    plain = POLITE.sub("", _spelled(text.strip()))
    about = next((name for name, words in ABOUT if _has(words, plain)), None)
    if re.match(rf"\W*(?:{ASKING})\b", plain, re.IGNORECASE):
        return Wish("tell", text, about or "state")
    cancel, refund = _first(CANCEL, plain), _first(REFUND, plain)
    if cancel < refund:
        return Wish("cancel", text)
    if refund < len(plain):
        return Wish("refund", text)
    return Wish("tell", text, about) if about and ORDER.search(plain) else None


def _has(words: str, text: str) -> bool:
    return _first(words, text) < len(text)


def _first(words: str, text: str) -> int:
    """Return where one of the words is first; the text's length where none is."""
    found = re.search(rf"\b(?:{words})(?!\w)", text, re.IGNORECASE)
    return found.start() if found else len(text)


def _spelled(text: str) -> str:
    """Put "cancel" and "refund" right where they are misspelt."""
    known = ("cancel", "refund")

    def right(word: re.Match[str]) -> str:
        close = get_close_matches(word[0].lower(), known, n=1, cutoff=ALIKE)
        return close[0] if close else word[0]

    return re.sub(r"\b[a-z]{5,7}\b", right, text, flags=re.IGNORECASE)


def meant(text: str, items: Iterable[tuple[str, str]]) -> list[str]:
    """Return the orders, out of pairs of number and machine, whose machine the text names best."""
    said = [_singular(word) for word in re.findall(r"\w+", text.lower())]
    named = {number: _shared(said, machine) for number, machine in items}
    best = max(named.values(), default=0)
    return [number for number, shared in named.items() if shared == best > 0]


def _shared(said: Sequence[str], machine: str) -> int:
    words = [_singular(word) for word in re.findall(r"\w+", machine.lower())]
    return sum(bool(get_close_matches(word, said, n=1, cutoff=ALIKE)) for word in words)


def _singular(word: str) -> str:
    return word.removesuffix("s")
