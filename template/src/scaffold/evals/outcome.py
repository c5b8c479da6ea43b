"""What goes through the harness: a case, what a solver made of it, how a score is declared."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from traceback import extract_tb
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

In = TypeVar("In")
Ex = TypeVar("Ex")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Case(Generic[In, Ex]):
    """One thing to solve. `group` names what cases share (a document, an author, a patient)."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "coerce_numbers_to_str": True}
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
    def failed(cls, error: BaseException) -> Self:
        """Make an exception the case's result, with the line of code that raised it."""
        last = extract_tb(error.__traceback__, limit=-1)
        where = "".join(f" ({Path(frame.filename).name}:{frame.lineno})" for frame in last)
        return cls(None, f"{str(error) or 'no message'}{where}", type(error).__name__)


Solver = Callable[[Case[Any, Any], int], Awaitable[Outcome[Any]]]
Scorer = Callable[[Case[Any, Any], Outcome[Any]], dict[str, float | bool | None]]


@dataclass(frozen=True, slots=True)
class Score:
    """Declares a score that is more than "higher is better, an error counts 0, mean".

    `on_error` None leaves a case without an output out. `summary` is a figure over all rows (macro
    F1, kappa), each a dict with `expected`, `output`, `scores`, `error_kind`; it is bootstrapped.
    """

    higher_is_better: bool = True
    on_error: float | None = 0.0
    summary: Callable[[Sequence[dict[str, Any]]], float | None] | None = None
