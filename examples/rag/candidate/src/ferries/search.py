"""Search over passages: BM25, in words that mean the same in English and German."""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .cases import DOCUMENTS, RAW
from .in_force import in_force
from .passages import Passage, passages
from .retrieval import Chunk, words

SYNONYMS = Path("data/synonyms.csv")  # a line: words that mean the same; German ones among them
K1, B = 1.2, 0.75  # as usual: Robertson and Zaragoza 2009, doi.org/10.1561/1500000019
TITLE = 0.5  # what a word of the title counts, beside one of the text
# Words that ask, and say nothing of what is asked for
EMPTY = words(
    "a an the of to for in on at by from with and or if is are was were am be do does did can could may"
    " must should will would have has get gets got need needs want wants please pls i u we you they he"
    " she my our your her his them me us it its this that there what when where which who how why much"
    " many long before after about because into than then just also some any per not no so"
)
EMPTY += words(
    "als am auf bei das der die den ein eine einen es für haben hat ich ist in kann mein meine mit nach"
    " von was wann wenn wie wo zu"
)
ENDINGS = re.compile(r"(?<=\w{3})(?:ing|ed|es|s|e)$")


class Library:
    """The passages that are in force, ready to be searched."""

    def __init__(self, found: Sequence[Passage]) -> None:
        """Count each passage's words."""
        self.passages = list(found)
        self.counts = [_counted(passage) for passage in self.passages]
        self.lengths = [sum(count.values()) for count in self.counts]
        self.having = Counter(word for count in self.counts for word in count)

    def rarity(self, word: str) -> float:
        """Return a word's inverse document frequency."""
        total, having = len(self.passages), self.having[word]
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    def ranked(self, question: str, k: int) -> list[tuple[float, Passage]]:
        """Return at most `k` passages with their scores, the best first."""
        asked, usual = set(concepts(question)), sum(self.lengths) / len(self.lengths)
        scored = []
        for passage, count, length in zip(self.passages, self.counts, self.lengths, strict=True):
            norm = K1 * (1 - B + B * length / usual)
            score = sum(
                self.rarity(word) * count[word] * (K1 + 1) / (count[word] + norm)
                for word in asked & count.keys()
            )
            if score > 0:
                scored.append((score, passage))
        return sorted(scored, key=_by_score)[:k]

    async def search(self, question: str, k: int = 5) -> list[Chunk]:
        """Return what `solution.py` gives a model: the `Retriever` of retrieval.py."""
        found = [passage for _, passage in self.ranked(question, k)]
        return [Chunk(one.source, one.page, f"{one.title}\n{one.text}") for one in found]


def _by_score(scored: tuple[float, Passage]) -> tuple[float, str, int]:
    score, passage = scored
    return -score, passage.source, passage.page


def _counted(passage: Passage) -> dict[str, float]:
    count: defaultdict[str, float] = defaultdict(float)
    for weight, text in ((1, passage.text), (TITLE, passage.title)):
        for word in concepts(text):
            count[word] += weight
    return count


@cache
def library() -> Library:
    """Return the company's documents, read once."""
    return Library(in_force(passages(DOCUMENTS, RAW)))


def concepts(text: str) -> list[str]:
    """Return a text's words in their order: without endings, one for all that mean the same."""
    same, phrases = _same()
    text = text.lower()
    if phrases:
        text = phrases.sub(lambda found: same[found[0]], text)
    found = re.findall(r"[^\W_]+(?:-[^\W_]+)*", text.replace("'s", ""))
    return [same.get(word, same.get(stem(word), stem(word))) for word in found if word not in EMPTY]


def stem(word: str) -> str:
    """Cut off an ending; a number loses the zeros in front."""
    return word.lstrip("0") or "0" if word.isdigit() else ENDINGS.sub("", word)


@cache
def _same() -> tuple[dict[str, str], re.Pattern[str] | None]:
    """Return the first word of each line for all of it, and a pattern of those with blanks."""
    same = {}
    with SYNONYMS.open(encoding="utf-8", newline="") as lines:
        for first, *others in csv.reader(lines):
            for word in (first, *others):
                same[word] = same[stem(word)] = first
    phrases = [re.escape(word) for word in same if " " in word]
    return same, re.compile(rf"\b(?:{'|'.join(phrases)})\b") if phrases else None
