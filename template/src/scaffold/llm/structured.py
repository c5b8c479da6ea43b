"""From a model to a strict schema, and from an answer back to a value of that model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from .errors import InvalidOutput, LLMError, Refused, Rejected, Truncated
from .messages import Message
from .vendors import Call, Request

# In a schema: free keys (dict[str, int]) and tuples.
_LOOSE = re.compile(r'"additionalProperties": (true|\{)|"prefixItems": ')


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


def output_of(request: Request, call: Call) -> Any:
    """What was asked for. Raises `LLMError`, and `ValidationError` for what can be corrected."""
    reply = call.reply
    truncated = reply.finish_reason == "max_tokens"
    if reply.finish_reason == "refusal":
        raise call.failed(Refused, f"declined ({reply.text}); change the prompt or the model")
    if request.returns and not reply.tool_calls:
        try:
            return parse(reply.text, request.returns)
        except ValidationError:
            if not truncated:
                raise
    if truncated:
        raise call.failed(Truncated, "the answer was cut off; raise max_tokens")
    if not (reply.text or reply.tool_calls):
        raise call.failed(InvalidOutput, "the answer is empty; change the prompt, or retry")
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


def corrected(request: Request, text: str, error: ValidationError) -> Request:
    """The request again, with the answer and what is wrong with it."""
    given = Message("assistant", text or "(nothing)")  # vendors do not accept an empty message
    wrong = f"That does not fit: {explain(error)}. Answer again, with the corrected JSON only."
    return replace(request, messages=[*request.messages, given, Message("user", wrong)])


def misfit(call: Call, error: ValidationError) -> LLMError:
    """The failure of an answer that does not fit, not even when corrected."""
    problem = f"the answer does not fit, also when corrected: {explain(error)}"
    return call.failed(InvalidOutput, f"{problem}; loosen the model, or say it in the prompt")


def explain(error: ValidationError) -> str:
    """Pydantic's findings in one line, for a model or a person."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in found)
