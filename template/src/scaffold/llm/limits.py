"""What may be spent, and how many calls may be under way. Prices are those in genai-prices.

What a vendor charges for an answer that never arrived is unknown and not counted.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

from .errors import BudgetExceeded
from .messages import Usage
from .vendors import Vendor

# Those of `Usage`, and what has a price beside them. genai-prices is slow to infer what is not given.
_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "output_reasoning_tokens")
_COUNTS += ("cache_write_tokens", "cache_write_1h_tokens", "web_searches")


class Limits:
    """One budget for a client and all its scopes; one concurrency limit per model and loop."""

    def __init__(self, max_cost_usd: Decimal | float | None, concurrency: int) -> None:
        self.max_cost_usd = Decimal("inf" if max_cost_usd is None else str(max_cost_usd))
        self.spent = self._reserved = Decimal(0)
        self._slots = defaultdict[Any, asyncio.Semaphore](lambda: asyncio.Semaphore(concurrency))

    @asynccontextmanager
    async def held(self, model: str, bound: Decimal) -> AsyncGenerator[None]:
        """Hold a slot and `bound` (US dollars) of what reservations leave; waits, or raises."""
        async with self._slots[asyncio.get_running_loop(), model]:
            while self.spent + self._reserved + bound > self.max_cost_usd:
                if self.spent + bound > self.max_cost_usd:
                    spent = f"${self.spent:.4f} of ${self.max_cost_usd} is spent"
                    advice = "raise max_cost_usd, or lower max_tokens"
                    raise BudgetExceeded(f"{model}: {spent}, this may cost ${bound:.4f}; {advice}.")
                await asyncio.sleep(0.02)  # until another call gives its reservation back
            self._reserved += bound
            try:
                yield
            finally:
                self._reserved -= bound


def billed(vendor: Vendor, answer: dict[str, Any], asked: str) -> tuple[Usage, Decimal | None]:
    """The tokens of an answer, and what they cost in US dollars, or None where that is unknown."""
    import genai_prices

    reader, flavor = vendor.protocol.USAGE
    data = {"usage": answer.get("usage")}  # without the model, which need not be known
    try:
        used = genai_prices.extract_usage(data, provider_id=reader, api_flavor=flavor).usage
    except ValueError:
        return Usage(), Decimal(0) if vendor.free else None
    counts = vars(used)  # as reported; by attribute, it would infer what is missing
    usage = Usage(*(int(counts.get(name, 0)) for name in _COUNTS[:4]))
    models = (answer.get("model"), asked)  # a server may name its model its own way
    return usage, _price(vendor, counts, models, answer.get("service_tier"))


def upper_bound(vendor: Vendor, body: dict[str, Any], tokens: int) -> Decimal:
    """What a request of so many tokens can cost at most. Raises `BudgetExceeded`: nobody knows."""
    names = ("max_tokens", "max_output_tokens", "max_completion_tokens")
    most = max(int(body.get(name) or 0) for name in names) * int(body.get("n") or 1)
    # The dearest input is one that is written to the cache, the more so if for an hour.
    counts = {"input_tokens": tokens, "cache_write_tokens": tokens, "output_tokens": most}
    counts["cache_write_1h_tokens"] = tokens if '"ttl": "1h"' in json.dumps(body) else 0
    bound = _price(vendor, counts, (body.get("model"),), body.get("service_tier"))
    if bound is not None and (most or not bound):
        return bound
    why = f"no price of {body.get('model')} known; choose a model with a known price"
    if bound:
        why = "how long the answer gets is open; pass max_tokens (Responses: max_output_tokens)"
    raise BudgetExceeded(f"max_cost_usd cannot hold: {why}, or set it to None.")


def _price(vendor: Vendor, counts: dict[str, Any], models: Any, tier: Any) -> Decimal | None:
    """Long-context tiers, cache and service tier are genai-prices' business."""
    import genai_prices

    if vendor.free:
        return Decimal(0)
    context = {"service_tier": str(tier)} if tier else None
    known: Any = {"provider_id": vendor.provider, "price_context": context}
    for model in models:
        with suppress(LookupError, ValueError, AttributeError):
            used = genai_prices.Usage(**dict.fromkeys(_COUNTS, 0) | counts)
            return genai_prices.calc_price(used, model, **known).total_price
    return None
