"""Whose call it is, and what became of it: how client and transport talk past the SDK between."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from .errors import LLMError
from .messages import LoggedCall, Usage
from .vendors import Answer


@dataclass
class Scope:
    """A case and an epoch, or neither: its log, and what was asked in it."""

    case: str | None = None
    epoch: int = 0
    calls: list[LoggedCall] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)  # key -> how often
    given: set[str] = field(default_factory=set)  # by now() and new_id(): may stand in a body

    def place(self, key: str, *, again: bool = False) -> int:
        """The place of a call among those with this key, from 0; `again`: an SDK's retry."""
        count = self.asked.get(key, 0)
        if again and count:
            return count - 1
        self.asked[key] = count + 1
        return count

    def log(self, calls: list[Call], prompt: str, error: LLMError | None = None) -> None:
        """Add one line for one or (after a correction) two exchanges."""
        answer, known = calls[-1].answer or Answer(), summary(calls)
        line = LoggedCall(prompt=prompt, reply=answer.text, **asdict(known.pop("usage")), **known)
        names = ("id", "name", "arguments")
        line.tool_calls = [dict(zip(names, call, strict=True)) for call in answer.calls]
        line.error = str(error) if error else None
        self.calls.append(line)


@dataclass
class Call:
    """One exchange with a vendor. The client sets the first four, the transport the rest."""

    scope: Scope
    model: str = ""
    sample: int | None = None
    names: dict[str, str] = field(default_factory=dict)  # an attachment's hash -> its file's name
    started: float = field(default_factory=time.perf_counter)
    attempts: int = 0
    replayed: bool = False
    latency_s: float = 0.0
    cost_usd: Decimal | None = None
    request_id: str | None = None
    answer: Answer | None = None
    error: LLMError | None = None


def summary(calls: list[Call]) -> dict[str, Any]:
    """What a reply and a line of the log both say about their exchanges."""
    answers = [call.answer for call in calls if call.answer]
    costs = [call.cost_usd for call in calls if call.answer]
    return {
        "usage": sum((answer.usage for answer in answers), Usage()),
        "cost_usd": None if None in costs else sum((cost for cost in costs if cost), Decimal(0)),
        "latency_s": round(sum(call.latency_s for call in calls), 4),
        "model": answers[-1].model if answers else calls[-1].model,
        "finish_reason": answers[-1].finish_reason if answers else None,
        "attempts": sum(call.attempts for call in calls),
        "replayed": all(call.replayed for call in calls),
    }


CURRENT: ContextVar[Call | None] = ContextVar("CURRENT", default=None)
