"""Answers without a model: the sentence that says most of what is asked, or none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping

from scaffold.llm import Client

from .in_force import is_draft
from .passages import Passage
from .schemas import Citation, Input, Output
from .search import concepts, library

TOP = 20  # passages that are read for an answer
ENOUGH = 0.55  # of what is asked has to be said; chosen on the split dev, see README.md
ABOVE, BESIDE = 0.8, 0.4  # what a word counts that stands in the title, or elsewhere in the passage
UNFIT = 0.6  # what a sentence keeps that gives no sum where one is asked for, no time, no number
DRAFT = 0.7  # what a sentence of the minutes keeps
SENTENCE = re.compile(r"(?<=[a-z)\d][.!?])\s+(?=[A-Z])")
SAME_TOPIC = re.compile(r"(?:it|they|that|this|these|sie|er|es)\b", re.IGNORECASE)
# What a question begins with, and what an answer to it has to hold
ASKED_FOR = (
    (r"number do i ring|telephone number", r"\d{5}"),
    (r"address", r"@"),
    (r"how (?:long|soon|early)|(?:how many|within) \w* ?(?:days|weeks|hours)|wie lange",
     r"minute|hour|day|week|month|year|jahr|tag|woche"),
    (r"how heavy|wie schwer", r"kilo"),
    (r"how much|costs?|price|fare|fee|deposit|pay|kostet|zahlt",
     r"£|pound|pfund|percent|free|no charge"),
    (r"what time|when do(?:es)?|first sailing|last boat|wann",
     r"\d:\d\d|\b\d+ [A-Z][a-z]|day|month"),
    (r"how (?:many|old|far)", r"\d|\b(?:one|two|three|six|twelve|zwei|drei|sechs)\b"),
)  # fmt: skip
MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")


async def solve(input: Input, llm: Client) -> Output:
    """Answer by rules; `llm` is there because all solvers are called alike."""
    return await asyncio.to_thread(answer, input.question)


def answer(question: str) -> Output:
    """Return the best sentence with its place; None where too little of the question is said."""
    found = library().ranked(question, TOP)
    retrieved = list(dict.fromkeys(passage.place for _, passage in found))
    weights = asked(question)
    best, most = None, 0.0
    for _, passage in found:
        for sentence, before in sentences(passage.text):
            score = said(weights, sentence, before, passage) * fitting(question, sentence)
            score *= DRAFT if is_draft(passage) else 1
            # Of equals the first holds: a timetable's first boat; for the last boat, the last.
            if score > most or (score == most and "last" in question.lower()):
                best, most = (sentence, passage), score
    if best is None or most < ENOUGH * sum(weights.values()):
        return Output(answer=None, retrieved=retrieved)
    sentence, passage = best
    # A cell is told in words of its row and its heads: these two lines are what is quoted.
    quotes = [sentence] if sentence in passage.quotes[0] else passage.quotes
    citations = [Citation(place=passage.place, quote=quote) for quote in quotes]
    return Output(answer=sentence, citations=citations, retrieved=retrieved)


def asked(question: str) -> dict[str, float]:
    """Return what each word of a question weighs: as much as it is rare.

    Of numbers only those of a date or a year count; "14 adults" are adults to the documents.
    """
    words = concepts(question)
    dated = any(MONTH.match(word) for word in words)
    counted = [word for word in words if dated or len(word) == 4 or not word.isdigit()]
    return {word: library().rarity(word) for word in counted}


def sentences(text: str) -> Iterator[tuple[str, str]]:
    """Yield each sentence, and the one before it where "it" goes on about the same."""
    before = ""
    for sentence in SENTENCE.split(text):
        yield sentence, before if SAME_TOPIC.match(sentence) else ""
        before = sentence


def said(weights: Mapping[str, float], sentence: str, before: str, passage: Passage) -> float:
    """Return the weight of what is asked that a sentence says, with what stands around it."""
    near = ((1.0, sentence), (ABOVE, f"{before} {passage.title}"), (BESIDE, passage.text))
    counts: dict[str, float] = {}
    for count, text in near:
        for word in concepts(text):
            counts.setdefault(word, count)
    return sum(weight * counts.get(word, 0) for word, weight in weights.items())


def fitting(question: str, sentence: str) -> float:
    """Return UNFIT where a sentence gives another kind of thing than was asked for."""
    if "arr.:" in sentence and "arrive" not in concepts(question):
        return UNFIT  # of a boat's two times, people ask for that of departure
    for asking, wanted in ASKED_FOR:
        if re.search(rf"\b(?:{asking})\b", question, re.IGNORECASE):
            return 1 if re.search(wanted, sentence, re.IGNORECASE) else UNFIT
    return 1
