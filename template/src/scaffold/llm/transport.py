"""The one place where calls are replayed, allowed, sent, priced and recorded: under the SDKs.

Both SDKs (and anything else that takes an httpx2 client) send every request through a transport.
What happens here holds for `ask`, for streams and for raw calls of an SDK alike.
"""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import httpx2

from .connections import Connections
from .errors import BadResponse, LLMError, NoKey, NotRecorded, VendorUnavailable
from .limits import cost, upper_bound
from .messages import Reply
from .recordings import Asked, canonical
from .vendors import CURRENT, Call, Scope, Vendor, part

_IDS = ("request-id", "x-request-id")
_KEPT = ("content-type", "retry-after", "retry-after-ms", "x-should-retry", *_IDS)


class RecordingTransport(httpx2.AsyncBaseTransport):
    """Give it to an `httpx2.AsyncClient`, and that client's calls are recorded and replayed.

    They belong to `scope`, unless `CURRENT` says whose they are.
    """

    def __init__(self, shared: Connections, vendor: Vendor, scope: Scope) -> None:
        self.shared, self.vendor, self.scope = shared, vendor, scope

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer from the recordings, or from the vendor."""
        await request.aread()
        exchange = Exchange(self.shared, self.vendor, self.scope, request)
        try:
            return exchange.replay() or await exchange.send()
        except LLMError as error:
            # The SDKs would wrap and retry an exception; an answer that forbids it, they hand on.
            exchange.call.error = error
            body = {"error": {"type": type(error).__name__, "message": str(error)}}
            return httpx2.Response(424, headers={"x-should-retry": "false"}, json=body)


class Exchange:
    """One request on its way, and its answer on the way back."""

    def __init__(
        self, shared: Connections, vendor: Vendor, scope: Scope, request: httpx2.Request
    ) -> None:
        """Find out what is asked, and whose call it is."""
        self.shared, self.vendor, self.request = shared, vendor, request
        path, kind = request.url.raw_path.decode(), request.headers.get("content-type", "")
        endpoint = "/" + vendor.endpoint.replace(".", "/")
        # Files and batches are recorded too, but have no text, usage or price.
        self.is_call = request.method == "POST" and path.endswith(endpoint)
        # What stands before the endpoint is the base URL's, which a reviewer does not have.
        path = endpoint if self.is_call else path
        self.asked = Asked.read(request.method, path, request.content, kind)
        self.body = self.asked.body if isinstance(self.asked.body, dict) else {}
        self.model = str(self.body.get("model", ""))
        self.is_raw = CURRENT.get() is None  # it comes from an SDK, not from our client
        self.call = CURRENT.get() or Call(scope, Reply(None, model=self.model))
        self.attempt = 1 + int(request.headers.get("x-stainless-retry-count", 0))
        place = self.call.scope.place(self.asked.key, again=self.attempt > 1)
        self.n = place if self.call.sample is None else self.call.sample
        self.held = AsyncExitStack()

    def replay(self) -> httpx2.Response | None:
        """The recorded answer, or None where the vendor has to be asked. Raises `LLMError`."""
        shared, scope, record = self.shared, self.call.scope, None
        offline = shared.offline(self.vendor)
        if shared.recordings and shared.mode != "live":
            # Who can still ask must not take one epoch for another.
            others = ".json" if offline else f"-e{scope.epoch}-{self.n}.json"
            record = shared.recordings.find(self.asked, scope, self.n, others)
        if record is None:
            if offline:
                raise self._missing()
            return None
        kind, body = record["content_type"], record["body"]
        content = (json.dumps(body) if "json" in kind else "\n".join(body)).encode()
        self._take(self._read(content, kind)[1], record, replayed=True)
        headers = {"content-type": kind} | dict.fromkeys(_IDS, record["request_id"] or "")
        return httpx2.Response(200, headers=headers, content=content)

    def _missing(self) -> LLMError:
        shared, case, variable = self.shared, self.call.scope.case, self.vendor.key_variable
        if shared.recordings is None or shared.mode == "live":
            return NoKey(f"{variable} is not set; put it into .env.")
        # In mode auto, only a missing key leads here.
        start = f"{variable} is not set, and nothing" if shared.mode == "auto" else "Nothing"
        where = f"case {case!r}" if case else "a call outside of any case"
        advice = f"put {variable} into .env and ask without replay"
        nearest = shared.recordings.nearest(self.asked)
        return NotRecorded(f"{start} is recorded for {where}{nearest}; {advice}.")

    async def send(self) -> httpx2.Response:
        """Ask the vendor, within the limits. Raises `LLMError`."""
        limits, bound = self.shared.limits, Decimal(0)
        names = ("max_tokens", "max_output_tokens", "max_completion_tokens")
        most = next((int(self.body[name]) for name in names if self.body.get(name)), 0)
        if limits.max_cost_usd is not None and most:
            bound = upper_bound(self.vendor, self.model, self.asked.most_tokens, most)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(limits.held(self.model, bound))
            if self.attempt == 1:
                self.call.started = time.perf_counter()  # the wait for a slot is not the vendor's
            # Compressed bytes could not be read in a recording.
            self.request.headers["accept-encoding"] = "identity"
            response = await self.shared.http().send(self.request, stream=True)
            headers = {key: value for key, value in response.headers.items() if key in _KEPT}
            if response.is_success and "event-stream" in headers.get("content-type", ""):
                self.held = stack.pop_all()
                tee = part("streaming").Tee(self, response)
                return httpx2.Response(200, headers=headers, stream=tee)
            body = self.without_key(await response.aread())
            if response.is_success:
                await self.finish(response, body)
            return httpx2.Response(response.status_code, headers=headers, content=body)

    async def finish(self, response: httpx2.Response, body: bytes) -> None:
        """Price, take and record an answer. Raises `LLMError` where it is none, or not whole."""
        shared, kind = self.shared, response.headers.get("content-type", "")
        data, reply = self._read(body, kind)
        price = cost(self.vendor, data, self.model) if self.is_call else None
        shared.limits.spent += price or 0
        record = {
            "content_type": kind,
            "request_id": next((response.headers[i] for i in _IDS if i in response.headers), None),
            "attempts": self.attempt,
            "latency_s": round(time.perf_counter() - self.call.started, 4),
            "cost_usd": None if price is None else str(price),
            "body": data if "json" in kind else body.decode("utf-8", "replace").split("\n"),
        }
        self._take(reply, record, replayed=False)
        if shared.recordings:
            # In a thread, because a sync takes milliseconds and 50 calls may be in flight.
            save = shared.recordings.save
            await asyncio.to_thread(save, self.asked, self.call.scope, self.n, record)

    def without_key(self, body: bytes) -> bytes:
        """A server that echoes the key must not put it into a file or an error."""
        key = self.shared.key(self.vendor)
        return body.replace(key.get_secret_value().encode(), b"***") if key else body

    def _read(self, body: bytes, kind: str) -> tuple[Any, Reply[Any] | None]:
        try:
            if "event-stream" in kind:
                data = part("streaming").whole(self.vendor, body)
            else:
                # A batch's results are lines of JSON: kept as they are.
                data = json.loads(body) if self.is_call or "json" in kind else {}
            if self.is_call and data.get("error"):
                said = canonical(data["error"])[:500]
                raise VendorUnavailable(f"{self.model} failed: {said}; try again later.")
            return data, self.vendor.protocol.read(data) if self.is_call else None
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            start = body[:10_000].decode("utf-8", "replace")
            advice = f"check the base URL, or try again; the answer begins: {start[:200]}"
            raise BadResponse(f"{self.model}: no answer of this API; {advice}", start) from None

    def _take(self, reply: Reply[Any] | None, record: dict[str, Any], *, replayed: bool) -> None:
        if reply is None:
            return
        price = record["cost_usd"]
        reply.cost_usd = None if price is None else Decimal(price)
        reply.latency_s, reply.request_id = record["latency_s"], record["request_id"]
        reply.attempts, reply.replayed = record["attempts"], replayed
        self.call.add(reply)
        if self.is_raw:
            self.call.log(canonical(self.asked.body))
