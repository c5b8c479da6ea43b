"""What goes through the harness: a case, what a solver made of it, how scores are declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

In = TypeVar("In")
Ex = TypeVar("Ex")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Case(Generic[In, Ex]):
    """One thing to solve. `group` names what cases share (a document, an author, a patient)."""

    id: str
    input: In
    expected: Ex | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    split: Literal["dev", "test"] = "dev"
    reviewed: bool = True


@dataclass(slots=True)
class Call:
    """One call to a model as plain data; costs in US dollars, None without a known price."""

    model: str
    prompt: str = ""
    reply: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    latency_s: float = 0.0
    attempts: int = 1
    replayed: bool = False
    finish_reason: str | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None


@dataclass(slots=True)
class Outcome(Generic[Out]):
    """What a solver made of a case: an output, or an error with its kind; and every call."""

    output: Out | None
    error: str | None = None
    error_kind: str | None = None
    calls: list[Call] = field(default_factory=list)
    latency_s: float = 0.0

    @classmethod
    def failed(cls, error: BaseException, calls: Sequence[Call] = ()) -> Outcome[Any]:
        """Make an exception the case's result, with the line of code that raised it."""
        trace, where = error.__traceback__, ""
        while trace:
            file = Path(trace.tb_frame.f_code.co_filename).name
            where, trace = f" ({file}:{trace.tb_lineno})", trace.tb_next
        return cls(None, f"{error or 'no message'}{where}", type(error).__name__, list(calls))


Solver = Callable[[Case[Any, Any], int], Awaitable[Outcome[Any]]]
Scorer = Callable[[Case[Any, Any], Outcome[Any]], dict[str, float | bool | None]]


@dataclass(frozen=True, slots=True)
class Score:
    """Declares a score that is more than "higher is better, an error counts 0, mean".

    `on_error`: what a case without an output counts as; None leaves it out, and says how many.
    `summary`: a figure over all rows instead of the mean (macro F1, kappa); each row is a dict
    with `expected`, `output`, `scores` and `error_kind`. Its interval is a bootstrap by group.
    """

    higher_is_better: bool = True
    on_error: float | None = 0.0
    summary: Callable[[Sequence[dict[str, Any]]], float | None] | None = None
