"""A stand-in for a `Client` in tests of `solve`: no network, no key, no SDK."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from .client import Client
from .errors import LLMError
from .messages import ToolCall
from .vendors import Call, Request

Scripted = str | BaseModel | ToolCall | Sequence[ToolCall] | Exception


class ScriptedModel(Client):
    """Replies in order, or by a function of the request; an exception among them is raised.

    A reply is a text (of JSON, where a type is asked for), a Pydantic object, or the tool calls of
    a step. `requests` holds what was asked, in all scopes. All else is the client's own.
    """

    def __init__(self, replies: Sequence[Scripted] | Callable[[Request], Scripted]) -> None:
        super().__init__("scripted:model")
        self.requests: list[Request] = []
        self._replies = iter(replies) if isinstance(replies, Sequence) else replies

    async def exchange(self, request: Request, call: Call) -> Any:
        """Take the next reply from the script."""
        import httpx2

        self.requests.append(request)
        replies = self._replies
        said = next(replies, None) if isinstance(replies, Iterator) else replies(request)
        if said is None:
            raise LLMError(f"ScriptedModel has no reply {len(self.requests)}; add one to its list.")
        if isinstance(said, Exception):
            raise said
        reply = call.reply
        reply.model, reply.finish_reason, reply.attempts = "scripted", "stop", reply.attempts + 1
        if isinstance(said, str | BaseModel):
            reply.text = said if isinstance(said, str) else to_json(said, round_trip=True).decode()
        else:
            reply.tool_calls = [said] if isinstance(said, ToolCall) else list(said)
        return httpx2.Response(200)  # nothing to stream: `stream` gives the text in one piece
