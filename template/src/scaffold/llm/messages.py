"""What goes to a model and what comes back, the same for every vendor."""

from __future__ import annotations

import asyncio
import base64
import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from .errors import Rejected

T = TypeVar("T")


class Document:
    """A file to send along: images and PDF as they are, anything else as UTF-8 text."""

    def __init__(self, path: str | Path, data: bytes | None = None) -> None:
        """Read the file, if `data` does not give its content. Raises `Rejected`."""
        self.name = Path(path).name
        self.media_type = mimetypes.guess_type(self.name)[0] or "text/plain"
        self.is_pdf = self.media_type == "application/pdf"
        self.is_text = not (self.is_pdf or self.media_type.startswith("image/"))
        try:
            data = Path(path).read_bytes() if data is None else data
            text = data.decode() if self.is_text else ""
        except OSError as error:
            raise Rejected(f"Cannot attach {path}: {error.strerror}; check the path.") from None
        except UnicodeDecodeError:
            advice = "send the text in it instead (scaffold.documents reads it)"
            raise Rejected(f"{self.name} is no text, image or PDF; {advice}.") from None
        self.text = f"<document name={self.name!r}>\n{text}\n</document>"
        self.base64 = base64.b64encode(data).decode("ascii")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants: `arguments` are validated, or `error` says why they are not."""

    id: str
    name: str
    arguments: dict[str, Any]
    error: str | None = None
    function: Callable[..., Any] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may call."""

    name: str
    description: str
    arguments: type[BaseModel]
    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back, as text for the model."""

    call_id: str
    text: str
    is_error: bool = False


Part = str | Document | ToolCall | ToolResult


class Message:
    """One turn of a conversation: a text, or several parts.

    `native` is a vendor's own form of an answer, sent back as it was to the same vendor:
    signatures of thinking blocks and ids of reasoning survive only there.
    """

    def __init__(
        self,
        role: Literal["user", "assistant"],
        parts: str | Sequence[Part],
        native: tuple[str, Any] = ("", None),
    ) -> None:
        """Make a turn."""
        self.role, self.native = role, native
        self.parts: list[Part] = [parts] if isinstance(parts, str) else list(parts)

    def __str__(self) -> str:
        """Show it as a person reads it; a file by its name."""
        shown = (f"<{p.name}>" if isinstance(p, Document) else str(p) for p in self.parts)
        return f"[{self.role}]\n" + "\n".join(shown)


Prompt = str | Message | Sequence[Message]


def conversation(prompt: Prompt, attachments: Sequence[Document] = ()) -> list[Message]:
    """A prompt as messages; attachments go in front of the last text, as vendors advise."""
    if isinstance(prompt, str | Message):
        prompt = [prompt if isinstance(prompt, Message) else Message("user", prompt)]
    *before, last = prompt
    return [*before, Message(last.role, [*attachments, *last.parts]) if attachments else last]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed; `input_tokens` includes the cached ones, `output_tokens` the reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Sum up several calls."""
        return Usage(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


@dataclass(slots=True)
class Reply(Generic[T]):
    """An answer. `output` is what `returns` asked for, without it the text.

    `cost_usd` is None where the price is unknown. `latency_s` runs from the first try to the last
    byte. Usage, cost, latency and attempts include a corrective retry; a replayed reply has the
    cost and latency that were recorded.
    """

    output: T
    text: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    message: Message = field(default_factory=lambda: Message("assistant", []))
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = Decimal(0)
    latency_s: float = 0.0
    model: str = ""
    request_id: str | None = None
    finish_reason: str | None = None
    attempts: int = 0
    replayed: bool = False

    async def run_tools(self) -> list[Message]:
        """Run all tool calls together; the messages to continue with (answer, then results)."""
        from .vendors import part

        results = await asyncio.gather(*map(part("tools").run, self.tool_calls))
        return [self.message, Message("user", results)]


@dataclass(slots=True)
class LoggedCall:
    """One `ask`, `stream` or raw call in a client's log, in plain fields."""

    model: str
    prompt: str
    reply: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    latency_s: float = 0.0
    attempts: int = 0
    replayed: bool = False
    finish_reason: str | None = None
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
