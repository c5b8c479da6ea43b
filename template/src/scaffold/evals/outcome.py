"""What goes through the harness: a case, what a solver made of it, how a score is declared."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar

In = TypeVar("In")
Ex = TypeVar("Ex")
Out = TypeVar("Out")
FALLBACK = "_with_fallback"  # ends the name of the first score as users get it


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
class Outcome(Generic[Out]):
    """What a solver made of a case: an output, or an error with its kind; and every call.

    A call is plain data as far as it is known: model, prompt, reply, input_tokens, output_tokens,
    cost_usd (None without a price), latency_s, replayed, finish_reason, tool_calls, error, ….
    What a scorer asked stands apart, in `judge_calls`; so does what answered in the model's place.
    """

    output: Out | None
    error: str | None = None
    error_kind: str | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    latency_s: float = 0.0
    judge_calls: list[dict[str, Any]] = field(default_factory=list)
    fallback: Out | None = None  # beside an error: it earns the model nothing

    @classmethod
    def failed(cls, error: BaseException, fallback: Out | None = None, calls: Any = ()) -> Self:
        """Make an exception the case's result, with the line of code that raised it."""
        late = isinstance(error, TimeoutError)
        said = str(error) or ("it took too long (see case_s)" if late else "no message")
        for frame in extract_tb(error.__traceback__, limit=-1):
            said += f" ({Path(frame.filename).name}:{frame.lineno})"
        return cls(None, said, type(error).__name__, [*calls], fallback=fallback)


class Ask(Protocol):
    """How a scorer asks a model: the reply's `output` is of the type `returns`."""

    def __call__(
        self, prompt: str, *, returns: type[Any] = str, model: str | None = None
    ) -> Awaitable[Any]:
        """Ask once; `model` is another than the solver's, as vendor:name."""


Solver = Callable[[Case[Any, Any], int], Awaitable[Outcome[Any]]]
Scorer = Callable[..., Any]  # case, outcome and, where it is async, Ask -> numbers by their names


@dataclass(frozen=True, slots=True)
class Score:
    """Declares a score that is more than "higher is better, an error counts 0, mean".

    `on_error` None leaves a case out. `summary` (macro F1, kappa) is over all lines of cases.jsonl.
    """

    higher_is_better: bool = True
    on_error: float | None = 0.0
    summary: Callable[[Sequence[dict[str, Any]]], float | None] | None = None
