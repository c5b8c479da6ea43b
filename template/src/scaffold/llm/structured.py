"""From a type to a strict schema, and from a model's text back to a value of that type."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from .errors import Rejected


class Wrapped(BaseModel):
    """Base of the models made for other types, as vendors want an object at the top."""

    value: Any


def model_of(returns: type[Any]) -> type[BaseModel] | None:
    """The type itself, another type as the field `value` of a model, None for plain text."""
    if returns is str:
        return None
    if isinstance(returns, type) and issubclass(returns, BaseModel):
        return returns
    return create_model("Answer", __base__=Wrapped, value=(returns, ...))


def strict_schema(model: type[BaseModel], transform: Callable[[type[BaseModel]], Any]) -> Any:
    """The SDK's own transform of a schema.

    Raises `Rejected` for what it would change in silence: `dict[str, int]` becomes `{}`, and a
    tuple an array of anything.
    """
    try:
        _check(model.model_json_schema(), model.__name__)
        return transform(model)
    except ValueError as error:
        raise Rejected(f"{model.__name__}: strict schemas do not know this: {error}") from None


def _check(schema: Any, where: str) -> None:
    if isinstance(schema, list):
        for item in schema:
            _check(item, where)
    if not isinstance(schema, dict):
        return
    if "type" in schema and schema.get("additionalProperties"):
        raise ValueError(f"{where} has free keys; use a list of models with a key and a value.")
    if "prefixItems" in schema:
        raise ValueError(f"{where} is a tuple; use a model with a field for each part.")
    for key, value in schema.items():
        if key not in ("default", "examples", "enum", "const"):  # those hold data
            _check(value, where if key in ("properties", "items", "anyOf", "$defs") else key)


def parse(text: str, model: type[BaseModel]) -> BaseModel:
    """Validate the JSON in a text: all of it, or the first object in it that fits.

    Servers without strict schemas wrap it in a code fence or in prose. Raises pydantic's
    `ValidationError`, that of the whole text or of the last object found.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        failure = error
    position = text.find("{")
    while position >= 0:
        try:
            end = json.JSONDecoder().raw_decode(text, position)[1]
            return model.model_validate_json(text[position:end])
        except ValidationError as error:
            failure = error
        except (ValueError, RecursionError):
            end = position + 1
        position = text.find("{", end)
    raise failure
