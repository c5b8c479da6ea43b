"""What a call costs, from the price list inside genai-prices; nothing is looked up on the net."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .vendors import Vendor


def cost(vendor: Vendor, answer: dict[str, Any], asked_model: str) -> Decimal | None:
    """US dollars for one answer, or None where the price or the usage is not known.

    Long-context tiers, cache reads and writes, and the service tier are genai-prices' business.
    """
    if vendor.free:
        return Decimal(0)
    from genai_prices import extract_usage

    tier = answer.get("service_tier")
    context = {"service_tier": tier} if isinstance(tier, str) else None
    for model in (answer.get("model"), asked_model):  # a server may name its model its own way
        try:
            found = extract_usage(
                {**answer, "model": model}, provider_id=vendor.provider, api_flavor=vendor.flavor
            )
            return found.calc_price(price_context=context).total_price
        except (LookupError, ValueError):
            continue
    return None


def upper_bound(vendor: Vendor, model: str, tokens: int, max_tokens: int) -> Decimal | None:
    """What a request of at most so many tokens can cost in US dollars; None: no price known."""
    if vendor.free:
        return Decimal(0)
    from genai_prices import Usage, calc_price

    # The dearest input is one that is written to the cache.
    usage = Usage(input_tokens=tokens, cache_write_tokens=tokens, output_tokens=max_tokens)
    try:
        return calc_price(usage, model, provider_id=vendor.provider).total_price
    except (LookupError, ValueError):
        return None
