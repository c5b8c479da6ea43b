"""What a thousand requests would cost with a model: an estimate by length, not a measurement.

`uv run python -m hire_desk.cost`; without a key nobody has counted a token here. It takes a model
that makes the planner's calls: what `solution.py` would then send is known to the letter.
"""

from __future__ import annotations

import asyncio
import json
from statistics import fmean

from genai_prices import Usage, calc_price

from scaffold.llm import ScriptedModel, ToolCall

from . import planner, solution
from .cases import cases
from .schemas import Input

MODELS = {"claude-sonnet-5-5": "anthropic", "claude-haiku-4-5": "anthropic"}
CHARACTERS_A_TOKEN = 3  # a cautious guess: English prose has about 4, JSON fewer
REQUESTS = 1000


async def lengths(input: Input) -> tuple[int, int]:
    """Return the characters that go to the model in all turns of a run, and those that come back."""
    steps = (output := await planner.solve(input, ScriptedModel([]))).steps
    calls = [ToolCall("1", step.tool, step.arguments) for step in steps]
    model = ScriptedModel([*calls, output.answer])
    await solution.solve(input, model)
    sent = 0
    for request in model.requests:  # each turn sends all that was said before once more
        schemas = [json.dumps(tool.arguments.model_json_schema()) for tool in request.tools]
        about = [tool.description for tool in request.tools]
        sent += sum(map(len, [str(request), *schemas, *about]))
    return sent, len(output.answer) + sum(len(json.dumps(step.arguments)) for step in steps)


async def main() -> None:
    """Print US dollars for each model."""
    runs = [await lengths(case.input) for case in cases() if not case.input.faults]
    sent, answered = (fmean(column) for column in zip(*runs, strict=True))
    each = Usage(
        input_tokens=round(sent / CHARACTERS_A_TOKEN),
        output_tokens=round(answered / CHARACTERS_A_TOKEN),
    )
    print(f"about {each.input_tokens} tokens in and {each.output_tokens} out for a request")
    for model, vendor in MODELS.items():
        price = calc_price(each, model, provider_id=vendor).total_price * REQUESTS
        print(f"{model}: about ${price:.2f} for {REQUESTS} requests")


if __name__ == "__main__":
    asyncio.run(main())
