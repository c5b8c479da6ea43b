"""The solution with a model, not run for want of a key: it reads, and what it adds is taken out."""

from __future__ import annotations

from decimal import Decimal

from scaffold.llm import Client
from scaffold.prompts import render

from .reading import amounts, mended
from .schemas import Input, Output


async def solve(input: Input, llm: Client) -> Output:
    """Return what the model reads, without a sum that stands nowhere in the document."""
    reply = await llm.ask(render("extract.j2", input=input), returns=Output)
    return grounded(reply.output, input.text)


def grounded(answer: Output, text: str) -> Output:
    """Return the answer with None for each sum that the text does not hold, whatever its sign."""
    written = {abs(amount.value) for amount in amounts(mended(text))}

    def kept(value: Decimal | None) -> Decimal | None:
        return value if value is not None and abs(value) in written else None

    return answer.model_copy(update={"net": kept(answer.net), "total": kept(answer.total)})
