"""The agent's loop: think, decide, act, remember. Every way out of it is a typed end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

from pydantic_core import to_json

from scaffold.llm import Client, ToolCall, ToolResult

from .schemas import Input, Output, Status, Step
from .tools import CHANGING, Desk

STEPS = 10  # that a run may take
COST_USD = Decimal("0.50")  # that it may spend; without a known price STEPS alone holds it
STEP_S = 1.0  # seconds for a tool; one that asks a network needs more
ATTEMPTS = 2  # at a step that only reads
PLAN_FIRST = False  # True: all steps at once, and none is run unless all are valid
LOGS = Path("results/agent")  # <run_id>.json, written after each step; git ignores it
YES = re.compile(r"(?is)\s*(yes|ja|please do)\b(?!.*\b(not?|don.?t|but|nein|nicht|aber)\b)")
# Given the results of the last calls: the next calls, or the answer.
Think = Callable[[list[ToolResult]], Awaitable[list[ToolCall] | str]]


class Loop:
    """One run over a desk's tools."""

    def __init__(self, input: Input, desk: Desk) -> None:
        self.desk, self.answers = desk, iter(input.answers)
        self.output = Output(run_id=desk.run_id, state=desk.state)
        self.seen, self.warned = set[bytes](), False
        # In a chat, a yes is the next turn's request.
        self.agreed = input.history[-1][1] if input.history and YES.match(input.request) else ""

    async def run(self, think: Think, llm: Client) -> Output:
        """Go on until there is an answer, or a reason to stop."""
        steps, results = self.output.steps, list[ToolResult]()
        while isinstance(thought := await think(results), list):
            if PLAN_FIRST and (wrong := [c.error for c in thought if c.error]):
                return self.log("bad_plan", f"Nothing was done: {wrong[0]}")
            results = []
            for call in thought:
                if len(steps) >= STEPS:
                    return self.log("steps", f"Stopped after {len(steps)} steps.")
                if (spent := sum(one.cost_usd or 0 for one in llm.calls)) > COST_USD:
                    return self.log("budget", f"Stopped: ${spent:.4f} is spent.")
                step = Step(tool=call.name, arguments=call.arguments)
                steps.append(step)
                if status := await self._take(step, call.error):
                    return self.log(status, step.result)
                self.log("running")
                results.append(ToolResult(call.id, step.result, is_error=step.failed))
            if PLAN_FIRST:
                return self.log("done", "\n".join(result.text for result in results))
        return self.log("done", thought)

    def log(self, status: Status, answer: str = "") -> Output:
        """Write down how far the run is; it goes on while it is `running`."""
        self.output.status, self.output.answer = status, answer
        LOGS.mkdir(parents=True, exist_ok=True)
        draft = LOGS / f"{self.output.run_id}.part"
        draft.write_text(self.output.model_dump_json(indent=1), encoding="utf-8")
        draft.replace(draft.with_suffix(".json"))  # whoever fetches it finds it whole
        return self.output

    async def _take(self, step: Step, error: str | None) -> Status | None:
        """Take one step; return a status where it is the last."""
        if error:
            step.result = error
            return None
        # To look again once a change was made or tried is no repetition; to make it again is one.
        tried = sum(one.attempts for one in self.output.steps if one.tool in CHANGING)
        this = to_json([step.tool, step.arguments, None if step.tool in CHANGING else tried])
        if this in self.seen:
            step.result = "You did exactly this before: do something else, or end."
            already, self.warned = self.warned, True
            return "loop" if already else None
        self.seen.add(this)
        question = str(step.arguments.get("question"))
        if step.tool != "ask_user":
            step.decision = self.desk.decide(step.tool, step.arguments)
            question = f"May I {step.tool} {to_json(step.arguments).decode()}? (yes or no)"
        if step.decision == "refuse":
            step.result = "Refused: that may not be done here, whoever asks for it."
            return None
        if step.tool == "ask_user" or (step.decision == "ask" and question != self.agreed):
            answer = next(self.answers, "")
            step.result, step.failed = answer or question, False
            if step.tool == "ask_user" or not YES.match(answer):  # anything unclear is no
                return None if answer else "asked"
        await self._act(step)
        return None

    async def _act(self, step: Step) -> None:
        """Call the tool within its time; one that only reads is tried again where it hangs."""
        changing = step.tool in CHANGING
        for step.attempts in range(1, 2 if changing else ATTEMPTS + 1):
            try:
                async with asyncio.timeout(STEP_S):
                    result = await self.desk.call(step.tool, step.arguments)
                step.result = result if isinstance(result, str) else to_json(result).decode()
                step.failed = False
                return
            except Exception as error:  # whatever it is, the model may find another way
                why = str(error) or f"no answer in {STEP_S} s"
                step.result, step.failed = f"{type(error).__name__}: {why}", True
                if not isinstance(error, OSError):  # a timeout is one, too
                    return
        if changing:
            step.result += ". Whether it was done is not known: look before you go on"


def fetch(run_id: str) -> Output:
    """Return a run by its id, also one that is under way. Raises KeyError."""
    logs = {file.stem: file for file in LOGS.glob("*.json")}
    return Output.model_validate_json(logs[run_id].read_text(encoding="utf-8"))
