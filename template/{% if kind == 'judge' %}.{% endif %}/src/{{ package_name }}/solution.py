"""The solution: wired to a model, waiting for the problem."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import create_model

from scaffold.llm import Client, LLMError
from scaffold.prompts import render

from . import baseline
from .cases import verdicts
from .schemas import Input, Judgement, Output

EXCHANGED = {"A": "B", "B": "A", "tie": "tie"}


async def solve(input: Input, llm: Client) -> Output:
    """Return the model's verdict by the rubric in prompts/judge.j2.

    A pair is judged in both orders, and a verdict that depends on the order is a tie (Zheng et al.
    2023, arxiv.org/abs/2306.05685, section 3.4).

    Raises CasesError: a single answer, and no case says what verdicts there are.
    """
    try:
        shown = await _judge(input, llm)
        if input.other is None:
            return Output(**shown.model_dump())
        exchanged = input.model_copy(update={"answer": input.other, "other": input.answer})
        b_first = EXCHANGED[(await _judge(exchanged, llm)).verdict]
    except LLMError:  # failed, late, over budget: the score counts it as wrong all the same
        return await baseline.solve(input, llm)
    verdict = shown.verdict if shown.verdict == b_first else "tie"
    return Output(reason=shown.reason, verdict=verdict, a_first=shown.verdict, b_first=b_first)


async def _judge(input: Input, llm: Client) -> Judgement:
    known = verdicts(input)
    prompt = render("judge.j2", input=input, verdicts=known)
    return (await llm.ask(prompt, returns=_choice(known))).output


def _choice(known: Sequence[str]) -> type[Judgement]:
    """Return Judgement with these verdicts only, so that a vendor's strict schema lists them."""
    options: Any = Literal.__getitem__(tuple(known))
    choice: type[Judgement] = create_model("Choice", __base__=Judgement, verdict=(options, ...))
    return choice
