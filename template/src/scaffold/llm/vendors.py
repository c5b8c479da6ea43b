"""What client, transport and a vendor's file tell each other."""

from __future__ import annotations

import importlib
import importlib.util
from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from pydantic import BaseModel

from .errors import LLMError, Rejected
from .messages import LoggedCall, Message, Reply, Tool

# Vendor -> its module here. A new vendor is one file and one line.
MODULES = {"anthropic": "anthropic", "openai": "openai"} | dict.fromkeys(
    ("gemini", "openrouter", "ollama", "groq", "compatible"), "compatible"
)


@dataclass(frozen=True)
class Vendor:
    """One server. `protocol` is its module here, with four functions.

    `body(request)`: the arguments of the SDK's `create`; None stands for "not given".
    `read(data)`: a Reply; its finish_reason is "max_tokens" or "refusal" where it is one of these.
    `piece(event)`: the text in one event of a stream.
    `whole(events)`: what `read` takes, or None where the end is missing.
    """

    name: str
    provider: str  # this and `flavor` are its names in genai-prices
    flavor: str
    sdk: str  # module and class
    endpoint: str  # what of the SDK has `create`; the URL's path ends the same
    key_variable: str
    base_url: str | None = None  # None: the SDK knows it, and has a variable for it
    free: bool = False  # costs nothing, needs no key

    @property
    def protocol(self) -> Any:
        """The module. Raises `Rejected` where this repository was made without it."""
        return part(MODULES[self.name])


def vendor_of(address: str) -> Vendor:
    """Find the vendor of `vendor:model`. Raises `Rejected` where there is none."""
    name = address.partition(":")[0]
    if name not in MODULES:
        known = ", ".join(MODULES)
        raise Rejected(f"There is no vendor {name!r}; write a model as vendor:name, with {known}.")
    return cast(Vendor, part(MODULES[name]).vendor(name))


def part(name: str) -> Any:
    """A module beside this one that a repository may be made without. Raises `Rejected`."""
    if importlib.util.find_spec(f"{__package__}.{name}") is None:
        question = "vendors" if name in MODULES.values() else "parts"
        answer = "documents" if name == "attachments" else name
        advice = f"add it with `copier update --trust -d '{question}=[{answer}]'`"
        raise Rejected(
            f"This repository was made without {answer}; {advice}, naming what you have."
        )
    return importlib.import_module(f"{__package__}.{name}")


@dataclass(slots=True)
class Request:
    """What was asked, for a vendor to put into its own words."""

    address: str  # vendor:model
    messages: list[Message]
    system: str | None
    settings: Mapping[str, Any]
    max_tokens: int = 0
    returns: type[BaseModel] | None = None
    tools: Sequence[Tool] = ()
    stream: bool = False

    @property
    def model(self) -> str:
        """The vendor's own name of the model, which may hold colons too."""
        return self.address.partition(":")[2]

    def __str__(self) -> str:
        """Show it as a person reads it."""
        system = [f"[system]\n{self.system}"] if self.system else []
        return "\n\n".join([*system, *map(str, self.messages)])


@dataclass
class Scope:
    """A case and an epoch, or neither: its log, and what was asked in it."""

    case: str | None = None
    epoch: int = 0
    calls: list[LoggedCall] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)  # key of a request -> how often
    given: set[str] = field(default_factory=set)  # by now() and new_id()

    def place(self, key: str, *, again: bool = False) -> int:
        """The place of a call among those with this key, from 0; `again`: an SDK's retry."""
        self.asked[key] += not again
        return max(self.asked[key], 1) - 1


@dataclass
class Call:
    """One call on its way; `reply` holds what came of its exchanges so far."""

    scope: Scope
    reply: Reply[Any]
    sample: int | None = None
    error: LLMError | None = None
    started: float = 0.0

    def add(self, reply: Reply[Any]) -> None:
        """Take the reply to one exchange, and count those before it (a correction has one) in."""
        before, self.reply = self.reply, reply
        costs = (reply.cost_usd, before.cost_usd)
        reply.cost_usd = None if costs[0] is None or costs[1] is None else costs[0] + costs[1]
        reply.usage += before.usage
        reply.latency_s += before.latency_s
        reply.attempts += before.attempts
        reply.replayed = reply.replayed and (before.replayed or not before.attempts)

    def failed(self, kind: type[LLMError], problem: str) -> LLMError:
        """An error that carries what there is of the answer."""
        reply = self.reply
        return kind(f"{reply.model}: {problem}.", reply.text, reply.usage, reply.request_id)

    def log(self, prompt: str, error: LLMError | None = None) -> None:
        """Add a line to the log of the scope."""
        names = ("model", "cost_usd", "latency_s", "attempts", "replayed", "finish_reason")
        line = LoggedCall(
            prompt=prompt,
            reply=self.reply.text,
            tool_calls=[
                {"id": call.id, "name": call.name, "arguments": call.arguments}
                for call in self.reply.tool_calls
            ],
            error=str(error) if error else None,
            **asdict(self.reply.usage),
            **{name: getattr(self.reply, name) for name in names},
        )
        self.scope.calls.append(line)


# How the transport, below an SDK, knows whose call it is.
CURRENT: ContextVar[Call | None] = ContextVar("CURRENT", default=None)
