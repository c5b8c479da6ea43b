"""What goes to a model and what comes back, the same for every vendor."""

from __future__ import annotations

import asyncio
import base64
import mimetypes
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from .errors import Rejected
from .tools import ToolCall, ToolResult

T = TypeVar("T")


class Document:
    """A file to send along: images and PDF as they are, anything else as UTF-8 text."""

    def __init__(self, path: str | Path, data: bytes | None = None) -> None:
        """Read the file, if `data` does not give its content. Raises `Rejected`."""
        self.name = Path(path).name
        try:
            self.data = Path(path).read_bytes() if data is None else data
        except OSError as error:
            raise Rejected(f"Cannot attach {path}: {error.strerror}; check the path.") from None
        self.media_type = mimetypes.guess_type(self.name)[0] or "text/plain"
        self.is_pdf = self.media_type == "application/pdf"
        self.is_text = not (self.is_pdf or self.media_type.startswith("image/"))

    @property
    def base64(self) -> str:
        """The content as every vendor wants it inside JSON."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def text(self) -> str:
        """A text file, with its name. Raises `Rejected` where it is none."""
        try:
            return f"<document name={self.name!r}>\n{self.data.decode('utf-8')}\n</document>"
        except UnicodeDecodeError:
            advice = "send the text in it instead (scaffold.documents reads it)"
            raise Rejected(f"{self.name} is no text, image or PDF; {advice}.") from None


Part = str | Document | ToolCall | ToolResult


class Message:
    """One turn of a conversation.

    `native` is a vendor's own form of an answer, sent back as it was to the same vendor:
    signatures of thinking blocks and ids of reasoning survive only there.
    """

    def __init__(
        self,
        role: Literal["user", "assistant"],
        parts: str | Sequence[Part],
        native: tuple[str, Any] | None = None,
    ) -> None:
        """Make a turn of a text, or of several parts."""
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
    parts = [*attachments, *last.parts]
    return [*before, Message(last.role, parts, last.native) if attachments else last]


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
    text: str
    tool_calls: list[ToolCall]
    message: Message
    usage: Usage
    cost_usd: Decimal | None
    latency_s: float
    model: str
    request_id: str | None
    finish_reason: str | None
    attempts: int
    replayed: bool

    async def run_tools(self) -> list[Message]:
        """Run all tool calls together; the messages to continue with (answer, then results)."""
        results = await asyncio.gather(*(call.run() for call in self.tool_calls))
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
