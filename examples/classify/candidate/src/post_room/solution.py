"""The solution with a model, not run for want of a key: it reads the words that no list holds."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import create_model

from scaffold.llm import Client
from scaffold.prompts import render

from .cases import labels
from .schemas import Input, Output


async def solve(input: Input, llm: Client) -> Output:
    """Return the label that the model chooses among `labels()`; prompts/classify.j2 says how.

    Raises:
        LLMError: also where the model insists on a label that there is not.
    """
    known = labels()
    prompt = render("classify.j2", input=input, labels=known)
    chosen = (await llm.ask(prompt, returns=_choice(known))).output
    return Output(label=chosen.label, reason=chosen.reason, confidence=chosen.confidence)


def _choice(known: Sequence[str]) -> type[Output]:
    """Return Output with these labels only, so that a vendor's strict schema lists them."""
    options: Any = Literal.__getitem__(tuple(known))
    choice: type[Output] = create_model("Choice", __base__=Output, label=(options, ...))
    return choice
