"""The solution: wired to a model, waiting for the problem."""

from __future__ import annotations

from scaffold.llm import Client
from scaffold.prompts import render

from .schemas import Input, Output


async def solve(input: Input, llm: Client) -> Output:
    """Return what the model makes of the input; prompts/answer.j2 says how."""
    reply = await llm.ask(render("answer.j2", input=input), returns=Output)
    return reply.output
