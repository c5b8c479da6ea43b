"""What can go wrong with a call; every message is a sentence that ends in what to do next.

LLMError
├── NoKey               the vendor's key is not set
├── NotRecorded         replaying, and no answer was recorded for this request
├── BudgetExceeded      the call could cost more than is left of max_cost_usd
├── Rejected            the request is wrong: said by us, or by the vendor (400, 401, 403, 404 …)
├── RateLimited         429, also after the SDK's retries
├── VendorUnavailable   500, 503, 529 … after the retries, or an error in the midst of an answer
├── ConnectionBroken    no connection, or it broke before the answer was whole
├── TimedOut            the call's deadline, or the SDK's time per read, has passed
├── BadResponse         HTML, malformed JSON, a foreign shape
├── Refused             the model declined, or a content filter did
├── Truncated           the answer was cut off at max_tokens
└── InvalidOutput       the answer does not fit `returns`, not even after one correction
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .messages import Usage


class LLMError(Exception):
    """Base of all; carries the raw text, the usage and the request id where there are any."""

    text: str = ""
    usage: Usage | None = None
    request_id: str | None = None

    @property
    def kind(self) -> str:
        """The class's name, for tables of failures."""
        return type(self).__name__


class NoKey(LLMError):
    """The vendor's key is not set."""


class NotRecorded(LLMError):
    """Replaying, and no answer was recorded for this request."""


class BudgetExceeded(LLMError):
    """The call could cost more than is left of `max_cost_usd`, or its price is unknown."""


class Rejected(LLMError):
    """The request is wrong: a setting, a schema, the key, the model's name."""


class RateLimited(LLMError):
    """The vendor answered 429, also after the SDK's retries."""


class VendorUnavailable(LLMError):
    """The vendor failed, also after the SDK's retries."""


class ConnectionBroken(LLMError):
    """There was no connection, or it broke before the answer was whole."""


class TimedOut(LLMError):
    """The deadline of the call, or the SDK's time per read, has passed."""


class BadResponse(LLMError):
    """What came back is no answer of this protocol."""


class Refused(LLMError):
    """The model declined, or a content filter did."""


class Truncated(LLMError):
    """The answer was cut off at `max_tokens`; `text` holds what there is."""


class InvalidOutput(LLMError):
    """The answer does not fit `returns`; `text` holds it."""


def typed(error: Exception, model: str) -> LLMError:
    """Turn an exception of either SDK, or of their HTTP client, into one of ours.

    Both SDKs come from one generator and share class names and `status_code`; going by these
    means that neither has to be imported here.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    status: int = getattr(error, "status_code", 0)
    kind: type[LLMError] = BadResponse
    advice = "check that the base URL is this vendor's API"
    if isinstance(error, TypeError):  # an SDK's create() was given an argument it does not have
        kind, advice = Rejected, "drop it, or pass it in extra_body if the vendor does take it"
    elif names & {"APITimeoutError", "TimeoutException"} or status == 408:
        kind, advice = TimedOut, "raise timeout_s, or try again"
    elif names & {"APIConnectionError", "TransportError"}:
        kind, advice = ConnectionBroken, "check the network and the base URL, or try again"
    elif status == 429:
        kind, advice = RateLimited, "wait, or lower concurrency"
    elif 400 <= status < 500:
        kind, advice = Rejected, "check the key" if status in (401, 403) else "change the request"
    elif status:
        kind, advice = VendorUnavailable, "try again later"
    cause = f" ({error.__cause__})" if error.__cause__ and not status else ""
    failure = kind(f"{model}: {str(error)[:500] or type(error).__name__}{cause}; {advice}.")
    failure.request_id = getattr(error, "request_id", None)
    return failure
