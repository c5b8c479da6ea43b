"""What may be spent, how many calls may be under way, and for how long.

Prices come from the list inside genai-prices; nothing is looked up on the net. What a vendor
charges for an answer that never arrived is unknown and not counted.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

from .errors import BudgetExceeded, TimedOut
from .messages import Usage
from .vendors import Vendor


class Limits:
    """One budget for a client and all its scopes; one concurrency limit per model."""

    def __init__(self, max_cost_usd: Decimal | float | None, concurrency: int) -> None:
        self.max_cost_usd = Decimal("inf" if max_cost_usd is None else str(max_cost_usd))
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
            while self.spent + self._reserved + bound > self.max_cost_usd:
                if self.spent + bound > self.max_cost_usd:
                    spent = f"${self.spent:.4f} of ${self.max_cost_usd} is spent"
                    advice = (
                        f"this call may cost ${bound:.4f}; raise max_cost_usd, or lower max_tokens"
                    )
                    raise BudgetExceeded(f"{model}: {spent}, {advice}.")
                self._freed.clear()
                await self._freed.wait()
            self._reserved += bound
            try:
                yield
            finally:
                self._reserved -= bound
                self._freed.set()


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


def usage_of(vendor: Vendor, answer: dict[str, Any]) -> Usage:
    """The tokens of an answer; none where it does not say."""
    used = _used(vendor, answer)
    if used is None:
        return Usage()
    cached, reasoning = used.cache_read_tokens, used.output_reasoning_tokens
    return Usage(used.input_tokens, used.output_tokens, cached, reasoning)


def cost(vendor: Vendor, answer: dict[str, Any], asked_model: str) -> Decimal | None:
    """US dollars for one answer, or None where the price or the usage is not known."""
    names = (answer.get("model"), asked_model)  # a server may name its model its own way
    return _price(vendor, _used(vendor, answer), names, answer.get("service_tier"))


def upper_bound(vendor: Vendor, body: dict[str, Any], tokens: int) -> Decimal:
    """What a request of so many tokens can cost at most. Raises `BudgetExceeded`: no price."""
    from genai_prices import Usage

    names = ("max_tokens", "max_output_tokens", "max_completion_tokens")
    most = next((int(body[name]) for name in names if body.get(name)), 0)
    # The dearest input is one that is written to the cache.
    used = Usage(input_tokens=tokens, cache_write_tokens=tokens, output_tokens=most)
    bound = _price(vendor, used, [body.get("model")], body.get("service_tier"))
    if bound is None:
        advice = "set max_cost_usd=None, or choose a model with a known price"
        said = f"max_cost_usd cannot hold: no price of {body.get('model')} known; {advice}."
        raise BudgetExceeded(said)
    return bound


def _used(vendor: Vendor, answer: dict[str, Any]) -> Any:
    from genai_prices import extract_usage

    reader, flavor = vendor.protocol.USAGE
    with suppress(ValueError):  # without the model, which need not be known
        data = {"usage": answer.get("usage")}
        return extract_usage(data, provider_id=reader, api_flavor=flavor).usage
    return None


def _price(vendor: Vendor, used: Any, models: Iterable[Any], tier: Any) -> Decimal | None:
    """Long-context tiers, cache reads and writes, and the service tier are genai-prices' business."""
    from genai_prices import calc_price

    context = {"service_tier": tier} if isinstance(tier, str) else None
    for model in models if used and not vendor.free else ():
        with suppress(LookupError, ValueError):
            provider = vendor.provider
            price = calc_price(used, str(model), provider_id=provider, price_context=context)
            return price.total_price
    return Decimal(0) if vendor.free else None
