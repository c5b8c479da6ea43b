"""Names and addresses, told by what stands around them: no list of names is ever complete."""

from __future__ import annotations

import re

# A word that begins like a name: "Zoë", "O'Brien-Katz", "J."; letters of any script that has cases.
WORD = r"(?:[A-Z]\.|[^\W\d_a-zäöüß][\w'’]*(?:-[^\W\d_]\w*)*)"
NAME = rf"{WORD}(?: {WORD}){{0,2}}"
TITLE = r"(?:mr|mrs|ms|miss|dr|prof|herrn?|frau|familie|sir|madam)\b\.?"
# Words that are written large and are no name, where one is looked for
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
    r"(?:(?:kind |best |warm |many )?(?:regards|wishes|greetings)|yours(?: sincerely| truly)?|sincerely"
    r"|best|thanks|thank you|thx|cheers|danke|vielen dank|mfg|viele grüße|(?:mit )?freundlichen grüßen"
    r"|liebe grüße|gruß)"
)
STREET = r"(?:street|st|road|rd|lane|avenue|ave|wharf|close|court|drive|way|square|place|hill|terrace|row)"
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
    """Return where a name stands: behind a title or an introduction, in a greeting, as a signature."""
    spans = []
    for before in (TITLE, INTRODUCED, RELATED, GREETING):
        found = rf"(?i:\b{before}) (?:(?i:{TITLE}) )*(?P<name>(?!(?i:{NO_NAME}|{TITLE})\b){NAME})"
        spans += [one.span("name") for one in re.finditer(found, text)]
    end = rf"(?i:\b{FAREWELL})[,.!]?\s+(?:(?i:from) )?(?:(?i:{TITLE}) )*(?P<name>{NAME})(?=[\s,.]*(?:$|\n|,))"
    spans += [one.span("name") for one in re.finditer(end, text)]
    spans += [one.span("name") for one in re.finditer(rf"[.!?,:\]]\s+(?P<name>{NAME})\s*$", text)]
    for begin, _ in addresses(text):
        spans += [one.span() for one in re.finditer(rf"{NAME}(?=, $)", text[:begin])]
    return spans
