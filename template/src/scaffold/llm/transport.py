"""The one place where calls are replayed, allowed, sent, priced and recorded: under the SDKs.

Both SDKs (and anything else that takes an httpx2 client) send every request through a transport.
What happens here holds for `ask`, for streams and for raw calls of an SDK alike.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import httpx2

from .client import Client
from .errors import BadResponse, LLMError, NoKey, NotRecorded, VendorUnavailable
from .limits import cost, upper_bound, usage_of
from .messages import Reply
from .recordings import Asked, canonical
from .vendors import CURRENT, Call, Vendor, part

_IDS = ("request-id", "x-request-id")
_KEPT = ("content-type", "retry-after", "retry-after-ms", "x-should-retry", *_IDS)


class RecordingTransport(httpx2.AsyncBaseTransport):
    """Give it to an `httpx2.AsyncClient`, and that client's calls are recorded and replayed.

    They belong to the client's scope, unless `CURRENT` says whose they are.
    """

    def __init__(self, client: Client, vendor: Vendor) -> None:
        self.client, self.vendor = client, vendor

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer from the recordings, or from the vendor."""
        await request.aread()
        try:
            exchange = Exchange(self.client, self.vendor, request)
            return exchange.replay() or await exchange.send()
        except LLMError as error:
            # The SDKs would wrap and retry an exception; an answer that forbids it, they hand on.
            body = {"error": {"type": type(error).__name__, "message": str(error)}}
            headers, extra = {"x-should-retry": "false"}, {"llm_error": error}
            return httpx2.Response(424, headers=headers, json=body, extensions=extra)


class Exchange:
    """One request on its way, and its answer on the way back."""

    def __init__(self, client: Client, vendor: Vendor, request: httpx2.Request) -> None:
        """Find out what is asked, and whose call it is."""
        self.client, self.vendor, self.request = client, vendor, request
        path, kind = request.url.raw_path.decode(), request.headers.get("content-type", "")
        endpoint = "/" + vendor.protocol.ENDPOINT.replace(".", "/")
        # Files and batches are recorded too, but have no text, usage or price.
        self.is_call = request.method == "POST" and path.endswith(endpoint)
        # What stands before the endpoint is the base URL's, which a reviewer does not have.
        path = endpoint if self.is_call else path
        self.asked = Asked.read(request.method, path, request.content, kind)
        self.body = self.asked.body if isinstance(self.asked.body, dict) else {}
        self.model = str(self.body.get("model", ""))
        self.is_raw = CURRENT.get() is None  # it comes from an SDK, not from our client
        self.call = CURRENT.get() or Call(client.scope, Reply(None, model=self.model))
        self.attempt = 1 + int(request.headers.get("x-stainless-retry-count", 0))
        self.bound = Decimal(0)
        place = self.call.scope.place(self.asked.key, again=self.attempt > 1)
        self.n = place if self.call.sample is None else self.call.sample

    def replay(self) -> httpx2.Response | None:
        """The recorded answer, or None where the vendor has to be asked. Raises `LLMError`."""
        store, scope, record = self.client.recordings, self.call.scope, None
        offline = self.client.offline(self.vendor)
        if store and self.client.mode != "live":
            # Who can still ask must not take one epoch for another.
            others = ".json" if offline else f"-e{scope.epoch}-{self.n}.json"
            record = store.find(self.asked, scope, self.n, others)
        if record is None:
            if offline:
                raise self.missing()
            return None
        self.take(record, replayed=True)
        kind, body = record["content_type"], record["body"]
        content = json.dumps(body) if "json" in kind else "\n".join(body)
        headers = {"content-type": kind} | dict.fromkeys(_IDS, record["request_id"] or "")
        return httpx2.Response(200, headers=headers, content=content.encode())

    def missing(self) -> LLMError:
        """What to say where nothing is recorded and nobody may be asked."""
        client, case, variable = self.client, self.call.scope.case, self.vendor.key_variable
        if client.recordings is None or client.mode == "live":
            return NoKey(f"{variable} is not set; put it into .env.")
        # In mode auto, only a missing key leads here.
        start = f"{variable} is not set, and nothing" if client.mode == "auto" else "Nothing"
        where = f"case {case!r}" if case else "a call outside of any case"
        advice = f"put {variable} into .env and ask without replay"
        nearest = client.recordings.nearest(self.asked)
        return NotRecorded(f"{start} is recorded for {where}{nearest}; {advice}.")

    async def send(self) -> httpx2.Response:
        """Ask the vendor, within the limits. Raises `LLMError`."""
        limits = self.client.limits
        if self.is_call and limits.max_cost_usd.is_finite():
            self.bound = upper_bound(self.vendor, self.body, self.asked.most_tokens)
        async with AsyncExitStack() as held:
            await held.enter_async_context(limits.held(self.model, self.bound))
            if self.attempt == 1 or self.is_raw:
                self.call.started = time.perf_counter()  # the wait for a slot is not the vendor's
            # Compressed bytes could not be read in a recording.
            self.request.headers["accept-encoding"] = "identity"
            response = await self.client.http().send(self.request, stream=True)
            headers = {key: value for key, value in response.headers.items() if key in _KEPT}
            if response.is_success and "event-stream" in headers.get("content-type", ""):
                tee = part("streaming").Tee(self, response, held.pop_all())
                return httpx2.Response(200, headers=headers, stream=tee)
            body = self.without_key(await response.aread())
            if response.is_success:
                await self.finish(headers, body)
            return httpx2.Response(response.status_code, headers=headers, content=body)

    def without_key(self, body: bytes) -> bytes:
        """A server that echoes the key must not put it into a file or an error."""
        key = self.client.key_of(self.vendor)
        return body.replace(key.encode(), b"***") if len(key) > 8 else body

    async def finish(self, headers: Mapping[str, str], body: bytes) -> None:
        """Take and record an answer. Raises `LLMError` where it is none, or not whole."""
        kind, text = headers.get("content-type", ""), body.decode("utf-8", "replace")
        if self.is_call and "event-stream" not in kind:
            kind = "application/json"  # whatever it calls itself
        record: dict[str, Any] = {
            "content_type": kind,
            "request_id": next((headers[name] for name in _IDS if name in headers), None),
            "attempts": self.attempt,
            "latency_s": round(time.perf_counter() - self.call.started, 4),
            "cost_usd": None,
        }
        try:
            record["body"] = json.loads(text) if "json" in kind else text.split("\n")
            self.take(record, replayed=False)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            said = f"{self.model}: no answer of this API; check the base URL, or try again"
            raise BadResponse(f"{said}; the answer begins: {text[:200]}", text[:10_000]) from None
        if store := self.client.recordings:
            # In a thread, because a sync takes milliseconds and 50 calls may be in flight.
            await asyncio.to_thread(store.save, self.asked, self.call.scope, self.n, record)

    def take(self, record: dict[str, Any], *, replayed: bool) -> None:
        """Fill in the reply; a new answer gets its price. Raises `LLMError`."""
        if not self.is_call:
            return
        reply, data, price = self.call.reply, record["body"], record["cost_usd"]
        if "event-stream" in record["content_type"]:
            data = part("streaming").whole(self.vendor, data)
        if data.get("error"):
            said = canonical(data["error"])[:500]
            raise VendorUnavailable(f"{self.model} failed: {said}; try again later.")
        self.vendor.protocol.read(data, reply)
        if not replayed:
            price = cost(self.vendor, data, self.model)
            record["cost_usd"] = None if price is None else str(price)
            self.client.limits.spent += self.bound if price is None else price
        reply.usage += usage_of(self.vendor, data)
        known = reply.cost_usd is not None and price is not None
        reply.cost_usd = reply.cost_usd + Decimal(price) if known else None
        reply.latency_s += record["latency_s"]
        reply.replayed = replayed and (reply.replayed or not reply.attempts)
        reply.attempts += record["attempts"]
        reply.model, reply.request_id = data.get("model") or "", record["request_id"]
        if self.is_raw:
            reply.prompt = canonical(self.asked.body)
            self.call.scope.calls.append(reply)
