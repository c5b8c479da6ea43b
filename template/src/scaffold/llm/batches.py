"""The vendors' own Batch APIs: answers within a day, at half the price (part `batch`).

Limits and price: https://platform.claude.com/docs/en/build-with-claude/batch-processing and
https://developers.openai.com/api/docs/guides/batch.
"""

import json
import time
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

import httpx2

from .client import Client
from .errors import BudgetExceeded, LLMError, Rejected, TimedOut, VendorUnavailable, typed
from .limits import upper_bound
from .recordings import Scope, digest
from .transport import Exchange, sdk_of
from .vendors import vendor_of

SHARE = Decimal("0.5")  # of the price, as both pages say; genai-prices does not know it
ENDED = ("ended", "completed", "expired", "cancelled", "failed")
# By vendor: where its batches are; requests and bytes in one (allowed are 256 and 200 MB).
BATCHES = {
    "anthropic": ("/v1/messages/batches", 100_000, 250_000_000),
    "openai": ("/batches", 50_000, 195_000_000),
}


class Queued(BaseException):
    """A request waits for a batch. No Exception: a solver that catches those would ask again."""


class Waiting(NamedTuple):
    """A request in the queue: its model (vendor:name), and what its recording will be called."""

    model: str
    custom_id: str
    recording: str
    body: bytes


@dataclass
class Answers:
    """As a client's `batch` it is asked in the vendor's place: it answers from `rows`, or queues.

    `rows` are what batches brought, by custom_id, each with its batch as the vendor shows it.
    """

    rows: dict[str, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    queue: list[Waiting] = field(default_factory=list)
    bound: Decimal = Decimal(0)  # what the queue costs at most, in US dollars
    scopes: set[Scope] = field(default_factory=set)  # who is in the queue
    closed: bool = False  # takes no more requests
    refused: LLMError | None = None  # why nothing may be sent

    async def answer(self, exchange: Exchange) -> httpx2.Response:
        """Record and return an answer. Raises `Queued`, or what went wrong in the batch."""
        recording = exchange.client.scope.file_name(exchange.n)
        custom_id = f"{exchange.asked.key}-{digest(recording)[:16]}"
        if custom_id in self.rows:
            batch, line = self.rows[custom_id]
            body, request_id = _read(json.loads(line), exchange.model, batch)
            exchange.share, exchange.call.started = SHARE, time.perf_counter() - _seconds(batch)
            headers = {"content-type": "application/json", "x-request-id": request_id}
            came = httpx2.Response(200, headers=headers)
            content = await exchange.finish(came, [json.dumps(body).encode()])
            return httpx2.Response(200, headers=headers, content=content)
        if self.closed:
            advice = "take what varies from llm.now() or llm.new_id()"
            raise Rejected(f"{exchange.model}: the request is another each time; {advice}.")
        try:
            self._put(exchange, custom_id, recording)
        except LLMError as error:
            self.refused = error
        raise Queued

    def _put(self, exchange: Exchange, custom_id: str, recording: str) -> None:
        client, vendor = exchange.client, exchange.vendor
        if vendor.module not in BATCHES:
            raise Rejected(f"{vendor.name} has no batch API here: ask it without a batch.")
        if exchange.body.get("stream"):
            raise Rejected("A batch gives no answer in pieces: use ask in place of stream.")
        if client.scope in self.scopes or any(call.attempts for call in client.calls):
            asks = f"case {client.scope.case!r} makes several calls"
            raise Rejected(f"A batch is for one call per case, and {asks}: ask without a batch.")
        self.scopes.add(client.scope)
        if client.limits.max_cost_usd.is_finite():
            self.bound += upper_bound(vendor, exchange.body, exchange.asked.most_tokens) * SHARE
        model, body = f"{vendor.name}:{exchange.model}", exchange.request.content
        self.queue.append(Waiting(model, custom_id, recording, body))

    def batches(self, client: Client) -> Iterator[list[Waiting]]:
        """The queue as batches, each of one model. Raises `LLMError` where it may not be sent."""
        spent, most = client.limits.spent, client.limits.max_cost_usd
        if self.refused or self.bound + spent > most:
            cost = f"${spent:.4f} of ${most} is spent, and batches may cost ${self.bound:.4f}"
            advice = "raise max_cost_usd, lower max_tokens, or take fewer cases"
            raise self.refused or BudgetExceeded(f"{cost}; {advice}.")
        batch, size = list[Waiting](), 0
        for one in sorted(self.queue, key=attrgetter("model")):
            _, most_requests, most_bytes = BATCHES[vendor_of(one.model).module]
            fits = len(batch) < most_requests and size + len(one.body) + 200 <= most_bytes
            if batch and not (fits and batch[0].model == one.model):
                yield batch
                batch, size = [], 0
            batch.append(one)
            size += len(one.body) + 200  # for what stands around a body
        if batch:
            yield batch


async def submit(client: Client, name: str, requests: list[Waiting]) -> dict[str, Any]:
    """Create a batch; return it as the vendor shows it."""
    bodies = [(one.custom_id, json.loads(one.body)) for one in requests]
    async with _sdk(client, requests[0].model) as (sdk, place):
        if place.startswith("/v1/messages"):
            new: dict[str, Any] = {"requests": [{"custom_id": i, "params": b} for i, b in bodies]}
        else:
            post, url = {"method": "POST", "url": "/v1/responses"}, "/v1/responses"
            lines = [json.dumps({"custom_id": i, **post, "body": body}) for i, body in bodies]
            content = ("batch.jsonl", "\n".join(lines).encode())
            file = await sdk.files.create(file=content, purpose="batch")
            new = {"input_file_id": file.id, "endpoint": url, "completion_window": "24h"}
            new["metadata"] = {"takehome": name}
        once = sdk.with_options(max_retries=0)  # a second try could make a second batch
        return (await once.post(place, body=new, cast_to=httpx2.Response)).json()


async def look(client: Client, sent: dict[str, Any], known: Collection[str]) -> Any:
    """A batch as its vendor shows it now; None where it was never created.

    Nobody has the id of one whose creation was cut off. It is one that is not `known` and has its
    name, or, as Anthropic's have none, its size and time; rows of others are no harm.
    """
    async with _sdk(client, sent["model"]) as (sdk, place):
        if sent["batch"]:
            path = f"{place}/{sent['batch']['id']}"
            return (await sdk.get(path, cast_to=httpx2.Response)).json()
        newest = (await sdk.get(f"{place}?limit=100", cast_to=httpx2.Response)).json()["data"]
        since = datetime.fromisoformat(sent["planned"]) - timedelta(minutes=5)  # clocks differ
        for found in reversed(newest):
            if "metadata" in found:
                same = found["metadata"] == {"takehome": sent["planned"]}
            else:
                size = sum(found["request_counts"].values())
                same = size == len(sent["requests"]) and _time(found["created_at"]) >= since
            if same and found["id"] not in known:
                return found
        return None


async def collect(client: Client, sent: dict[str, Any], answers: Answers) -> None:
    """Take in what became of the requests of a batch that has ended."""
    batch, files = sent["batch"], [sent["batch"].get("results_url")]
    if "output_file_id" in batch:
        ids = filter(None, (batch["output_file_id"], batch["error_file_id"]))
        files = [f"/files/{id_}/content" for id_ in ids]
    async with _sdk(client, sent["model"]) as (sdk, _):
        for file in filter(None, files):
            content = (await sdk.get(file, cast_to=httpx2.Response)).content
            for line in filter(None, content.split(b"\n")):  # a text may hold other line ends
                answers.rows[json.loads(line)["custom_id"]] = (batch, line)
    if "errors" in batch:  # OpenAI's, which may end without a row for each request
        said = (batch["errors"] or {}).get("data") or [{}]
        without = {"error": {"code": batch["status"], "message": said[0].get("message")}}
        for custom_id in sent["requests"]:
            answers.rows.setdefault(custom_id, (batch, json.dumps(without).encode()))


@asynccontextmanager
async def _sdk(client: Client, model: str) -> AsyncGenerator[tuple[Any, str]]:
    """The SDK, and where batches are, without recording; errors are `LLMError`."""
    http = client.opened.setdefault("http", httpx2.AsyncClient(timeout=None, follow_redirects=True))
    vendor = vendor_of(model)
    try:
        yield sdk_of(client, vendor).with_options(http_client=http), BATCHES[vendor.module][0]
    except Exception as error:
        raise typed(error, model) from error


def status(batch: dict[str, Any]) -> str:
    """How far a batch is, in its vendor's word; no more comes after one of `ENDED`."""
    return batch.get("status") or batch["processing_status"]


def _time(at: str | float) -> datetime:
    """A time as Anthropic (ISO 8601) or OpenAI (seconds) gives it."""
    return datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)


def _seconds(batch: dict[str, Any]) -> float:
    """How long a batch took, which is what each of its answers took."""
    end = next(filter(None, (batch.get(f"{how}_at") for how in ENDED)))
    return (_time(end) - _time(batch["created_at"])).total_seconds()


def _read(row: dict[str, Any], model: str, batch: dict[str, Any]) -> tuple[Any, str]:
    """An answer's body and request id. Raises `LLMError` where the row has none."""
    result, response = row.get("result") or {}, row.get("response") or {}
    body = result.get("message") or response.get("body") or {}
    if result.get("type") == "succeeded" or response.get("status_code") == 200:
        return body, response.get("request_id") or ""
    error = row.get("error") or body.get("error") or (result.get("error") or {}).get("error") or {}
    kind = str(error.get("type") or error.get("code") or result.get("type"))
    known = {"invalid_request_error": Rejected, "expired": TimedOut, "batch_expired": TimedOut}
    why = ": ".join(filter(None, (f"{model}: batch {batch['id']}", kind, error.get("message"))))
    raise known.get(kind, VendorUnavailable)(f"{why}; resume the run to send it again.")
