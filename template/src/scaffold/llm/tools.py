"""A typed Python function as a tool: its signature and docstring become the schema."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import to_json

from .errors import Rejected


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back, as text for the model."""

    call_id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Tool:
    """A function that a model may call."""

    name: str
    description: str
    arguments: type[BaseModel]
    function: Callable[..., Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Tool:
        """Read the signature. Raises `Rejected` where a parameter has no type."""
        name = str(getattr(function, "__name__", "tool"))
        hints = get_type_hints(function, include_extras=True)
        fields: dict[str, Any] = {}
        for key, parameter in inspect.signature(function).parameters.items():
            if key not in hints:
                raise Rejected(f"Give the parameter {key!r} of the tool {name} a type.")
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[key] = (hints[key], default)
        description = inspect.getdoc(function) or name
        return cls(name, description, create_model(name, **fields), function)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants: `arguments` are validated, or `error` says why they are not."""

    id: str
    name: str
    arguments: dict[str, Any]
    error: str | None = None
    tool: Tool | None = field(default=None, repr=False, compare=False)

    @classmethod
    def read(
        cls, call_id: str, name: str, raw: str | dict[str, Any], tools: list[Tool]
    ) -> ToolCall:
        """Validate what the model wrote: text in OpenAI's protocols, an object in Anthropic's."""
        tool = next((tool for tool in tools if tool.name == name), None)
        if tool is None:
            known = ", ".join(tool.name for tool in tools)
            return cls(call_id, name, {}, f"There is no tool {name!r}; there are: {known}.")
        try:
            text = raw if isinstance(raw, str) else json.dumps(raw)
            values = dict(tool.arguments.model_validate_json(text))
        except ValidationError as error:
            return cls(call_id, name, {}, f"Invalid arguments: {explain(error)}", tool)
        return cls(call_id, name, values, None, tool)

    async def run(self) -> ToolResult:
        """Call the function, a plain one in a thread; an exception becomes an error result."""
        if self.error or self.tool is None:
            return ToolResult(self.id, self.error or "This call has no function.", is_error=True)
        try:
            if inspect.iscoroutinefunction(self.tool.function):
                value = await self.tool.function(**self.arguments)
            else:
                value = await asyncio.to_thread(self.tool.function, **self.arguments)
            text = value if isinstance(value, str) else to_json(value).decode()
        except Exception as error:  # whatever it is, the model may be able to work around it
            return ToolResult(self.id, f"{type(error).__name__}: {error}", is_error=True)
        return ToolResult(self.id, text)


def explain(error: ValidationError) -> str:
    """Pydantic's findings in one line, for a model or a person."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in found)
