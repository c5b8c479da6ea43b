"""What client, transport and a vendor's file tell each other."""

import importlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import astuple, dataclass, field
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel

from .errors import LLMError, Rejected
from .messages import Message, Reply, Tool, Usage


@dataclass(frozen=True)
class Vendor:
    """One server. Its module here has four functions.

    `body(request)`: the arguments of the SDK's `create`; None stands for "not given".
    `read(data)`: a Reply; its finish_reason is "max_tokens" or "refusal" where it is one of these.
    `piece(event)`: the text in one event of a stream.
    `whole(events)`: what `read` takes, or None where the end is missing.
    """

    name: str
    provider: str  # this and `flavor` are its names in genai-prices
    flavor: str
    module: str
    sdk: str  # module and class
    endpoint: str  # what of the SDK has `create`; the URL's path ends the same
    base_url: str | None = None  # None: the SDK knows it; <NAME>_BASE_URL goes before it
    free: bool = False  # costs nothing, needs no key

    @property
    def protocol(self) -> Any:
        """The module. Raises `Rejected` where this repository was made without it."""
        return part(self.module)

    @property
    def key_variable(self) -> str:
        """The environment's variable for the key, as the vendors' SDKs call it."""
        return f"{self.name.upper()}_API_KEY"


_CHAT = ("compatible", "openai:AsyncOpenAI", "chat.completions")
_GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai/"
# A new vendor is one file and one line; a new server that speaks OpenAI's chat completions, a line.
_ALL = (
    Vendor(
        "anthropic", "anthropic", "default", "anthropic", "anthropic:AsyncAnthropic", "messages"
    ),
    Vendor("openai", "openai", "responses", "openai", "openai:AsyncOpenAI", "responses"),
    Vendor("gemini", "google", "chat", *_CHAT, _GOOGLE),
    Vendor("openrouter", "openrouter", "chat", *_CHAT, "https://openrouter.ai/api/v1"),
    Vendor("groq", "groq", "default", *_CHAT, "https://api.groq.com/openai/v1"),
    Vendor("ollama", "ollama", "chat", *_CHAT, "http://localhost:11434/v1", free=True),
    Vendor("compatible", "openai", "chat", *_CHAT, "http://COMPATIBLE_BASE_URL-is-not-set.invalid"),
)
VENDORS = {vendor.name: vendor for vendor in _ALL}


def vendor_of(address: str) -> Vendor:
    """Find the vendor of `vendor:model`. Raises `Rejected` where there is none."""
    name, known = address.partition(":")[0], ", ".join(VENDORS)
    if name not in VENDORS:
        raise Rejected(f"There is no vendor {name!r}; write a model as vendor:name, with {known}.")
    return VENDORS[name]


def part(name: str) -> Any:
    """A module beside this one that a repository may be made without. Raises `Rejected`."""
    if find_spec(f"{__package__}.{name}") is None:
        question = "vendors" if name in {vendor.module for vendor in _ALL} else "parts"
        command = f"`copier update --trust -d '{question}=[{name}]'`"
        raise Rejected(
            f"This repository was made without {name}; {command} adds it (name yours, too)."
        )
    return importlib.import_module(f"{__package__}.{name}")


@dataclass(slots=True)
class Request:
    """What was asked, for a vendor to put into its own words."""

    address: str  # vendor:model
    messages: list[Message]
    system: str | None
    settings: Mapping[str, Any]
    max_tokens: int
    returns: type[BaseModel] | None = None
    tools: Sequence[Tool] = ()
    stream: bool = False

    @property
    def model(self) -> str:
        """The vendor's own name of the model, which may hold colons too."""
        return self.address.partition(":")[2]

    def __str__(self) -> str:
        system = [f"[system]\n{self.system}"] if self.system else []
        return "\n\n".join([*system, *map(str, self.messages)])


@dataclass
class Scope:
    """A case and an epoch, or neither: its log, and what was asked in it."""

    case: str | None = None
    epoch: int = 0
    calls: list[Reply[Any]] = field(default_factory=list)
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
        costs = (before.cost_usd, reply.cost_usd)
        reply.cost_usd = None if costs[0] is None or costs[1] is None else costs[0] + costs[1]
        pairs = zip(astuple(before.usage), astuple(reply.usage), strict=True)
        reply.usage = Usage(*map(sum, pairs))
        reply.latency_s += before.latency_s
        reply.replayed = reply.replayed and (before.replayed or not before.attempts)
        reply.attempts += before.attempts

    def failed(self, kind: type[LLMError], problem: str) -> LLMError:
        """An error that carries what there is of the answer."""
        reply = self.reply
        return kind(f"{reply.model}: {problem}.", reply.text, reply.usage, reply.request_id)

    def log(self, prompt: str, error: LLMError | None = None) -> None:
        """Add what came of it to the log of the scope."""
        self.reply.prompt, self.reply.error = prompt, str(error) if error else None
        self.scope.calls.append(self.reply)


# How the transport, below an SDK, knows whose call it is.
CURRENT: ContextVar[Call | None] = ContextVar("CURRENT", default=None)
