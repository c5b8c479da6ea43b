"""From a type to a strict schema, and from an answer back to a value of that type."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from .errors import InvalidOutput, LLMError, Refused, Rejected, Truncated
from .messages import Message, Reply
from .vendors import Request

# In a schema: free keys (dict[str, int]) and tuples.
_LOOSE = re.compile(r'"additionalProperties": (true|\{)|"prefixItems": ')


@lru_cache(maxsize=256)
def model_of(returns: Any) -> type[BaseModel]:
    """The model itself; for another type, one with it as the only field: vendors want objects."""
    if isinstance(returns, type) and issubclass(returns, BaseModel):
        return returns
    return create_model("Answer", value=(returns, ...))


@lru_cache(maxsize=256)  # making it takes as long as all the rest of a call
def strict_schema(model: type[BaseModel], transform: Callable[[type[BaseModel]], Any]) -> Any:
    """The SDK's own transform of a schema.

    Raises `Rejected` for what it would change in silence: `dict[str, int]` becomes `{}`, and a
    tuple an array of anything.
    """
    try:
        if _LOOSE.search(json.dumps(model.model_json_schema())):
            raise ValueError("free keys or tuples; use lists of models in their place.")
        return transform(model)
    except ValueError as error:
        raise Rejected(f"{model.__name__}: strict schemas do not know this: {error}") from None


def output_of(request: Request, reply: Reply[Any]) -> Any:
    """What was asked for. Raises `LLMError`; a misfit is an `InvalidOutput` with its cause."""

    def failed(kind: type[LLMError], problem: str) -> LLMError:
        return kind(f"{reply.model}: {problem}.", reply.text, reply.usage, reply.request_id)

    if reply.finish_reason == "refusal":
        raise failed(Refused, f"declined ({reply.text}); change the prompt or the model")
    misfit = None
    if request.returns and not reply.tool_calls:
        try:
            return parse(reply.text, request.returns)
        except ValidationError as error:
            misfit = error
    if reply.finish_reason == "max_tokens":
        raise failed(Truncated, "the answer was cut off; raise max_tokens")
    if misfit or not (reply.text or reply.tool_calls):
        wrong = f"does not fit, also when corrected: {explain(misfit)}" if misfit else "is empty"
        advice = "loosen the model, say it in the prompt, or retry"
        raise failed(InvalidOutput, f"the answer {wrong}; {advice}") from misfit
    return None if request.returns else reply.text


def parse(text: str, model: type[BaseModel]) -> BaseModel:
    """Validate a text, or the JSON between its first brace and its last: in a fence or in prose."""
    try:
        return model.model_validate_json(text)
    except ValidationError:
        start, end = text.find("{"), text.rfind("}") + 1
        if not 0 <= start < end:
            raise
        return model.model_validate_json(text[start:end])


def corrected(request: Request, misfit: InvalidOutput) -> Request:
    """The request again, with the answer and what is wrong with it. Raises what has no cause."""
    if not isinstance(misfit.__cause__, ValidationError):
        raise misfit
    given = Message("assistant", misfit.text or "(nothing)")  # vendors take no empty message
    wrong = f"That does not fit: {explain(misfit.__cause__)}. Answer again, only with correct JSON."
    return replace(request, messages=[*request.messages, given, Message("user", wrong)])


def explain(error: ValidationError) -> str:
    """Pydantic's findings in one line, for a model or a person."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in found)
