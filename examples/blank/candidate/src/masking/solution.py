"""The solution with a model, not run for want of a key: rules first, so that it never sees a number."""

from __future__ import annotations

from scaffold.llm import Client, LLMError
from scaffold.prompts import render

from .rules import masked
from .schemas import Input, Output


async def solve(input: Input, llm: Client) -> Output:
    """Return what the model leaves of the message after the rules, which then run once more.

    What they find leaves this machine masked already, so that the vendor gets the rest alone; and
    whatever the model put back or was told to leave is masked again. Without an answer the rules' own
    is returned.
    """
    before = Input(text=masked(input.text))
    try:
        reply = await llm.ask(render("answer.j2", input=before), returns=Output)
    except LLMError:
        return Output(text=before.text)
    return Output(text=masked(reply.output.text))
