"""An answer in pieces: handed on as it comes, and recorded if it was whole."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack, suppress
from typing import Any

import httpx2

from .client import Client
from .errors import ConnectionBroken, LLMError, typed
from .messages import Prompt, conversation, output_of
from .transport import Exchange
from .vendors import Request, Vendor, vendor_of


async def stream(
    client: Client,
    prompt: Prompt,
    *,
    model: str | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    sample: int | None = None,
    deadline_s: float | None = None,
    **settings: Any,
) -> AsyncGenerator[str, None]:
    """What `Client.stream` is."""
    messages, most = conversation(prompt), max_tokens or client.max_tokens
    request = Request(model or client.model, messages, system, settings, most, stream=True)
    ends, streamed = time.monotonic() + (deadline_s or client.deadline_s or 1e9), False
    with client.calling(request, sample) as call:
        async with asyncio.timeout(ends - time.monotonic()):
            response = await client.exchange(request, call)
        try:
            texts, text, rest = response.aiter_text(), "\n", ""
            while text:
                # Set for each text: it must not strike while the caller works on a piece.
                async with asyncio.timeout(ends - time.monotonic()):
                    text = await anext(texts, "")
                # aiter_lines splits where JSON need not escape, too: at U+2028, U+0085.
                *lines, rest = (rest + text).split("\n")
                for event in events_in(lines):
                    if piece := vendor_of(request.address).protocol.piece(event):
                        streamed = True
                        yield piece
        except Exception as error:
            raise typed(error, request.model) from error
        finally:
            await response.aclose()
        if not streamed:  # by a server that cannot
            yield call.reply.text
        output_of(call.reply, None)


def events_in(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The JSON of a stream's `data:` lines; the closing `[DONE]` of OpenAI's chats is none."""
    data = [line[5:].strip() for line in lines if line.startswith("data:")]
    return [json.loads(one) for one in data if one != "[DONE]"]


def whole(vendor: Vendor, lines: Iterable[str]) -> dict[str, Any]:
    """The answer that a stream amounts to. Raises `ConnectionBroken` where its end is missing."""
    events = events_in(lines)
    if events and (events[-1].get("error") or events[-1].get("type") == "error"):
        return {"error": events[-1]}
    data: dict[str, Any] | None = vendor.protocol.whole(events) if events else None
    if data is None:
        raise ConnectionBroken("The stream ended before the answer did; try again.")
    return data


class Tee(httpx2.AsyncByteStream):
    """A stream that is read by an SDK, and recorded; `held` is what to give back at its end."""

    def __init__(self, exchange: Exchange, response: httpx2.Response, held: AsyncExitStack) -> None:
        self.response, self.held, self.chunks = response, held, list[bytes]()
        held.push_async_callback(response.aclose)
        held.push_async_callback(exchange.finish, response, self.chunks)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.response.aiter_bytes():
            self.chunks.append(chunk)
            yield chunk
        await self.held.aclose()

    async def aclose(self) -> None:
        """Record here too, since an SDK may stop reading at the last event, before the end."""
        with suppress(LLMError):
            await self.held.aclose()
