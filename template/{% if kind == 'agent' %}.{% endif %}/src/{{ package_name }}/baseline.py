"""The honest thing without a model: a planner by rules, over the same tools in the same loop."""

import re
from collections.abc import Generator
from hashlib import sha256
from typing import Any

from scaffold.llm import Client, ToolCall, ToolResult

from .loop import Loop
from .schemas import Input, Output
from .tools import Desk

SUM = re.compile(r"(?<![\d.,])\d{1,9}(?:\.\d\d?)?(?![.,]?\d)")  # as 12.50; no part of 1,200
ORDER = re.compile(r"\bq-?(\d+)", re.IGNORECASE)


async def solve(input: Input, llm: Client) -> Output:
    """Return how the run ended; `llm` is there because all solvers are called alike."""
    run_id = f"baseline-{sha256(input.model_dump_json().encode()).hexdigest()[:12]}"
    plan = planned(input.request)

    async def think(results: list[ToolResult]) -> list[ToolCall] | str:
        try:
            return [ToolCall("1", *(plan.send(results[0]) if results else next(plan)))]
        except StopIteration as end:
            return str(end.value)

    return await Loop(input, Desk(input.state, run_id, input.faults)).run(think, llm)


def planned(request: str) -> Generator[tuple[str, dict[str, Any]], ToolResult, str]:
    """Yield calls, take their results, return the answer: which order, then what a word asks for."""
    asking = "ask_user", {"question": "Which order is it about?"}
    named = ORDER.search(request) or ORDER.search((yield asking).text)
    order = {"order_id": f"Q-{named[1]}" if named else "?"}
    found = yield "get_order", order
    if found.is_error:
        return f"That could not be looked up: {found.text}"
    if "cancel" in request.lower():
        return (yield "cancel_order", order).text
    sum_ = SUM.search(ORDER.sub("", request))
    if sum_ and re.search("refund|back", request.lower()):
        return (yield "refund", {**order, "cents": round(float(sum_[0]) * 100)}).text
    return found.text
