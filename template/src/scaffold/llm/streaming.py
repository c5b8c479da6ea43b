"""An answer in pieces: handed on as it comes, and recorded if it was whole."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import httpx2

from .errors import ConnectionBroken, LLMError, typed
from .limits import deadline
from .transport import Exchange
from .vendors import Call, Request, Vendor, vendor_of


def events_in(text: str) -> list[dict[str, Any]]:
    """The JSON of a stream's `data:` lines; the closing `[DONE]` of OpenAI's chats is none."""
    lines = [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def whole(vendor: Vendor, body: bytes) -> dict[str, Any]:
    """The answer that a stream amounts to. Raises `ConnectionBroken` where its end is missing."""
    events = events_in(body.decode("utf-8", "replace"))
    last: dict[str, Any] = events[-1] if events else {}
    if last.get("error") or last.get("type") == "error":
        return {"error": last}
    data: dict[str, Any] | None = vendor.protocol.whole(events) if events else None
    if data is None:
        raise ConnectionBroken("The stream ended before the answer did; try again.")
    return data


async def pieces(
    exchange: Callable[..., Awaitable[Any]], request: Request, call: Call, seconds: float | None
) -> AsyncGenerator[str, None]:
    """The text in an answer's events, within a deadline. Raises `LLMError` where it breaks off."""
    ends = time.monotonic() + (seconds or 1e9)
    async with aclosing(_texts(exchange, request, call)) as texts:
        while True:
            # Set for each piece: it must not strike while the caller works on one.
            async with deadline(ends - time.monotonic(), request.model):
                text = await anext(texts, None)
            if text is None:
                break
            yield text


async def _texts(
    exchange: Callable[..., Awaitable[Any]], request: Request, call: Call
) -> AsyncGenerator[str, None]:
    response, streamed = await exchange(request, call), False
    try:
        async for line in response.aiter_lines():
            for event in events_in(line):
                if text := vendor_of(request.address).protocol.piece(event):
                    streamed = True
                    yield text
    except Exception as error:
        raise typed(error, request.model) from error
    finally:
        await response.aclose()
    if call.error:
        raise call.error
    if not streamed:  # by a server that cannot
        yield call.reply.text


class Tee(httpx2.AsyncByteStream):
    """A stream that is read by an SDK, and kept."""

    def __init__(self, exchange: Exchange, response: httpx2.Response) -> None:
        self.exchange, self.response = exchange, response
        self.chunks: list[bytes] = []
        self.is_open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.response.aiter_bytes():
            self.chunks.append(chunk)
            yield chunk
        await self.aclose()

    async def aclose(self) -> None:
        """Record; here, since an SDK may stop reading at the last event, before the end."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            body = self.exchange.without_key(b"".join(self.chunks))
            await self.exchange.finish(self.response, body)
        except LLMError as error:
            self.exchange.call.error = error
        finally:
            await self.exchange.held.aclose()
            await self.response.aclose()
