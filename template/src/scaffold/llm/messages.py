"""What goes to a model and what comes back, the same for every vendor."""

import asyncio
import base64
import json
import mimetypes
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError, create_model

from .errors import InvalidOutput, Refused, Rejected, Truncated

T = TypeVar("T")
# In a schema: free keys (dict[str, int]), which would become {}, and tuples, an array of anything.
_LOOSE = re.compile(r'"additionalProperties": (true|\{)|"prefixItems": ')


class Document:
    """A file to send along: images and PDF as they are, anything else as UTF-8 text."""

    def __init__(self, path: str | Path, data: bytes | None = None) -> None:
        """Read the file, if `data` does not give its content. Raises `Rejected`."""
        self.name = Path(path).name
        self.media_type = mimetypes.guess_type(self.name)[0] or "text/plain"
        self.is_pdf = self.media_type == "application/pdf"
        is_text = not (self.is_pdf or self.media_type.startswith("image/"))
        try:
            data = Path(path).read_bytes() if data is None else data
            text = data.decode() if is_text else ""
        except (OSError, UnicodeDecodeError) as error:
            advice = "check the path; what is no text, image or PDF, scaffold.documents may read"
            raise Rejected(f"Cannot attach {path} ({error}); {advice}.") from None
        self.text = f"<document name={self.name!r}>\n{text}\n</document>" if is_text else None
        self.base64 = base64.b64encode(data).decode("ascii")

    def __str__(self) -> str:
        return self.text or f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants: `arguments` are validated, or `error` says why they are not."""

    id: str
    name: str
    arguments: dict[str, Any]
    error: str | None = None
    function: Callable[..., Any] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back, as text for the model."""

    call_id: str
    text: str
    is_error: bool = False


Part = str | Document | ToolCall | ToolResult


@dataclass
class Message:
    """One turn of a conversation: a text, or several parts.

    `native` holds an answer in its vendor's own form, which that vendor gets back: signatures of
    thinking blocks and ids of reasoning survive only there.
    """

    role: Literal["user", "assistant"]
    parts: Sequence[Part]
    native: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.parts = [self.parts] if isinstance(self.parts, str) else list(self.parts)

    def __str__(self) -> str:
        shown = (f"<{p.name}>" if isinstance(p, Document) else str(p) for p in self.parts)
        return f"[{self.role}]\n" + "\n".join(shown)


Prompt = str | Message | Sequence[Message]


def conversation(prompt: Prompt, attachments: Sequence[Document] = ()) -> list[Message]:
    """A prompt as messages; attachments go in front of the last text, as vendors advise."""
    if isinstance(prompt, str | Message):
        prompt = [prompt if isinstance(prompt, Message) else Message("user", prompt)]
    *before, last = prompt
    return [*before, Message(last.role, [*attachments, *last.parts]) if attachments else last]


@dataclass(frozen=True)
class Usage:
    """Tokens as billed; `input_tokens` includes the cached ones, `output_tokens` the reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(**{name: n + getattr(other, name) for name, n in vars(self).items()})


@dataclass(slots=True)
class Reply(Generic[T]):
    """An answer, and a line of `Client.calls`; a corrective retry is counted in.

    A replayed reply has the cost and latency that were recorded.
    """

    output: T  # what `returns` asked for, or the text
    text: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    message: Message = field(default_factory=lambda: Message("assistant", []))
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = Decimal(0)  # None: unknown
    latency_s: float = 0.0  # from the first try to the last byte
    model: str = ""  # as the server names it
    request_id: str | None = None
    finish_reason: str | None = None
    attempts: int = 0
    replayed: bool = False
    prompt: str = ""
    error: str | None = None  # where the call failed, in the log

    async def run_tools(self) -> list[Message]:
        """Run all tool calls together; the messages to continue with (answer, then results)."""
        from .vendors import part

        results = await asyncio.gather(*map(part("tools").run, self.tool_calls))
        return [self.message, Message("user", results)]

    def logged(self) -> dict[str, Any]:
        """The call in plain fields, as an evaluation keeps it."""
        names = ("model", "prompt", "error", "cost_usd", "latency_s", "attempts", "replayed")
        kept = {name: getattr(self, name) for name in names} | vars(self.usage)
        calls = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in self.tool_calls]
        return kept | {"reply": self.text, "tool_calls": calls, "finish_reason": self.finish_reason}


@lru_cache(maxsize=256)
def model_of(returns: Any) -> type[BaseModel]:
    """A model, or one with another type as its only field `value`: vendors want an object."""
    if getattr(returns, "__pydantic_root_model__", None) is False:  # a model with fields
        return returns
    return create_model("Answer", value=(returns, ...))


@lru_cache(maxsize=256)  # making it takes as long as all the rest of a call
def strict_schema(model: type[BaseModel], transform: Callable[[type[BaseModel]], Any]) -> Any:
    """An SDK's own transform. Raises `Rejected` for what it would change in silence."""
    try:
        if _LOOSE.search(json.dumps(model.model_json_schema())):
            raise ValueError("free keys or tuples; use lists of models in their place.")
        return transform(model)
    except ValueError as error:
        raise Rejected(f"{model.__name__}: strict schemas do not know this: {error}") from None


def parse(text: str, model: type[BaseModel]) -> BaseModel:
    """Validate the JSON between the first brace and the last, be it in a fence or in prose."""
    start, end = text.find("{"), text.rfind("}") + 1
    return model.model_validate_json(text[start:end] if 0 <= start < end else text)


def explain(error: ValidationError) -> str:
    """Pydantic's findings in one line, for a model or a person."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in found)


def output_of(reply: Reply[Any], returns: type[BaseModel] | None) -> Any:
    """What was asked for. Raises `LLMError`; a misfit is an `InvalidOutput` with its cause."""
    if reply.finish_reason == "refusal":
        raise Refused(f"{reply.model} declined ({reply.text}); change the prompt or the model.")
    misfit = None
    if returns and not reply.tool_calls:
        try:
            return parse(reply.text, returns)
        except ValidationError as error:
            misfit = error
    if reply.finish_reason == "max_tokens":
        raise Truncated(f"{reply.model}: the answer was cut off; raise max_tokens.")
    if misfit or not (reply.text or reply.tool_calls):
        wrong = f"does not fit, also when corrected: {explain(misfit)}" if misfit else "is empty"
        advice = "loosen the model, say it in the prompt, or retry"
        raise InvalidOutput(f"{reply.model}: the answer {wrong}; {advice}.") from misfit
    return None if returns else reply.text
