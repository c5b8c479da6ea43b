"""Anthropic's Messages API: https://docs.anthropic.com/en/api/messages."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from .messages import Message, Part, Usage
from .structured import strict_schema
from .tools import ToolCall, ToolResult
from .vendors import Answer, Request, Vendor


def vendor(name: str) -> Vendor:
    """What `vendors.vendor_of` looks for."""
    return Vendor(
        name=name,
        provider="anthropic",
        flavor="default",
        path="/messages",
        sdk="anthropic:AsyncAnthropic",
        endpoint="messages",
        key_variables=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        body=_body,
        read=_read,
        piece=_piece,
        whole=_whole,
    )


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [_message(message) for message in request.messages],
        **request.settings,
    }
    if request.system:
        body["system"] = request.system
    if request.stream:
        body["stream"] = True
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "strict": True}
            | {"input_schema": _schema(tool.arguments)}
            for tool in request.tools
        ]
    if request.returns:
        form = {"type": "json_schema", "schema": _schema(request.returns)}
        body["output_config"] = {**request.settings.get("output_config", {}), "format": form}
    return body


@cache  # it takes as long as all the rest of a call
def _schema(model: type[BaseModel]) -> Any:
    from anthropic import transform_schema

    return strict_schema(model, transform_schema)


def _message(message: Message) -> dict[str, Any]:
    if message.native and message.native[0] == "anthropic":
        return {"role": message.role, "content": message.native[1]}
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, Any]:
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
    return {"type": "document" if part.is_pdf else "image", "source": source}


def _read(data: dict[str, Any]) -> Answer:
    # Blocks of a type not known here are passed over, and sent back as they are.
    blocks, stop, usage = data["content"], data["stop_reason"], data["usage"]
    cached = usage.get("cache_read_input_tokens") or 0
    written = usage.get("cache_creation_input_tokens") or 0
    thinking = (usage.get("output_tokens_details") or {}).get("thinking_tokens") or 0
    reason = (data.get("stop_details") or {}).get("explanation") or "no reason given"
    return Answer(
        text="".join(block["text"] for block in blocks if block["type"] == "text"),
        calls=[(b["id"], b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"],
        # Anthropic does not count cached tokens as input; everyone else does.
        usage=Usage(
            usage["input_tokens"] + cached + written, usage["output_tokens"], cached, thinking
        ),
        model=data["model"],
        finish_reason=stop,
        truncated=stop in ("max_tokens", "model_context_window_exceeded"),
        refusal=reason if stop == "refusal" else None,
        native=blocks,
    )


def _piece(event: dict[str, Any]) -> str:
    delta = event.get("delta") or {}
    return str(delta["text"]) if delta.get("type") == "text_delta" else ""


def _whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not events or events[-1].get("type") != "message_stop":
        return None
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        match event["type"]:
            case "message_start":
                message = event["message"]
            case "content_block_start":
                blocks[event["index"]] = dict(event["content_block"])
            case "content_block_delta":
                block = blocks[event["index"]]
                # text, thinking, signature, partial_json: each delta appends to its like
                for key, value in event["delta"].items():
                    if key != "type" and isinstance(value, str):
                        block[key] = (block.get(key) or "") + value
            case "message_delta":
                usage = {**message["usage"], **event.get("usage", {})}
                message = {**message, **event["delta"], "usage": usage}
    for block in blocks.values():
        if arguments := block.pop("partial_json", None):
            block["input"] = json.loads(arguments)
    return {**message, "content": list(blocks.values())}
