"""The one place where calls are replayed, allowed, sent, priced and recorded: under the SDKs.

So it holds for `ask`, for streams, and for raw calls of whatever takes an httpx2 client.
"""

import asyncio
import json
import os
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

import httpx2

from .client import Client
from .errors import BadResponse, LLMError, NoKey, NotRecorded, VendorUnavailable
from .limits import billed, upper_bound
from .messages import Reply, Usage
from .recordings import Asked, canonical
from .vendors import CURRENT, Call, Vendor, part

_IDS = ("request-id", "x-request-id")
_KEPT = ("content-type", "retry-after", "retry-after-ms", "x-should-retry", *_IDS)


def sdk_of(client: Client, vendor: Vendor, *, raw: bool = False) -> Any:
    """A vendor's SDK; made once, as that takes 20 ms, and copied for `raw` calls of a scope."""
    if vendor.name in client.opened and not raw:
        return client.opened[vendor.name]
    http = httpx2.AsyncClient(transport=RecordingTransport(client, vendor))
    if vendor.name not in client.opened:
        url = os.environ.get(f"{vendor.name.upper()}_BASE_URL", vendor.base_url)
        client.opened[vendor.name] = vendor.protocol.SDK(
            api_key=client.key_of(vendor) or "none",  # a replay needs none
            base_url=(client.base_urls or {}).get(vendor.name) or url,
            http_client=http,
            timeout=client.timeout_s,
            max_retries=client.max_retries,
        )
    return client.opened[vendor.name].with_options(http_client=http)


def http_of(client: Client) -> httpx2.AsyncClient:
    """The connections, which belong to the running event loop; a whole client knows proxies."""
    loop = asyncio.get_running_loop()
    if client.opened.get("loop") is not loop:
        http = httpx2.AsyncClient(limits=httpx2.Limits(), timeout=None, follow_redirects=True)
        client.opened |= {"loop": loop, "http": http}
    return client.opened["http"]


class RecordingTransport(httpx2.AsyncBaseTransport):
    """Give it to an `httpx2.AsyncClient`, and that client's calls are recorded and replayed."""

    def __init__(self, client: Client, vendor: Vendor) -> None:
        self.client, self.vendor = client, vendor

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer from the recordings, or from the vendor."""
        await request.aread()
        try:
            exchange = Exchange(self.client, self.vendor, request)
            if exchange.is_raw and exchange.is_call:  # until it has one
                self.client.failure = LLMError(f"{exchange.model}: a raw call without an answer.")
            return exchange.replay() or await exchange.send()
        except LLMError as error:
            # The SDKs would wrap and retry an exception; an answer that forbids it, they hand on.
            body = {"error": {"type": type(error).__name__, "message": str(error)}}
            headers, ours = {"x-should-retry": "false"}, {"llm_error": error}
            return httpx2.Response(424, headers=headers, json=body, extensions=ours)


class Exchange:
    """One request on its way, and its answer on the way back."""

    def __init__(self, client: Client, vendor: Vendor, request: httpx2.Request) -> None:
        """Find out what is asked, and by whom: `ask` says so, other calls are those of `client`."""
        path, kind = request.url.raw_path.decode(), request.headers.get("content-type", "")
        capped = client.limits.max_cost_usd.is_finite()
        if path.endswith("/chat/completions") and (capped or find_spec("scaffold.llm.compatible")):
            vendor = replace(vendor, module="compatible")  # OpenAI's SDK has both protocols
        self.vendor, self.request, self.bound = vendor, request, Decimal(0)
        endpoint = "/" + vendor.protocol.ENDPOINT.replace(".", "/")
        # Files and batches are recorded too, but have no text, usage or price.
        self.is_call = request.method == "POST" and path.endswith(endpoint)
        # What stands before the endpoint is the base URL's, which a reviewer does not have.
        path = endpoint if self.is_call else path
        self.asked = Asked.read(request.method, path, request.content, kind)
        self.body = self.asked.body if isinstance(self.asked.body, dict) else {}
        self.model, self.is_raw = str(self.body.get("model", "")), CURRENT.get() is None
        self.call = CURRENT.get() or Call(client, Reply(None, model=self.model))
        self.client, self.share = self.call.client, Decimal(1)  # of the price; a batch halves it
        self.attempt = 1 + int(request.headers.get("x-stainless-retry-count", 0))
        key = self.asked.key if self.client.store else ""  # making it takes its time
        self.client.asked[key] += self.attempt == 1
        self.n = self.client.asked[key] - 1 if self.call.sample is None else self.call.sample

    def replay(self) -> httpx2.Response | None:
        """The recorded answer, or None where the vendor has to be asked. Raises `LLMError`."""
        client, record = self.client, None
        offline = client.offline(self.vendor)
        if client.store and client.mode != "live":
            # Who can still ask must not take one epoch for another.
            others = ".json" if offline else f"-e{client.scope.epoch}-{self.n}.json"
            record = client.store.find(self.asked, client.scope, self.n, others)
        if record is None and offline:
            raise self._missing()
        if record is None:
            return None
        self.take(record, replayed=True)
        kind, body = record["content_type"], record["body"]
        is_text = isinstance(body, list) and "json" not in kind
        content = "\n".join(body) if is_text else json.dumps(body)
        headers = {"content-type": kind} | dict.fromkeys(_IDS, record["request_id"] or "")
        return httpx2.Response(200, headers=headers, content=content.encode())

    def _missing(self) -> LLMError:
        store, mode, case = self.client.store, self.client.mode, self.client.scope.case
        no_key = f"{self.vendor.name.upper()}_API_KEY is not set"
        if store is None or mode == "live":
            return NoKey(f"{no_key}; put it into .env.")
        start = f"{no_key}, and nothing" if mode == "auto" else "Nothing"
        advice = "put the key into .env" if mode == "auto" else "with a key, ask without replay"
        where = f"case {case!r}" if case else "a call outside of any case"
        return NotRecorded(f"{start} is recorded for {where}{store.nearest(self.asked)}; {advice}.")

    async def send(self) -> httpx2.Response:
        """Ask the vendor, within the limits. Raises `LLMError`."""
        if self.is_call and self.client.batch:
            return await self.client.batch.answer(self)
        limits = self.client.limits
        if self.is_call and limits.max_cost_usd.is_finite():
            self.bound = upper_bound(self.vendor, self.body, self.asked.most_tokens)
        async with AsyncExitStack() as held:
            await held.enter_async_context(limits.held(self.model, self.bound))
            if self.attempt == 1:
                self.call.started = time.perf_counter()  # the wait for a slot is not the vendor's
            # Compressed bytes could not be read in a recording.
            self.request.headers["accept-encoding"] = "identity"
            response = await http_of(self.client).send(self.request, stream=True)
            headers = {key: value for key, value in response.headers.items() if key in _KEPT}
            if response.is_success and "event-stream" in headers.get("content-type", ""):
                tee = part("streaming").Tee(self, response, held.pop_all())
                return httpx2.Response(200, headers=headers, stream=tee)
            body = await self.finish(response, [await response.aread()])
            return httpx2.Response(response.status_code, headers=headers, content=body)

    async def finish(self, response: httpx2.Response, chunks: list[bytes]) -> bytes:
        """Take, record and give back an answer. Raises `LLMError` where it is none, or not whole."""
        # A server that echoes the key must not put it into a file or an error.
        key, body = self.client.key_of(self.vendor).encode(), b"".join(chunks)
        body = body.replace(key, b"***") if len(key) > 8 else body
        if not response.is_success:
            return body
        headers, text = response.headers, body.decode("utf-8", "replace")
        kind = headers.get("content-type", "")
        is_json = "json" in kind or (self.is_call and "event-stream" not in kind)
        record: dict[str, Any] = {
            "content_type": kind,
            "request_id": next((headers[name] for name in _IDS if name in headers), None),
            "attempts": self.attempt,
            "attachments": self.call.attachments,
            "latency_s": round(time.perf_counter() - self.call.started, 4),
            "usage": {},
            "cost_usd": None,
        }
        try:
            record["body"] = json.loads(text) if is_json else text.split("\n")
            self.take(record, replayed=False)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            self.call.reply.text, start = text[:10_000], " ".join(text[:200].split())
            advice = f"check the base URL, or try again; the answer begins: {start}"
            raise BadResponse(f"{self.model}: no answer of this API; {advice}") from None
        if self.client.store:
            # In a thread, because a sync takes milliseconds and 50 calls may be in flight.
            place = (self.asked, self.client.scope, self.n)
            await asyncio.to_thread(self.client.store.save, *place, record, self.client.given)
        return body

    def take(self, record: dict[str, Any], *, replayed: bool) -> None:
        """Fill in the reply; a new answer gets its price. Raises `LLMError`."""
        if not self.is_call:
            return
        reply, data = self.call.reply, record["body"]
        if isinstance(data, list):  # the lines of a stream
            data = part("streaming").whole(self.vendor, data)
        if data.get("error"):
            said = canonical(data["error"])[:500]
            raise VendorUnavailable(f"{self.model} failed: {said}; try again later.")
        self.vendor.protocol.read(data, reply)
        if not replayed:
            usage, price = billed(self.vendor, data, self.model)
            price = None if price is None else price * self.share
            record |= {"usage": vars(usage), "cost_usd": None if price is None else str(price)}
            self.client.limits.spent += self.bound if price is None else price
        reply.usage += Usage(**record["usage"])
        known = None not in (reply.cost_usd, record["cost_usd"])
        reply.cost_usd = (reply.cost_usd or 0) + Decimal(record["cost_usd"]) if known else None
        reply.latency_s += record["latency_s"]
        reply.replayed = replayed and (reply.replayed or not reply.attempts)
        reply.attempts += record["attempts"]
        reply.model, reply.request_id = data.get("model") or "", record["request_id"]
        if self.is_raw:
            reply.prompt = canonical(self.asked.body)
            self.client.calls.append(reply)
            self.client.failure = None
