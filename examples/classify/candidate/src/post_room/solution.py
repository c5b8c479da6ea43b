"""The solution with a model, not run for want of a key: it reads the words that no list holds."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import create_model

from scaffold.llm import Client, LLMError
from scaffold.prompts import render

from . import desks
from .cases import labels
from .schemas import Input, Output


async def solve(input: Input, llm: Client) -> Output:
    """Return the label that the model chooses among `labels()`; prompts/classify.j2 says how.

    Where it fails, is late or insists on a label that there is not, the lists answer.
    """
    known = labels()
    prompt = render("classify.j2", input=input, labels=known)
    try:
        reply = await llm.ask(prompt, returns=_choice(known))
    except LLMError:
        return await desks.solve(input, llm)
    chosen = reply.output
    return Output(label=chosen.label, reason=chosen.reason, confidence=chosen.confidence)


def _choice(known: Sequence[str]) -> type[Output]:
    """Return Output with these labels only, so that a vendor's strict schema lists them."""
    options: Any = Literal.__getitem__(tuple(known))
    choice: type[Output] = create_model("Choice", __base__=Output, label=(options, ...))
    return choice
