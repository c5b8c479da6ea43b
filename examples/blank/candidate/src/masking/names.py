"""Names and addresses, told by what stands around them: no list of names is ever complete."""

from __future__ import annotations

import re

# A word that begins like a name: "Zoë", "O'Brien-Katz", "J."; letters of any script that has cases.
WORD = r"(?:[A-Z]\.|[^\W\d_a-zäöüß][\w'’]*(?:-[^\W\d_]\w*)*)"
NAME = rf"{WORD}(?: {WORD}){{0,2}}"
TITLE = r"(?:mr|mrs|ms|miss|dr|prof|herrn?|frau|familie|sir|madam)\b\.?"
# Words that may be capitalised and begin no name
NO_NAME = (
    r"(?:the|team|sir|madam|all|everybody|support|damen|herren|geschäftsleitung|please|thanks|and|i"
    r"|hello|hi|dear|my|our|it|we|you|with|from|the|not|in|a|an|writing|having|trying|no|still|very)"
)
INTRODUCED = (
    r"(?:my name is|i am|i'm|i’m|this is|it'?s|ich heiße|ich bin|mein name ist|hier ist|hier spricht"
    r"|name:|contact:|from:|attention of|attn:|roommate is|admin|(?:konto)?inhaber(?:in)?:)"
)
RELATED = (
    r"(?:my|our|mein|meine|unser|unsere) (?:son|daughter|wife|husband|mother|father|mann|frau|sohn"
    r"|tochter|mutter|vater|neighbour|nachbar)"
)
GREETING = r"(?:dear|hello|hi|hey|hallo|liebe[rn]?|sehr geehrte[rn]?)"
FAREWELL = (
    r"(?:(?:kind |best |warm |many )?(?:regards|wishes|greetings)|yours(?: sincerely| truly)?"
    r"|sincerely|best|thanks|thank you|thx|cheers|danke|vielen dank|mfg|viele grüße|(?:mit )?freundlichen grüßen"
    r"|liebe grüße|gruß)"
)
STREET = (
    r"(?:street|st|road|rd|lane|avenue|ave|wharf|close|court|drive|way|square|place|hill|terrace"
    r"|row)"
)
POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"


def addresses(text: str) -> list[tuple[int, int]]:
    """Return where a postal address stands, with its town where it is written behind a comma."""
    house = r"\d{1,4}\s?[a-z]?"
    english = rf"(?:(?:Flat|Unit|Apartment) \w+,? )?\b{house} (?:{WORD} ){{1,3}}?(?i:{STREET})\b"
    german = (
        rf"\b(?:[^\W\d_a-zäöüß]\w*(?:straße|strasse|str\.|weg|allee|platz|gasse|ring|ufer|damm)"
        rf"|(?:Am|An der|Auf dem|Im|Zum|Zur) {WORD}) {house}(?!\d)"
    )
    box = r"\b(?:PO Box|P\.O\. Box|Postfach) \d+"
    places = "|".join((english, german, box))
    town = rf"(?:, (?:\d{{5}} )?{WORD}(?: (?!{NO_NAME}\b|{POSTCODE}){WORD})?(?: {POSTCODE})?)?"
    return [one.span() for one in re.finditer(rf"(?:{places}){town}", text)]


def names(text: str) -> list[tuple[int, int]]:
    """Return where a name stands: behind a sign of one, as a signature, or before an address."""
    return [*_behind_a_sign(text), *_signatures(text), *_before_an_address(text)]


def _behind_a_sign(text: str) -> list[tuple[int, int]]:
    """Look behind titles, introductions, relations and greetings."""
    name = rf"(?P<name>(?!(?i:{NO_NAME}|{TITLE})\b){NAME})"
    found = []
    for sign in (TITLE, INTRODUCED, RELATED, GREETING):
        pattern = rf"(?i:\b{sign}) (?:(?i:{TITLE}) )*{name}"
        found += [one.span("name") for one in re.finditer(pattern, text)]
    return found


def _signatures(text: str) -> list[tuple[int, int]]:
    """Look behind a farewell, and for a sentence of nothing but a name at the very end."""
    farewell = rf"(?i:\b{FAREWELL})[,.!]?\s+(?:(?i:from) )?(?:(?i:{TITLE}) )*"
    behind = rf"{farewell}(?P<name>{NAME})(?=[\s,.]*(?:$|\n|,))"
    at_the_end = rf"[.!?,:\]]\s+(?P<name>{NAME})\s*$"
    return [
        one.span("name") for pattern in (behind, at_the_end) for one in re.finditer(pattern, text)
    ]


def _before_an_address(text: str) -> list[tuple[int, int]]:
    """Look for "Ada Bell, 9 Quill Street"."""
    starts = [begin for begin, _ in addresses(text)]
    return [one.span() for begin in starts for one in re.finditer(rf"{NAME}(?=, $)", text[:begin])]
