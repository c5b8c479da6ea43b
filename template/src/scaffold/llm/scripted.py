"""A stand-in for a `Client` in tests of `solve`: no network, no key, no SDK."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from .client import Client
from .errors import LLMError
from .scope import Call
from .tools import ToolCall
from .vendors import Answer, Request

Scripted = str | BaseModel | ToolCall | Sequence[ToolCall] | Exception


class ScriptedModel(Client):
    """Replies in order, or by a function of the request; an exception among them is raised.

    A reply is a text, a Pydantic object, or the tool calls of a step. `requests` holds what was
    asked, in all scopes. Everything else (validation, correction, tools, the log) is the
    client's own.
    """

    def __init__(self, replies: Sequence[Scripted] | Callable[[Request], Scripted]) -> None:
        """Take a sequence, or a function from a request to a reply."""
        super().__init__("scripted:model")
        self._by_request = None if isinstance(replies, Sequence) else replies
        self._left = iter(replies if isinstance(replies, Sequence) else ())
        self.requests: list[Request] = []

    async def _exchange(self, request: Request, call: Call) -> Any:
        self.requests.append(request)
        reply = self._by_request(request) if self._by_request else next(self._left, None)
        if isinstance(reply, Exception):
            raise reply
        if reply is None:
            raise LLMError(f"ScriptedModel has no reply {len(self.requests)}; add one to its list.")
        call.answer = Answer(model="scripted", finish_reason="stop")
        call.attempts, call.cost_usd = 1, Decimal(0)
        if isinstance(reply, str):
            call.answer.text = reply
        elif isinstance(reply, BaseModel):
            call.answer.text = reply.model_dump_json()
        else:
            wanted = [reply] if isinstance(reply, ToolCall) else reply
            call.answer.calls = [(call.id, call.name, call.arguments) for call in wanted]
        return call.answer.text

    async def _pieces(self, request: Request, call: Call) -> AsyncGenerator[str, None]:
        for word in (await self._exchange(request, call)).splitlines(keepends=True):
            yield word
