"""The solution: the best chunks, a model that answers out of them, and quotes that are checked."""

from __future__ import annotations

from scaffold.llm import Client
from scaffold.prompts import render

from .retrieval import Chunk, Retriever
from .schemas import Answer, Citation, Input, Output
from .search import library

TOP = 5


async def solve(input: Input, llm: Client) -> Output:
    """Return the model's answer; prompts/answer.j2 says how, `cited` what of it is believed."""
    retriever: Retriever = library()  # the same search as in rules.py
    chunks = await retriever.search(input.question, TOP)
    retrieved = list(dict.fromkeys(chunk.place for chunk in chunks))
    if not chunks:  # nothing to answer from, so nothing to ask
        return Output(answer=None)
    # As JSON: no text of a document can end its passage and go on as our own words.
    passages = [{"place": chunk.place, "text": chunk.text} for chunk in chunks]
    prompt = render("answer.j2", question=input.question, passages=passages)
    reply = await llm.ask(prompt, returns=Answer)
    citations = cited(reply.output.quotes, chunks) if reply.output.answer else []
    answer = reply.output.answer if citations else None  # no quote that holds, no answer
    return Output(answer=answer, citations=citations, retrieved=retrieved)


def cited(quotes: list[str], chunks: list[Chunk]) -> list[Citation]:
    """Return the quotes with the place where they stand (blanks aside); others are dropped."""
    found = []
    for quote in quotes:
        words = " ".join(quote.split())
        chunk = next((c for c in chunks if words and words in " ".join(c.text.split())), None)
        if chunk:
            found.append(Citation(place=chunk.place, quote=words))
    return found
