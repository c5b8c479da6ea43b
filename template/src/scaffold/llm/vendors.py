"""What client, transport and a vendor's file tell each other."""

import importlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, NamedTuple

from pydantic import BaseModel

from .errors import Rejected
from .messages import Document, Message, Prompt, Reply


@dataclass(frozen=True)
class Vendor:
    """A server. `module` speaks its protocol: SDK, what of it has `create` (the URL's path ends
    the same) and who reads its usage in genai-prices; then

    `body(request)`: the arguments of `create`; None stands for "not given".
    `read(data, reply)`: fills in text, tool calls, message and finish_reason, which is
    "max_tokens" or "refusal" where it is one of these.
    `piece(event)`: the text in one event of a stream.
    `whole(events)`: what `read` takes, or None where the end is missing.
    """

    name: str
    module: str
    provider: str  # its name in genai-prices
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


_GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai/"
# A new vendor is one file and one line; a new server that speaks OpenAI's chat completions, a line.
_ALL = (
    Vendor("anthropic", "anthropic", "anthropic"),
    Vendor("openai", "openai", "openai"),
    Vendor("gemini", "compatible", "google", _GOOGLE),
    Vendor("openrouter", "compatible", "openrouter", "https://openrouter.ai/api/v1"),
    Vendor("groq", "compatible", "groq", "https://api.groq.com/openai/v1"),
    Vendor("ollama", "compatible", "ollama", "http://localhost:11434/v1", free=True),
    Vendor("compatible", "compatible", "openai", "http://COMPATIBLE_BASE_URL-is-not-set.invalid"),
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
        add = f"`copier update --trust -d '{question}=[{name}]'` adds it (name yours, too)"
        raise Rejected(f"This repository was made without {name}; {add}.")
    return importlib.import_module(f"{__package__}.{name}")


class Tool(NamedTuple):
    """A function that a model may call, and a model of its arguments."""

    name: str
    description: str
    arguments: type[BaseModel]
    function: Callable[..., Any]


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


def conversation(prompt: Prompt, attachments: Sequence[Document] = ()) -> list[Message]:
    """A prompt as messages; attachments go in front of the last text, as vendors advise."""
    if isinstance(prompt, str | Message):
        prompt = [prompt if isinstance(prompt, Message) else Message("user", prompt)]
    *before, last = prompt
    return [*before, Message(last.role, [*attachments, *last.parts]) if attachments else last]


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
    """One call on its way: whose it is, and in `reply` what came of it so far."""

    scope: Scope
    reply: Reply[Any]
    sample: int | None = None
    started: float = 0.0


# How the transport, below an SDK, knows whose call it is.
CURRENT: ContextVar[Call | None] = ContextVar("CURRENT", default=None)
