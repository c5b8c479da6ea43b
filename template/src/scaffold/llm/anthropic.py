"""Anthropic's Messages API: https://docs.anthropic.com/en/api/messages."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from .messages import Message, Part, Reply, Tool, ToolCall, ToolResult, Usage
from .structured import strict_schema
from .vendors import Request


def body(request: Request) -> dict[str, Any]:
    """Put a request into Anthropic's words."""
    output = dict(request.settings.get("output_config", {}))
    if request.returns:
        output["format"] = {"type": "json_schema", "schema": _schema(request.returns)}
    return {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": request.system,
        "messages": [_message(message) for message in request.messages],
        "tools": [_tool(tool) for tool in request.tools] or None,
        "stream": request.stream or None,
        **request.settings,
        "output_config": output or None,
    }


def _tool(tool: Tool) -> dict[str, Any]:
    known = {"name": tool.name, "description": tool.description, "strict": True}
    return {**known, "input_schema": _schema(tool.arguments)}


@lru_cache(maxsize=256)  # making it takes as long as all the rest of a call
def _schema(model: type[BaseModel]) -> Any:
    from anthropic import transform_schema

    return strict_schema(model, transform_schema)


def _message(message: Message) -> dict[str, Any]:
    vendor, native = message.native
    content = native if vendor == "anthropic" else [_block(part) for part in message.parts]
    return {"role": message.role, "content": content}


def _block(part: Part) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, ToolCall):
        arguments = to_jsonable_python(part.arguments)
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
    if isinstance(part, ToolResult):
        result = {"type": "tool_result", "tool_use_id": part.call_id, "content": part.text}
        return {**result, "is_error": part.is_error}
    if part.is_text:
        return {"type": "text", "text": part.text}
    source = {"type": "base64", "media_type": part.media_type, "data": part.base64}
    if part.is_pdf:
        return {"type": "document", "title": part.name, "source": source}
    return {"type": "image", "source": source}


def read(data: dict[str, Any]) -> Reply[Any]:
    """Read a message; blocks of a type not known here are passed over, but sent back."""
    blocks, finish, usage = data["content"], data["stop_reason"], data["usage"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    if finish == "refusal":
        text = text or (data.get("stop_details") or {}).get("explanation") or "no reason given"
    if finish == "model_context_window_exceeded":
        finish = "max_tokens"
    # Anthropic does not count cached tokens as input; everyone else does.
    cached = usage.get("cache_read_input_tokens") or 0
    tokens = usage["input_tokens"] + cached + (usage.get("cache_creation_input_tokens") or 0)
    thinking = (usage.get("output_tokens_details") or {}).get("thinking_tokens") or 0
    return Reply(
        None,
        text,
        [ToolCall(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"],
        Message("assistant", text, ("anthropic", blocks)),
        Usage(tokens, usage["output_tokens"], cached, thinking),
        model=data["model"],
        finish_reason=finish,
    )


def piece(event: dict[str, Any]) -> str:
    """Read the text in one event of a stream."""
    delta = event.get("delta") or {}
    return str(delta["text"]) if delta.get("type") == "text_delta" else ""


def whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Put a message together: its text, usage and end; `stream` takes no tools."""
    if events[-1].get("type") != "message_stop":
        return None
    message: dict[str, Any] = {}
    for event in events:
        if event["type"] == "message_start":
            message = event["message"]
        elif event["type"] == "message_delta":
            usage = {**message["usage"], **event["usage"]}
            message = {**message, **event["delta"], "usage": usage}
    return {**message, "content": [{"type": "text", "text": "".join(map(piece, events))}]}
