"""The one place where calls are replayed, allowed, sent, priced and recorded: under the SDKs.

Both SDKs (and anything else that takes an httpx2 client) send every request through a transport.
What happens here holds for `ask`, for streams and for raw calls of an SDK alike.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx2

from .connections import Connections
from .errors import BadResponse, LLMError, NoKey, NotRecorded, VendorUnavailable
from .pricing import cost, upper_bound
from .recordings import Asked
from .scope import CURRENT, Call, Scope
from .vendors import Vendor, events_in

_IDS = ("request-id", "x-request-id")
_KEPT = ("content-type", "retry-after", "retry-after-ms", "x-should-retry", *_IDS)


class RecordingTransport(httpx2.AsyncBaseTransport):
    """Give it to an `httpx2.AsyncClient`, and that client's calls are recorded and replayed."""

    def __init__(self, shared: Connections, vendor: Vendor, scope: Scope) -> None:
        """Work for one vendor, and, where the client does not say whose call it is, one scope."""
        self.shared, self.vendor, self.scope = shared, vendor, scope

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer from the recordings, or from the vendor."""
        exchange = _Exchange(self, request, await request.aread())
        try:
            return exchange.replay() or await exchange.send(request)
        except LLMError as error:
            # The SDKs would wrap and retry an exception; an answer that forbids it, they hand on.
            exchange.call.error = error
            body = {"error": {"type": error.kind, "message": str(error)}}
            return httpx2.Response(424, headers={"x-should-retry": "false"}, json=body)


class _Exchange:
    """One request on its way, and its answer on the way back."""

    def __init__(self, transport: RecordingTransport, request: httpx2.Request, content: bytes):
        self.shared, self.vendor = transport.shared, transport.vendor
        headers, path = request.headers, request.url.raw_path.decode()
        self.asked = Asked.read(request.method, path, content, headers.get("content-type", ""))
        body = self.asked.body if isinstance(self.asked.body, dict) else {}
        self.raw = CURRENT.get() is None  # not asked by our client
        self.call = CURRENT.get() or Call(transport.scope, str(body.get("model", "")))
        self.call.attempts = 1 + int(headers.get("x-stainless-retry-count", 0))
        place = self.call.scope.place(self.asked.key, again=self.call.attempts > 1)
        self.n = place if self.call.sample is None else self.call.sample
        limits = ("max_tokens", "max_output_tokens", "max_completion_tokens")
        self.max_tokens = next((int(body[name]) for name in limits if body.get(name)), 0)
        names = ("authorization", "x-api-key", "api-key")
        secrets = (headers.get(name, "").removeprefix("Bearer ").encode() for name in names)
        self.secrets = [secret for secret in secrets if len(secret) >= 8]
        self.bound: Decimal | None = Decimal(0)
        self.entered = False

    def replay(self) -> httpx2.Response | None:
        """The recorded answer, or None where the vendor has to be asked (and may be)."""
        store, scope, found = self.shared.recordings, self.call.scope, None
        offline = self.shared.offline(self.vendor)
        if store and self.shared.mode != "live":
            found = store.find(self.asked.key, scope, self.n, "any" if offline else "cases")
            if offline and not found:
                from .upkeep import explain_missing

                raise NotRecorded(explain_missing(store, self.asked, scope, self.vendor))
        if found is None:
            if offline:
                key = self.vendor.key_variables[0]
                raise NoKey(f"{self.vendor.name} needs a key, {key} is not set; put it into .env.")
            return None
        call, kind = self.call, found["content_type"]
        call.replayed, call.attempts = True, found["attempts"]
        call.latency_s, call.request_id = found["latency_s"], found["request_id"]
        call.cost_usd = None if found["cost_usd"] is None else Decimal(found["cost_usd"])
        lines = found.get("lines")
        body = ("\n".join(lines) if lines else json.dumps(found["body"])).encode()
        self._read(body, kind)
        self._log()
        headers = {"content-type": kind} | dict.fromkeys(_IDS, call.request_id or "")
        return httpx2.Response(found["status"], headers=headers, content=body)

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """Ask the vendor, within the limits."""
        call, limits = self.call, self.shared.limits
        if limits.max_cost_usd is not None and self.max_tokens:
            tokens = self.asked.most_tokens
            self.bound = upper_bound(self.vendor, call.model, tokens, self.max_tokens)
        await limits.enter(call.model, self.bound)
        self.entered = True
        if call.attempts == 1:
            call.started = time.perf_counter()  # waiting for a slot is not the vendor's time
        try:
            # Compressed bytes could not be read in a recording.
            request.headers["accept-encoding"] = "identity"
            network = self.shared.network(request.url.host)
            response = await network.handle_async_request(request)
            headers = {key: value for key, value in response.headers.items() if key in _KEPT}
            if response.is_success and "event-stream" in headers.get("content-type", ""):
                return httpx2.Response(200, headers=headers, stream=_Tee(self, response))
            body = self.cleaned(await response.aread())
            if response.is_success:
                await self.finish(response, body)
        except BaseException:
            self.leave()
            raise
        self.leave()
        return httpx2.Response(response.status_code, headers=headers, content=body)

    async def finish(self, response: httpx2.Response, body: bytes) -> None:
        """Price and record an answer, if it is one and is whole."""
        call, kind = self.call, response.headers.get("content-type", "")
        data = self._read(body, kind)
        if data is None:
            return
        call.latency_s = round(time.perf_counter() - call.started, 4)
        call.request_id = next((response.headers[i] for i in _IDS if i in response.headers), None)
        call.cost_usd = cost(self.vendor, data, call.model) if call.answer else None
        self._log()
        answer: dict[str, Any] = {
            "status": response.status_code,
            "content_type": kind,
            "request_id": call.request_id,
            "attempts": call.attempts,
            "latency_s": call.latency_s,
            "cost_usd": None if call.cost_usd is None else str(call.cost_usd),
        }
        lines = body.decode("utf-8", "replace").split("\n")
        answer |= {"body": data} if "json" in kind else {"lines": lines}
        if store := self.shared.recordings:
            self.asked.warn_of_varying(call.scope.given)
            # In a thread, because a sync takes milliseconds and 50 calls may be in flight.
            await asyncio.to_thread(store.save, self.asked, call.scope, self.n, answer, call.names)

    def leave(self) -> None:
        """Give slot and reservation back, once."""
        if self.entered:
            self.entered = False
            self.shared.limits.leave(self.call.model, self.bound, self.call.cost_usd)

    def cleaned(self, body: bytes) -> bytes:
        """Take the key out: a server that echoes it must not put it into a file or an error."""
        for secret in self.secrets:
            body = body.replace(secret, b"***")
        return body

    def _read(self, body: bytes, kind: str) -> Any:
        """The answer as JSON, None if it is not whole; sets `call.answer` where a model spoke."""
        spoken = self.asked.method == "POST" and self.asked.path.endswith(self.vendor.path)
        try:
            if "event-stream" in kind:
                events = events_in(body.decode("utf-8", "replace"))
                failed = events and (events[-1].get("error") or events[-1].get("type") == "error")
                data: Any = {"error": events[-1]} if failed else self.vendor.whole(events)
            else:
                # A batch's results are lines of JSON: kept as they are, like everything unspoken.
                data = json.loads(body) if spoken or "json" in kind else {}
            if isinstance(data, dict) and data.get("error"):
                said = json.dumps(data["error"], ensure_ascii=False)[:500]
                advice = f"{self.call.model} failed: {said}; try again later."
                raise VendorUnavailable(advice)
            if spoken and data is not None:
                self.call.answer = self.vendor.read(data)
            return data
        except VendorUnavailable as error:
            self.call.error = error
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            start = body[:200].decode("utf-8", "replace")
            advice = f"check the base URL, or try again; the answer begins: {start}"
            self.call.error = BadResponse(f"{self.call.model}: no answer of this API; {advice}")
            self.call.error.text = body[:10_000].decode("utf-8", "replace")
        return None

    def _log(self) -> None:
        if self.raw and self.call.answer:
            self.call.scope.log([self.call], json.dumps(self.asked.body, ensure_ascii=False))


class _Tee(httpx2.AsyncByteStream):
    """A stream that is read by an SDK, kept, and recorded if it was whole."""

    def __init__(self, exchange: _Exchange, response: httpx2.Response) -> None:
        self.exchange, self.response = exchange, response
        self.chunks: list[bytes] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.response.aiter_bytes():
            self.chunks.append(chunk)
            yield chunk
        await self.aclose()

    async def aclose(self) -> None:
        """Record; here, since an SDK may stop reading at the last event, before the end."""
        if self.exchange.entered:
            try:
                body = self.exchange.cleaned(b"".join(self.chunks))
                await self.exchange.finish(self.response, body)
            finally:
                self.exchange.leave()
                await self.response.aclose()
