"""The vendors' own Batch APIs: answers within a day, at half the price (part `batch`).

Limits and price: https://platform.claude.com/docs/en/build-with-claude/batch-processing and
https://developers.openai.com/api/docs/guides/batch.
"""

import json
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from .client import Client
from .errors import BudgetExceeded, LLMError, Rejected, TimedOut, VendorUnavailable, typed
from .limits import upper_bound
from .recordings import Scope, digest
from .transport import Exchange, http_of, sdk_of
from .vendors import vendor_of

SHARE = Decimal("0.5")  # of the price, as both pages say; genai-prices does not know it
ENDED = ("ended", "completed", "expired", "cancelled", "failed")
# By vendor: where its batches are; requests and bytes in one (allowed are 256 and 200 MB).
APIS = {
    "anthropic": ("/v1/messages/batches", 100_000, 250_000_000),
    "openai": ("/batches", 50_000, 195_000_000),
}


class Queued(BaseException):
    """A request waits for a batch. No Exception: a solver that catches those would ask again."""


@dataclass
class Batch:
    """A batch: planned, and once it was created, also as its vendor shows it."""

    model: str  # vendor:name
    planned: str  # when, in ISO 8601
    requests: dict[str, str] = field(default_factory=dict)  # paths of recordings, by custom_id
    size: int = 0  # bytes, about
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """How far it is, in its vendor's word; no more comes after one of `ENDED`."""
        return self.shown.get("status") or self.shown["processing_status"]

    @property
    def seconds(self) -> float:
        """How long it took, and so each of its answers."""
        begun = self.shown["created_at"]
        end = next(filter(None, (self.shown.get(f"{how}_at") for how in ENDED)), begun)
        return (_time(end) - _time(begun)).total_seconds()

    async def submit(self, client: Client, bodies: dict[str, bytes]) -> None:
        """Create it at the vendor."""
        requests = [(custom_id, json.loads(bodies[custom_id])) for custom_id in self.requests]
        async with _sdk(client, self.model) as (sdk, place):
            if place == "/batches":
                url = "/v1/responses"
                post = {"method": "POST", "url": url}
                lines = (json.dumps({"custom_id": i, "body": b, **post}) for i, b in requests)
                content = ("batch.jsonl", "\n".join(lines).encode())
                file = await sdk.files.create(file=content, purpose="batch")
                new: Any = {"input_file_id": file.id, "endpoint": url, "completion_window": "24h"}
                new["metadata"] = {"planned": self.planned}
            else:
                new = {"requests": [{"custom_id": i, "params": b} for i, b in requests]}
            once = sdk.with_options(max_retries=0)  # a second try could make a second batch
            self.shown = (await once.post(place, body=new, cast_to=httpx2.Response)).json()

    async def look(self, client: Client, known: Collection[str | None]) -> None:
        """See how far it is. If it was never created, nothing is `shown` then.

        Nobody has the id of one whose creation was cut off. It is one that is not `known` and was
        planned then, or at Anthropic, which keeps no such mark, is as large and about as old.
        """
        async with _sdk(client, self.model) as (sdk, place):
            if self.shown:
                path = f"{place}/{self.shown['id']}"
                self.shown = (await sdk.get(path, cast_to=httpx2.Response)).json()
                return
            listed = (await sdk.get(f"{place}?limit=100", cast_to=httpx2.Response)).json()
            since = datetime.fromisoformat(self.planned) - timedelta(minutes=5)  # clocks differ
            for one in listed["data"]:
                if place == "/batches":
                    same = (one.get("metadata") or {}).get("planned") == self.planned
                else:
                    size = sum(one["request_counts"].values())
                    same = size == len(self.requests) and _time(one["created_at"]) >= since
                if same and one["id"] not in known:
                    self.shown = one

    async def collect(self, client: Client, answers: "Answers") -> None:
        """Take in what became of its requests; it has ended."""
        shown, files = self.shown, [self.shown.get("results_url")]
        if "output_file_id" in shown:
            ids = filter(None, (shown["output_file_id"], shown["error_file_id"]))
            files = [f"/files/{id_}/content" for id_ in ids]
        how: Any = {"headers": {"accept": "application/binary"}}  # as the SDKs' own methods have it
        async with _sdk(client, self.model) as (sdk, _):
            for file in filter(None, files):
                content = (await sdk.get(file, options=how, cast_to=httpx2.Response)).content
                for line in filter(None, content.split(b"\n")):  # a text may hold other line ends
                    answers.rows[json.loads(line)["custom_id"]] = (self, line)
        if "errors" in shown:  # OpenAI's, which may end without a row for each request
            said = (shown["errors"] or {}).get("data") or [{}]
            without = {"error": {"code": self.status, "message": said[0].get("message")}}
            for custom_id in self.requests:
                answers.rows.setdefault(custom_id, (self, json.dumps(without).encode()))


@dataclass
class Answers:
    """As a client's `batch` it is asked in the vendor's place: it answers from `rows`, or queues."""

    rows: dict[str, tuple[Batch, bytes]] = field(default_factory=dict)  # by custom_id
    taken: set[str] = field(default_factory=set)  # of these
    plans: list[Batch] = field(default_factory=list)  # the queue
    bodies: dict[str, bytes] = field(default_factory=dict)  # of the requests in it
    scopes: set[Scope] = field(default_factory=set)  # whose they are
    bound: Decimal = Decimal(0)  # what they cost at most, in US dollars
    refused: LLMError | None = None  # why none of them may be sent
    closed: bool = False  # the queue takes no more

    async def answer(self, exchange: Exchange) -> httpx2.Response:
        """Record and return an answer. Raises `Queued`, or what went wrong in the batch."""
        recording = f"{exchange.asked.key}/{exchange.client.scope.file_name(exchange.n)}"
        custom_id = digest(recording)[:32]
        if custom_id in self.rows:
            self.taken.add(custom_id)
            batch, line = self.rows[custom_id]
            body, request_id = _read(json.loads(line), exchange.model, batch.shown["id"])
            exchange.share, exchange.call.started = SHARE, time.perf_counter() - batch.seconds
            headers = {"content-type": "application/json", "x-request-id": request_id}
            came = httpx2.Response(200, headers=headers)
            content = await exchange.finish(came, [json.dumps(body).encode()])
            return httpx2.Response(200, headers=headers, content=content)
        if self.closed:
            start = f"{exchange.model}: this was not asked when batches were made; resume the run"
            raise Rejected(f"{start}, and take what varies from llm.now() or llm.new_id().")
        try:
            self._queue(exchange, custom_id, recording)
        except LLMError as error:
            self.refused = error
        raise Queued

    def _queue(self, exchange: Exchange, custom_id: str, recording: str) -> None:
        client, vendor, body = exchange.client, exchange.vendor, exchange.request.content
        if vendor.module not in APIS:
            raise Rejected(f"{vendor.name} has no batch API here: ask it without a batch.")
        if exchange.body.get("stream"):
            raise Rejected("A batch gives no answer in pieces: use ask in place of stream.")
        if client.scope in self.scopes or any(call.attempts for call in client.calls):
            asks = f"case {client.scope.case!r} makes several calls"
            raise Rejected(f"A batch is for one call per case, and {asks}: ask without a batch.")
        if client.limits.max_cost_usd.is_finite():
            self.bound += upper_bound(vendor, exchange.body, exchange.asked.most_tokens) * SHARE
        model, size = f"{vendor.name}:{exchange.model}", len(body) + 200  # with what stands around
        _, most, most_bytes = APIS[vendor.module]
        plan = next((one for one in reversed(self.plans) if one.model == model), None)
        if not plan or len(plan.requests) == most or plan.size + size > most_bytes:
            plan = Batch(model, datetime.now(UTC).isoformat())  # each of one model: OpenAI's rule
            self.plans.append(plan)
        plan.size += size
        plan.requests[custom_id], self.bodies[custom_id] = recording, body
        self.scopes.add(client.scope)

    def check(self, client: Client, before: Collection[Batch]) -> None:
        """Raise `LLMError` where the queue must not be sent, after the batches before it."""
        spent, most = client.limits.spent, client.limits.max_cost_usd
        if self.refused:
            raise self.refused
        if self.plans and self.bound + spent > most:
            cost = f"${spent:.4f} of ${most} is spent, and batches may cost ${self.bound:.4f}"
            advice = "raise max_cost_usd, lower max_tokens, or take fewer cases"
            raise BudgetExceeded(f"{cost}; {advice}.")
        folder, left = Path(client.recordings or ""), self.rows.keys() - self.taken
        paths = [path for one in before for id_, path in one.requests.items() if id_ in left]
        if self.plans and not all((folder / path).exists() for path in paths):
            start = "Batches answer requests that nobody makes now: code or prompts have changed"
            raise Rejected(f"{start}, or what varies is not from llm.now(). Begin a new run.")


@asynccontextmanager
async def _sdk(client: Client, model: str) -> AsyncGenerator[tuple[Any, str]]:
    """The SDK, and where batches are, without recording; errors are `LLMError`."""
    vendor = vendor_of(model)
    try:
        sdk = sdk_of(client, vendor).with_options(http_client=http_of(client))
        yield sdk, APIS[vendor.module][0]
    except Exception as error:
        raise typed(error, model) from error


def _time(at: str | float) -> datetime:
    """A time as Anthropic (ISO 8601) or OpenAI (seconds) gives it."""
    return datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)


def _read(row: dict[str, Any], model: str, batch: str) -> tuple[Any, str]:
    """An answer's body and request id. Raises `LLMError` where the row has none."""
    result, response = row.get("result") or {}, row.get("response") or {}
    body = result.get("message") or response.get("body") or {}
    if result.get("type") == "succeeded" or response.get("status_code") == 200:
        return body, response.get("request_id") or ""
    error = row.get("error") or body.get("error") or (result.get("error") or {}).get("error") or {}
    kind = str(error.get("type") or error.get("code") or result.get("type"))
    known = {"invalid_request_error": Rejected, "expired": TimedOut, "batch_expired": TimedOut}
    why = ": ".join(filter(None, (f"{model}: {batch}", kind, error.get("message"))))
    raise known.get(kind, VendorUnavailable)(f"{why}; resume the run to send it again.")
