"""The honest thing without a model: the best sentence of what BM25 finds, quoted."""

import re

from scaffold.llm import Client

from .cases import DOCUMENTS, RAW
from .retrieval import opened, words
from .schemas import Citation, Input, Output

TOP = 5
ENOUGH = 0.5  # of the question's weight: below a half, the documents do not say
ASKING = words("what when where which who how why is are do does did can may i my")
ASKING += words("was wann wo welche wer wie warum ist sind kann darf ich mein")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


async def solve(input: Input, llm: Client) -> Output:
    """Answer with the sentence that shares most with the question; None where that is too little.

    A word weighs as much as it is rare, one that is nowhere in the documents most. `llm` is unused.
    """
    index = opened(DOCUMENTS, RAW)
    chunks = await index.search(input.question, TOP)
    retrieved = list(dict.fromkeys(chunk.place for chunk in chunks))
    weights = {word: index.rarity(word) for word in words(input.question) if word not in ASKING}
    if not chunks or _shared(weights, chunks[0].text) <= ENOUGH * sum(weights.values()):
        return Output(answer=None, retrieved=retrieved)
    sentences = filter(str.strip, SENTENCE.split(chunks[0].text))
    best = max(sentences, key=lambda sentence: _shared(weights, sentence)).strip()
    cited = Citation(place=chunks[0].place, quote=best)
    return Output(answer=best, citations=[cited], retrieved=retrieved)


def _shared(weights: dict[str, float], text: str) -> float:
    """Return the weight of the question's words that the text has, plurals and the like alike."""
    stems = {word.rstrip("s")[:6] for word in words(text)}
    return sum(weight for word, weight in weights.items() if word.rstrip("s")[:6] in stems)
