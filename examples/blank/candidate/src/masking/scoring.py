"""How an answer is graded: what still gets through, and what is masked that should not be."""

from __future__ import annotations

import re
from collections import Counter

from scaffold.evals import Case, Outcome, Score, exact

from .schemas import Expected, Input, Output

# Who is readable stays readable; a word too few can be looked up in the mail itself. An error keeps
# the message out of the store: nothing leaks, and all of it is lost.
SCORES = {
    "leaked": Score(higher_is_better=False, on_error=0.0),
    "safe": Score(on_error=1.0),
    "lost": Score(higher_is_better=False, on_error=1.0),
}


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return "exact", right to the letter, and how it is wrong where it is wrong.

    "leaked" is the share of personal values of which a part of three signs or more can still be read
    (None where there are none), "safe" whether there is no such value, and "lost" the share of the
    words to be kept that are gone.
    """
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    given, right = outcome.output.text, case.expected.text
    readable = [value for value in case.expected.personal if leaks(value, given, right)]
    personal = len(case.expected.personal)
    return {
        "exact": exact(right, given),
        "leaked": len(readable) / personal if personal else None,
        "safe": not readable,
        "lost": lost(right, given),
    }


def leaks(value: str, given: str, right: str) -> bool:
    """Return whether a part of the value stands in the answer more often than it should."""
    parts = [part for part in _words(value) if len(part) >= 3] or [value.casefold()]
    allowed = Counter(_words(right))
    found = Counter(_words(given))
    return any(found[part] > allowed[part] for part in parts)


def lost(right: str, given: str) -> float:
    """Return the share of the right answer's words, without its brackets, that are missing."""
    wanted, found = (Counter(_words(re.sub(r"\[[A-Z]+\]", " ", text))) for text in (right, given))
    return (wanted - found).total() / wanted.total() if wanted else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
