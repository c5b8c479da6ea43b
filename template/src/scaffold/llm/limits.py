"""How much may be spent, and how many calls may be under way, with any number waiting."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal

from .errors import BudgetExceeded, TimedOut


class Limits:
    """One budget for a client and all its scopes; one concurrency limit per model.

    What a vendor charges for an answer that never arrived is unknown and not counted.
    """

    def __init__(self, max_cost_usd: Decimal | float | None, concurrency: int) -> None:
        """Start with nothing spent."""
        self.max_cost_usd = None if max_cost_usd is None else Decimal(str(max_cost_usd))
        self.spent = self._reserved = Decimal(0)
        self._freed = asyncio.Event()
        self._slots = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(concurrency))

    async def enter(self, model: str, bound: Decimal | None) -> None:
        """Wait for a slot, then reserve `bound` (US dollars; None: unknown) of the budget.

        Waits where only reservations stand in the way. Raises `BudgetExceeded` where what is
        spent already leaves too little, or where there is a budget and the price is unknown.
        """
        await self._slots[model].acquire()
        try:
            while self.max_cost_usd is not None and not self._reserve(model, bound):
                self._freed.clear()
                await self._freed.wait()
        except BaseException:  # a cancelled wait must give its slot back too
            self._slots[model].release()
            raise

    def _reserve(self, model: str, bound: Decimal | None) -> bool:
        limit = self.max_cost_usd or Decimal(0)
        if bound is None:
            advice = "set max_cost_usd=None, or choose a model with a known price"
            raise BudgetExceeded(f"max_cost_usd cannot hold: no price of {model} known; {advice}.")
        if self.spent + bound > limit:
            state = f"${self.spent:.4f} of ${limit} is spent, this call may cost ${bound:.4f}"
            raise BudgetExceeded(f"{model}: {state}; raise max_cost_usd, or lower max_tokens.")
        fits = self.spent + self._reserved + bound <= limit
        if fits:
            self._reserved += bound
        return fits

    def leave(self, model: str, bound: Decimal | None, cost: Decimal | None) -> None:
        """Give slot and reservation back, and count what the call did cost."""
        if self.max_cost_usd is not None:
            self._reserved -= bound or Decimal(0)
        self.spent += cost or Decimal(0)
        self._slots[model].release()
        self._freed.set()


@asynccontextmanager
async def deadline(seconds: float | None, model: str) -> AsyncGenerator[None]:
    """A total for what happens inside. Raises `TimedOut`."""
    clock = asyncio.timeout(seconds)
    try:
        async with clock:
            yield
    except TimeoutError:
        if not clock.expired():
            raise  # somebody else's timeout
        advice = "raise deadline_s, or try again"
        raise TimedOut(f"{model} took longer than its deadline; {advice}.") from None
