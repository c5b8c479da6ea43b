"""What goes to a model and what comes back, the same for every vendor."""

import asyncio
import base64
import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar

from .errors import Rejected

T = TypeVar("T")


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
        self.role, self.native = role, native
        self.parts: list[Part] = [parts] if isinstance(parts, str) else list(parts)

    def __str__(self) -> str:
        shown = (f"<{p.name}>" if isinstance(p, Document) else str(p) for p in self.parts)
        return f"[{self.role}]\n" + "\n".join(shown)


Prompt = str | Message | Sequence[Message]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as billed; `input_tokens` includes the cached ones, `output_tokens` the reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Self) -> "Usage":
        return Usage(*map(sum, zip(astuple(self), astuple(other), strict=True)))


@dataclass(slots=True)
class Reply(Generic[T]):
    """An answer, and a line of `Client.calls`. `output` is what `returns` asked for, or the text.

    `cost_usd` is None where the price is unknown. `latency_s` runs from the first try to the last
    byte. Usage, cost, latency and attempts include a corrective retry; a replayed reply has the
    cost and latency that were recorded. `error` is set in the log where the call failed.
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
    prompt: str = ""
    error: str | None = None

    async def run_tools(self) -> list[Message]:
        """Run all tool calls together; the messages to continue with (answer, then results)."""
        from .vendors import part

        results = await asyncio.gather(*map(part("tools").run, self.tool_calls))
        return [self.message, Message("user", results)]

    def logged(self) -> dict[str, Any]:
        """The call in plain fields, as an evaluation keeps it."""
        names = ("model", "prompt", "error", "cost_usd", "latency_s", "attempts", "replayed")
        calls = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in self.tool_calls]
        known = {"reply": self.text, "tool_calls": calls, "finish_reason": self.finish_reason}
        return {name: getattr(self, name) for name in names} | asdict(self.usage) | known
