"""What may be spent, and how many calls may be under way. Prices are those in genai-prices.

What a vendor charges for an answer that never arrived is unknown and not counted.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

from .errors import BudgetExceeded
from .messages import Usage
from .vendors import Vendor

# The first four are those of `Usage`; the others have prices of their own.
_COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "output_reasoning_tokens")
_COUNTS += ("cache_write_tokens", "cache_write_1h_tokens", "web_searches")


class Limits:
    """One budget for a client and all its scopes; one concurrency limit per model."""

    def __init__(self, max_cost_usd: Decimal | float | None, concurrency: int) -> None:
        self.max_cost_usd = Decimal("inf" if max_cost_usd is None else str(max_cost_usd))
        self.spent = self._reserved = Decimal(0)
        self._freed = asyncio.Event()
        self._slots = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(concurrency))

    @asynccontextmanager
    async def held(self, model: str, bound: Decimal) -> AsyncGenerator[None]:
        """Hold a slot and `bound` (US dollars) of what reservations leave; waits, or raises."""
        async with self._slots[model]:
            while self.spent + self._reserved + bound > self.max_cost_usd:
                if self.spent + bound > self.max_cost_usd:
                    spent = f"${self.spent:.4f} of ${self.max_cost_usd} is spent"
                    advice = "raise max_cost_usd, or lower max_tokens"
                    raise BudgetExceeded(f"{model}: {spent}, this may cost ${bound:.4f}; {advice}.")
                self._freed.clear()
                await self._freed.wait()
            self._reserved += bound
            try:
                yield
            finally:
                self._reserved -= bound
                self._freed.set()


def billed(vendor: Vendor, answer: dict[str, Any], asked: str) -> tuple[Usage, Decimal | None]:
    """The tokens of an answer, and what they cost in US dollars, or None where that is unknown."""
    from genai_prices import Usage as Counts
    from genai_prices import extract_usage

    reader, flavor = vendor.protocol.USAGE
    data = {"usage": answer.get("usage")}  # without the model, which need not be known
    try:
        used = extract_usage(data, provider_id=reader, api_flavor=flavor).usage
    except ValueError:
        return Usage(), Decimal(0) if vendor.free else None
    counts = dict.fromkeys(_COUNTS, 0) | vars(used)  # to infer each takes as long as all the rest
    usage = Usage(*(int(counts[name]) for name in _COUNTS[:4]))
    models = (answer.get("model"), asked)  # a server may name its model its own way
    return usage, _price(vendor, Counts(**counts), models, answer.get("service_tier"))


def upper_bound(vendor: Vendor, body: dict[str, Any], tokens: int) -> Decimal:
    """What a request of so many tokens can cost at most. Raises `BudgetExceeded`: no price."""
    from genai_prices import Usage

    names = ("max_tokens", "max_output_tokens", "max_completion_tokens")
    most = next((int(body[name]) for name in names if body.get(name)), 0)
    # The dearest input is one that is written to the cache.
    used = Usage(input_tokens=tokens, cache_write_tokens=tokens, output_tokens=most)
    bound = _price(vendor, used, (body.get("model"),), body.get("service_tier"))
    if bound is None:
        start = f"max_cost_usd cannot hold: no price of {body.get('model')} known"
        raise BudgetExceeded(f"{start}; set it to None, or choose a model with a known price.")
    return bound


def _price(vendor: Vendor, used: Any, models: tuple[Any, ...], tier: Any) -> Decimal | None:
    """Long-context tiers, cache and service tier are genai-prices' business."""
    from genai_prices import calc_price

    if vendor.free:
        return Decimal(0)
    context = {"service_tier": str(tier)} if tier else None
    known: Any = {"provider_id": vendor.provider, "price_context": context}
    for model in models:
        with suppress(LookupError, ValueError, AttributeError):
            return calc_price(used, model, **known).total_price
    return None
