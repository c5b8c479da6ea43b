"""What may be spent, how many calls may be under way, and for how long.

Prices come from the list inside genai-prices; nothing is looked up on the net. What a vendor
charges for an answer that never arrived is unknown and not counted.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

from .errors import BudgetExceeded, TimedOut
from .vendors import Vendor


class Limits:
    """One budget for a client and all its scopes; one concurrency limit per model."""

    def __init__(self, max_cost_usd: Decimal | float | None, concurrency: int) -> None:
        self.max_cost_usd = None if max_cost_usd is None else Decimal(str(max_cost_usd))
        self.spent = self._reserved = Decimal(0)
        self._freed = asyncio.Event()
        self._slots = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(concurrency))

    @asynccontextmanager
    async def held(self, model: str, bound: Decimal) -> AsyncGenerator[None]:
        """Wait for a slot, then hold it and `bound` (US dollars) of the budget.

        Waits where only reservations stand in the way. Raises `BudgetExceeded` where what is
        spent already leaves too little.
        """
        async with self._slots[model]:
            while not self._fits(model, bound):
                self._freed.clear()
                await self._freed.wait()
            self._reserved += bound
            try:
                yield
            finally:
                self._reserved -= bound
                self._freed.set()

    def _fits(self, model: str, bound: Decimal) -> bool:
        if self.max_cost_usd is None:
            return True
        if self.spent + bound > self.max_cost_usd:
            spent = f"${self.spent:.4f} of ${self.max_cost_usd} is spent"
            advice = "raise max_cost_usd, or lower max_tokens"
            raise BudgetExceeded(f"{model}: {spent}, this call may cost ${bound:.4f}; {advice}.")
        return self.spent + self._reserved + bound <= self.max_cost_usd


@asynccontextmanager
async def deadline(seconds: float | None, model: str) -> AsyncGenerator[None]:
    """A total for what happens inside. Raises `TimedOut`."""
    try:
        async with asyncio.timeout(seconds) as clock:
            yield
    except TimeoutError:
        if not clock.expired():
            raise  # somebody else's timeout
        advice = "raise deadline_s, or try again"
        raise TimedOut(f"{model} took longer than its deadline; {advice}.") from None


def cost(vendor: Vendor, answer: dict[str, Any], asked_model: str) -> Decimal | None:
    """US dollars for one answer, or None where the price or the usage is not known.

    Long-context tiers, cache reads and writes, and the service tier are genai-prices' business.
    """
    if vendor.free:
        return Decimal(0)
    from genai_prices import extract_usage

    names = {"provider_id": vendor.provider, "api_flavor": vendor.flavor}
    tier = answer.get("service_tier")
    context = {"service_tier": tier} if isinstance(tier, str) else None
    for model in (answer.get("model"), asked_model):  # a server may name its model its own way
        with suppress(LookupError, ValueError):
            used = extract_usage({**answer, "model": model}, **names)
            return used.calc_price(price_context=context).total_price
    return None


def upper_bound(vendor: Vendor, model: str, tokens: int, max_tokens: int) -> Decimal:
    """What a request of so many tokens can cost at most. Raises `BudgetExceeded`: no price."""
    if vendor.free:
        return Decimal(0)
    from genai_prices import Usage, calc_price

    # The dearest input is one that is written to the cache.
    usage = Usage(input_tokens=tokens, cache_write_tokens=tokens, output_tokens=max_tokens)
    try:
        return calc_price(usage, model, provider_id=vendor.provider).total_price
    except (LookupError, ValueError):
        advice = "set max_cost_usd=None, or choose a model with a known price"
        said = f"max_cost_usd cannot hold: no price of {model} known; {advice}."
        raise BudgetExceeded(said) from None
