"""What a vendor's file provides, and where it is found."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, cast

from pydantic import BaseModel, SecretStr

from .errors import Rejected
from .messages import Message, Usage
from .tools import Tool

# Vendor -> its module here. A new vendor is one file and one line.
VENDORS = {
    "anthropic": "anthropic",
    "openai": "openai",
    **dict.fromkeys(("gemini", "openrouter", "ollama", "groq", "compatible"), "compatible"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What `ask` was asked, for a vendor to put into its own words."""

    address: str  # vendor:model
    messages: list[Message]
    system: str | None
    max_tokens: int
    settings: Mapping[str, Any]
    returns: type[BaseModel] | None = None
    tools: list[Tool] = field(default_factory=list)
    stream: bool = False

    @property
    def vendor(self) -> str:
        """The part of the address before the first colon."""
        return self.address.partition(":")[0]

    @property
    def model(self) -> str:
        """The vendor's own name of the model, which may hold colons too."""
        return self.address.partition(":")[2]

    def __str__(self) -> str:
        """Show it as a person reads it."""
        system = [f"[system]\n{self.system}"] if self.system else []
        return "\n\n".join([*system, *map(str, self.messages)])


@dataclass(slots=True)
class Answer:
    """What a vendor's answer says; `calls` are id, name and arguments, `refusal` is its reason."""

    text: str = ""
    calls: list[tuple[str, str, str | dict[str, Any]]] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    finish_reason: str | None = None
    truncated: bool = False
    refusal: str | None = None
    native: Any = None  # what to send back to the same vendor, as it was


@dataclass(frozen=True)
class Vendor:
    """One wire protocol, at one place."""

    name: str
    provider: str  # this and `flavor` are its names in genai-prices
    flavor: str
    path: str  # how the path of a call that a model answers ends
    sdk: str  # module and class
    endpoint: str  # the part of the SDK that has `create`
    key_variables: tuple[str, ...]
    body: Callable[[Request], dict[str, Any]]  # the arguments of `create`
    read: Callable[[dict[str, Any]], Answer]
    piece: Callable[[dict[str, Any]], str]  # the text in one event of a stream
    whole: Callable[[list[dict[str, Any]]], dict[str, Any] | None]  # events -> answer, if whole
    base_url: str | None = None  # None: the SDK knows it; empty: it has to be set
    free: bool = False  # costs nothing, needs no key

    def key(self) -> SecretStr | None:
        """The key from the environment."""
        found = (os.environ.get(variable) for variable in self.key_variables)
        return next((SecretStr(key) for key in found if key), None)

    def client(self, key: SecretStr | None, **options: Any) -> Any:
        """The SDK's client; a replay needs no key, but the SDK wants one."""
        module, _, name = self.sdk.partition(":")
        secret = key.get_secret_value() if key else "none"
        base_url = options["base_url"] or self.base_url
        if base_url == "" and key:
            variable = f"{self.name.upper()}_BASE_URL"
            raise Rejected(f"Where is {self.name!r}? Set {variable}, or pass base_urls to Client.")
        options["base_url"] = "http://nowhere.invalid" if base_url == "" else base_url
        return getattr(importlib.import_module(module), name)(api_key=secret, **options)

    def create(self, client: Any) -> Callable[..., Any]:
        """The SDK's call, unread: its own reading loses what does not fit."""
        return cast(Callable[..., Any], attrgetter(self.endpoint)(client).with_raw_response.create)


def vendor_of(name: str) -> Vendor:
    """Load a vendor by its name. Raises `Rejected` where it is unknown or not part of this copy."""
    if name not in VENDORS:
        known = ", ".join(VENDORS)
        raise Rejected(f"There is no vendor {name!r}; write a model as vendor:name, with {known}.")
    module = f"{__package__}.{VENDORS[name]}"
    if importlib.util.find_spec(module) is None:
        advice = "add it with `copier update`, to the answer `vendors`"
        raise Rejected(f"This repository was made without {VENDORS[name]}; {advice}.")
    return cast(Vendor, importlib.import_module(module).vendor(name))


def events_in(text: str) -> list[dict[str, Any]]:
    """The JSON of a stream's `data:` lines; the closing `[DONE]` of OpenAI's chats is `{}`."""
    lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    return [{} if line == "[DONE]" else json.loads(line) for line in lines]
