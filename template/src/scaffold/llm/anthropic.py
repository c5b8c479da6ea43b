"""Anthropic's Messages API: https://docs.anthropic.com/en/api/messages."""

from typing import Any

from anthropic import AsyncAnthropic, transform_schema
from pydantic_core import to_jsonable_python

from .messages import Message, Part, Reply, ToolCall, ToolResult, strict_schema
from .vendors import Request, Tool

SDK, ENDPOINT, USAGE = AsyncAnthropic, "messages", ("anthropic", "default")


def body(request: Request) -> dict[str, Any]:
    """Put a request into Anthropic's words."""
    output = dict(request.settings.get("output_config", {}))
    if request.returns:
        schema = strict_schema(request.returns, transform_schema)
        output["format"] = {"type": "json_schema", "schema": schema}
    return {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "system": request.system,
        "messages": [
            {"role": m.role, "content": m.native.get("anthropic") or [*map(_block, m.parts)]}
            for m in request.messages
        ],
        "tools": [_tool(tool) for tool in request.tools] or None,
        "stream": request.stream or None,
        **request.settings,
        "output_config": output or None,
    }


def _tool(tool: Tool) -> dict[str, Any]:
    known = {"name": tool.name, "description": tool.description, "strict": True}
    return {**known, "input_schema": strict_schema(tool.arguments, transform_schema)}


def _block(part: Part) -> dict[str, Any]:
    if isinstance(part, ToolCall):
        arguments = to_jsonable_python(part.arguments)
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
    if isinstance(part, ToolResult):
        result = {"type": "tool_result", "tool_use_id": part.call_id, "content": part.text}
        return {**result, "is_error": part.is_error}
    if isinstance(part, str) or part.text:
        return {"type": "text", "text": str(part)}
    source = {"type": "base64", "media_type": part.media_type, "data": part.base64}
    named = {"type": "document", "title": part.name} if part.is_pdf else {"type": "image"}
    return {**named, "source": source}


def read(data: dict[str, Any], reply: Reply[Any]) -> None:
    """Read a message; blocks of a type not known here are passed over, but sent back."""
    blocks, finish = data["content"], data["stop_reason"]
    reply.text = "".join(block["text"] for block in blocks if block["type"] == "text")
    wanted = [block for block in blocks if block["type"] == "tool_use"]
    reply.tool_calls = [ToolCall(one["id"], one["name"], one["input"]) for one in wanted]
    reply.message = Message("assistant", reply.text, {"anthropic": blocks})
    reply.finish_reason = {"model_context_window_exceeded": "max_tokens"}.get(finish, finish)
    if finish == "refusal" and not reply.text:
        reply.text = (data.get("stop_details") or {}).get("explanation") or "no reason given"


def piece(event: dict[str, Any]) -> str:
    """Read the text in one event of a stream."""
    delta = event.get("delta") or {}
    return str(delta["text"]) if delta.get("type") == "text_delta" else ""


def whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Put a message together: its text, usage and end; `stream` takes no tools."""
    last = {event["type"]: event for event in events}
    if "message_stop" not in last:
        return None
    start, end = last["message_start"]["message"], last["message_delta"]
    content = [{"type": "text", "text": "".join(map(piece, events))}]
    return {**start, **end["delta"], "usage": start["usage"] | end["usage"], "content": content}
