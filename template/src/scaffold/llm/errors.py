"""What can go wrong with a call; every message is a sentence that ends in what to do next.

LLMError
├── before anything is sent: NoKey, NotRecorded, BudgetExceeded, Rejected
├── on the way: RateLimited, VendorUnavailable, ConnectionBroken, TimedOut, BadResponse
└── in the answer: Refused, Truncated, InvalidOutput
"""

from typing import Any


class LLMError(Exception):
    """Base of all; carries the raw text, the usage and the request id where there are any."""

    text: str = ""
    usage: Any = None
    request_id: str | None = None


class NoKey(LLMError):
    """The vendor's key is not set."""


class NotRecorded(LLMError):
    """Replaying, and no answer was recorded for this request."""


class BudgetExceeded(LLMError):
    """The call could cost more than is left of `max_cost_usd`, or its price is unknown."""


class Rejected(LLMError):
    """The request is wrong: said by us, or by the vendor (400, 401, 403, 404 …)."""


class RateLimited(LLMError):
    """429, also after the SDK's retries."""


class VendorUnavailable(LLMError):
    """500, 503, 529 … after the SDK's retries, or an error in the midst of an answer."""


class ConnectionBroken(LLMError):
    """There was no connection, or it broke before the answer was whole."""


class TimedOut(LLMError):
    """The deadline of the call, or the SDK's time per read, has passed."""


class BadResponse(LLMError):
    """What came back is no answer of this protocol: HTML, malformed JSON, a foreign shape."""


class Refused(LLMError):
    """The model declined, or a content filter did."""


class Truncated(LLMError):
    """The answer was cut off at `max_tokens`; `text` holds what there is."""


class InvalidOutput(LLMError):
    """The answer does not fit `returns`, not even after one correction; `text` holds it."""


def typed(error: Exception, model: str) -> LLMError:
    """One of ours for an exception of either SDK, whose class names are the same, or of httpx2."""
    response = getattr(error, "response", None)
    ours = response.extensions.get("llm_error") if response is not None else error
    if isinstance(ours, LLMError):  # raised below the SDK
        return ours
    names = {kind.__name__ for kind in type(error).__mro__}
    status: int = getattr(error, "status_code", 0)
    slow = status == 408 or names & {"APITimeoutError", "TimeoutException"}
    known: tuple[tuple[Any, type[LLMError], str], ...] = (
        (isinstance(error, TypeError), Rejected, "drop it, or pass it in extra_body"),  # a setting
        (isinstance(error, UnicodeEncodeError), Rejected, "take that character out"),
        (isinstance(error, TimeoutError), TimedOut, "its deadline has passed; raise deadline_s"),
        (slow, TimedOut, "raise timeout_s, or try again"),
        (names & {"APIConnectionError", "TransportError"}, ConnectionBroken, "check the network"),
        (status == 429, RateLimited, "wait, or lower concurrency"),
        (400 <= status < 500, Rejected, "check key, model and request"),
        (status, VendorUnavailable, "try again later"),
        (True, BadResponse, "check that the base URL is this vendor's API"),
    )
    kind, advice = next((kind, advice) for holds, kind, advice in known if holds)
    cause = f" ({error.__cause__})" if str(error.__cause__ or "") and not status else ""
    said = " ".join(str(error).split())[:500] or type(error).__name__
    found = kind(f"{model}: {said}{cause}; {advice}.")
    found.request_id = getattr(error, "request_id", None)
    return found
