"""The vendors, and what client, transport and a vendor's file tell each other."""

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, NamedTuple

from pydantic import BaseModel

from .errors import Rejected
from .messages import Message, Reply


@dataclass(frozen=True)
class Vendor:
    """A server. Its `module` speaks the protocol, and holds beside SDK, ENDPOINT and USAGE:

    `body(request)`: the arguments of the SDK's `create`; None stands for "not given".
    `read(data, reply)`: fills in text, tool calls, message and finish_reason, which all vendors
    call "refusal" or "max_tokens" where it is one. For a stream `piece(event)`, the text in an
    event, and `whole(events)`, what `read` takes, or None where the end is missing.
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
    """A module beside this one; `Rejected` where this repository was made without it."""
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


@dataclass
class Call:
    """One call on its way: the client bound to its case, and in `reply` what came of it so far."""

    client: Any
    reply: Reply[Any]
    sample: int | None = None
    attachments: Sequence[str] = ()  # their names; some vendors take none
    started: float = field(default_factory=time.perf_counter)


# How the transport, below an SDK, knows whose call it is.
CURRENT: ContextVar[Call | None] = ContextVar("CURRENT", default=None)
