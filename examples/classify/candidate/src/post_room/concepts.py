"""What a message speaks of: how often each concept of data/concepts.csv occurs in it."""

import csv
import re
from functools import cache
from pathlib import Path

CONCEPTS = Path("data/concepts.csv")
OFTEN = 2  # a word said five times says no more than one said twice
FEW_WORDS = 4
NOTHING = r"(?!)"  # an empty pattern would be found everywhere


def features(text: str, shown_by: frozenset[str] | None = None) -> dict[str, float]:
    """Return each concept's count in what the sender wrote, at most OFTEN; and two on its form.

    With `shown_by` only those words count that occur in one of these texts.
    """
    own = _without_quotes(text).casefold()
    words = re.findall(r"\w+", own)
    concepts = _concepts(shown_by)
    counts = {name: min(OFTEN, len(found.findall(own))) for name, found in concepts.items()}
    return counts | {"no words": not words, "few words": len(words) < FEW_WORDS}


def named(text: str) -> list[str]:
    """Return the concepts that occur, the most frequent first: what a colleague may check."""
    counts = features(text)
    return sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])


def _without_quotes(text: str) -> str:
    """Leave out the lines of an older message that a mail program has marked with ">"."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))


@cache
def _concepts(shown_by: frozenset[str] | None) -> dict[str, re.Pattern[str]]:
    with CONCEPTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    patterns = {row["concept"]: [_whole(word) for word in row["words"].split("|")] for row in rows}
    if shown_by is not None:
        texts = "\n\n".join(_without_quotes(text).casefold() for text in shown_by)
        for concept, words in patterns.items():
            patterns[concept] = [word for word in words if re.search(word, texts)]
    return {concept: re.compile("|".join(words) or NOTHING) for concept, words in patterns.items()}


def _whole(word: str) -> str:
    """Return the pattern of a whole word; of one that ends in *, with whatever ending."""
    stem = word.removesuffix("*")
    begin = r"\b" if re.match(r"\w", stem) else ""
    end = r"\w*" if stem != word else r"\b" if re.search(r"\w$", stem) else ""
    return f"{begin}{re.escape(stem)}{end}"
