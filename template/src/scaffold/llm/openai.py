"""OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from .messages import Message, Part, Reply, Tool, ToolCall, ToolResult, Usage
from .structured import strict_schema
from .vendors import Request


def body(request: Request) -> dict[str, Any]:
    """Put a request into OpenAI's words."""
    text = dict(request.settings.get("text", {}))
    if request.returns:
        form = {"type": "json_schema", "name": request.returns.__name__, "strict": True}
        text["format"] = {**form, "schema": _schema(request.returns)}
    return {
        "model": request.model,
        "max_output_tokens": request.max_tokens,
        "instructions": request.system,
        "input": [item for message in request.messages for item in _items(message)],
        "tools": [_tool(tool) for tool in request.tools] or None,
        "stream": request.stream or None,
        **request.settings,
        "text": text or None,
    }


def _tool(tool: Tool) -> dict[str, Any]:
    known = {"type": "function", "name": tool.name, "description": tool.description}
    return {**known, "parameters": _schema(tool.arguments), "strict": True}


@lru_cache(maxsize=256)  # making it takes as long as all the rest of a call
def _schema(model: type[BaseModel]) -> Any:
    from openai import pydantic_function_tool

    # The SDK's only public way to its strict schema.
    return strict_schema(model, lambda m: pydantic_function_tool(m)["function"].get("parameters"))


def _items(message: Message) -> list[dict[str, Any]]:
    vendor, native = message.native
    return native if vendor == "openai" else [_item(part, message.role) for part in message.parts]


def _item(part: Part, role: str) -> dict[str, Any]:
    if isinstance(part, ToolCall):
        call = {"type": "function_call", "call_id": part.id, "name": part.name}
        return {**call, "arguments": to_json(part.arguments).decode()}
    if isinstance(part, ToolResult):
        return {"type": "function_call_output", "call_id": part.call_id, "output": part.text}
    if isinstance(part, str) or part.is_text:
        text = part if isinstance(part, str) else part.text
        kind = "output_text" if role == "assistant" else "input_text"
        return {"role": role, "content": [{"type": kind, "text": text}]}
    data = f"data:{part.media_type};base64,{part.base64}"
    file = {"type": "input_file", "filename": part.name, "file_data": data}
    image = {"type": "input_image", "detail": "auto", "image_url": data}
    return {"role": role, "content": [file if part.is_pdf else image]}


def read(data: dict[str, Any]) -> Reply[Any]:
    """Read a response; items of a type not known here are passed over, but sent back."""
    items, usage, finish = data["output"], data["usage"], data["status"]
    # What comes before the final answer (phase "commentary") is not part of it.
    said = [i for i in items if i["type"] == "message" and i.get("phase") != "commentary"]
    contents = [content for item in said for content in item["content"]]
    text = "".join(c["text"] for c in contents if c["type"] == "output_text")
    refusal = " ".join(c["refusal"] for c in contents if c["type"] == "refusal")
    reason = (data.get("incomplete_details") or {}).get("reason")
    if reason == "content_filter":
        refusal = "the vendor's content filter stopped the answer"
    if reason == "max_output_tokens":
        finish = "max_tokens"
    calls = [item for item in items if item["type"] == "function_call"]
    cached = (usage.get("input_tokens_details") or {}).get("cached_tokens") or 0
    reasoning = (usage.get("output_tokens_details") or {}).get("reasoning_tokens") or 0
    return Reply(
        None,
        refusal or text,
        [ToolCall(call["call_id"], call["name"], call["arguments"]) for call in calls],
        Message("assistant", text, ("openai", items)),
        Usage(usage["input_tokens"], usage["output_tokens"], cached, reasoning),
        model=data["model"],
        finish_reason="refusal" if refusal else finish,
    )


def piece(event: dict[str, Any]) -> str:
    """Read the text in one event of a stream."""
    return str(event["delta"]) if event.get("type") == "response.output_text.delta" else ""


def whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Take the last event of a whole stream: it holds the whole answer."""
    ends = ("response.completed", "response.incomplete", "response.failed")
    return events[-1]["response"] if events[-1].get("type") in ends else None
