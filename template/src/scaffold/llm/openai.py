"""OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from .messages import Document, Message, Usage
from .structured import strict_schema
from .tools import ToolCall, ToolResult
from .vendors import Answer, Request, Vendor


def vendor(name: str) -> Vendor:
    """What `vendors.vendor_of` looks for."""
    return Vendor(
        name=name,
        provider="openai",
        flavor="responses",
        path="/responses",
        sdk="openai:AsyncOpenAI",
        endpoint="responses",
        key_variables=("OPENAI_API_KEY",),
        body=_body,
        read=_read,
        piece=_piece,
        whole=_whole,
    )


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "max_output_tokens": request.max_tokens,
        "input": [item for message in request.messages for item in _items(message)],
        **request.settings,
    }
    if request.system:
        body["instructions"] = request.system
    if request.stream:
        body["stream"] = True
    if request.tools:
        body["tools"] = [
            {"type": "function", "name": tool.name, "description": tool.description}
            | {"parameters": _schema(tool.arguments), "strict": True}
            for tool in request.tools
        ]
    if request.returns:
        form = {"type": "json_schema", "name": request.returns.__name__, "strict": True}
        form["schema"] = _schema(request.returns)
        body["text"] = {**request.settings.get("text", {}), "format": form}
    return body


@cache  # it takes as long as all the rest of a call
def _schema(model: type[BaseModel]) -> Any:
    from openai import pydantic_function_tool

    # The SDK's only public way to its strict schema.
    return strict_schema(model, lambda m: pydantic_function_tool(m)["function"].get("parameters"))


def _items(message: Message) -> list[dict[str, Any]]:
    if message.native and message.native[0] == "openai":
        return list(message.native[1])
    items: list[dict[str, Any]] = []
    contents = [_content(p, message.role) for p in message.parts if isinstance(p, str | Document)]
    if contents:
        items.append({"role": message.role, "content": contents})
    for part in message.parts:
        if isinstance(part, ToolCall):
            call = {"type": "function_call", "call_id": part.id, "name": part.name}
            items.append({**call, "arguments": to_json(part.arguments).decode()})
        if isinstance(part, ToolResult):
            result = {"type": "function_call_output", "call_id": part.call_id}
            items.append({**result, "output": part.text})
    return items


def _content(part: str | Document, role: str) -> dict[str, Any]:
    if isinstance(part, str) or part.is_text:
        text = part if isinstance(part, str) else part.text
        return {"type": "output_text" if role == "assistant" else "input_text", "text": text}
    data = f"data:{part.media_type};base64,{part.base64}"
    if part.is_pdf:
        return {"type": "input_file", "filename": part.name, "file_data": data}
    return {"type": "input_image", "detail": "auto", "image_url": data}


def _read(data: dict[str, Any]) -> Answer:
    # Items of a type not known here are passed over, and sent back as they are.
    items, usage = data["output"], data["usage"]
    reason = (data.get("incomplete_details") or {}).get("reason")
    # What comes before the final answer (phase "commentary") is not part of it.
    said = [i for i in items if i["type"] == "message" and i.get("phase", "") != "commentary"]
    contents = [content for item in said for content in item["content"]]
    refusals = [content["refusal"] for content in contents if content["type"] == "refusal"]
    if reason == "content_filter":
        refusals.append("the vendor's content filter stopped the answer")
    calls = [item for item in items if item["type"] == "function_call"]
    return Answer(
        text="".join(c["text"] for c in contents if c["type"] == "output_text"),
        calls=[(call["call_id"], call["name"], call["arguments"]) for call in calls],
        usage=Usage(
            usage["input_tokens"],
            usage["output_tokens"],
            (usage.get("input_tokens_details") or {}).get("cached_tokens") or 0,
            (usage.get("output_tokens_details") or {}).get("reasoning_tokens") or 0,
        ),
        model=data["model"],
        finish_reason=reason or data["status"],
        truncated=reason == "max_output_tokens",
        refusal=" ".join(refusals) or None,
        native=items,
    )


def _piece(event: dict[str, Any]) -> str:
    return str(event["delta"]) if event.get("type") == "response.output_text.delta" else ""


def _whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    # The last event of a whole stream holds the whole answer.
    last: dict[str, Any] = events[-1] if events else {}
    ends = ("response.completed", "response.incomplete", "response.failed")
    return last["response"] if last.get("type") in ends else None
