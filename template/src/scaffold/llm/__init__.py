"""One typed call over the vendors' own SDKs, that replays without a key. Start at `Client`."""

from .client import Client
from .errors import (
    BadResponse,
    BudgetExceeded,
    ConnectionBroken,
    InvalidOutput,
    LLMError,
    NoKey,
    NotRecorded,
    RateLimited,
    Refused,
    Rejected,
    TimedOut,
    Truncated,
    VendorUnavailable,
)
from .messages import Document, Message, Reply, ToolCall, ToolResult, Usage
from .scripted import ScriptedModel

__all__ = ["Client", "Document", "Message", "Reply", "ScriptedModel", "ToolCall", "ToolResult"]
__all__ += ["BadResponse", "BudgetExceeded", "ConnectionBroken", "InvalidOutput", "LLMError"]
__all__ += ["NoKey", "NotRecorded", "RateLimited", "Refused", "Rejected", "TimedOut", "Truncated"]
__all__ += ["Usage", "VendorUnavailable"]
