"""A typed Python function as a tool: its signature and docstring become the schema."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import ValidationError, create_model
from pydantic_core import to_json

from .errors import Rejected
from .messages import ToolCall, ToolResult, explain
from .vendors import Tool


@lru_cache(maxsize=256)
def tool_of(function: Callable[..., Any]) -> Tool:
    """Read the signature. Raises `Rejected` where a parameter has no type."""
    name = str(getattr(function, "__name__", "tool"))
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for key, parameter in inspect.signature(function).parameters.items():
        if key not in hints:
            raise Rejected(f"Give the parameter {key!r} of the tool {name} a type.")
        needed = parameter.default is parameter.empty
        fields[key] = (hints[key], ... if needed else parameter.default)
    arguments = create_model(name, **fields)
    return Tool(name, inspect.getdoc(function) or name, arguments, function)


def checked(call: ToolCall, tools: Sequence[Tool]) -> ToolCall:
    """Validate the arguments: text in OpenAI's protocols, an object in Anthropic's."""
    known, raw = {tool.name: tool for tool in tools}, call.arguments
    if call.name not in known:
        error = f"There is no tool {call.name!r}; there are: {', '.join(known)}."
        return replace(call, error=error)
    tool, text = known[call.name], raw or "{}" if isinstance(raw, str) else to_json(raw)
    try:
        arguments = dict(tool.arguments.model_validate_json(text))
    except ValidationError as error:
        return replace(call, arguments={}, error=f"Invalid arguments: {explain(error)}")
    return replace(call, arguments=arguments, function=tool.function)


async def run(call: ToolCall) -> ToolResult:
    """Call the function, in a thread unless it is async; an exception becomes an error result."""
    if call.error or call.function is None:
        return ToolResult(call.id, call.error or "This call has no function.", is_error=True)
    try:
        value = await asyncio.to_thread(call.function, **call.arguments)
        value = await value if inspect.isawaitable(value) else value
        return ToolResult(call.id, value if isinstance(value, str) else to_json(value).decode())
    except Exception as error:  # whatever it is, the model may be able to work around it
        return ToolResult(call.id, f"{type(error).__name__}: {error}", is_error=True)
