"""OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses."""

from typing import Any

from openai import AsyncOpenAI, pydantic_function_tool
from pydantic import BaseModel
from pydantic_core import to_json

from .messages import Message, Part, Reply, ToolCall, ToolResult, strict_schema
from .vendors import Request, Tool

SDK, ENDPOINT, USAGE = AsyncOpenAI, "responses", ("openai", "responses")


def body(request: Request) -> dict[str, Any]:
    """Put a request into OpenAI's words."""
    text = dict(request.settings.get("text", {}))
    if request.returns:
        form = {"type": "json_schema", "name": request.returns.__name__, "strict": True}
        text["format"] = {**form, "schema": strict_schema(request.returns, _transform)}
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


def _transform(model: type[BaseModel]) -> Any:
    return pydantic_function_tool(model)["function"].get("parameters")  # the SDK's only public way


def _tool(tool: Tool) -> dict[str, Any]:
    known = {"type": "function", "name": tool.name, "description": tool.description}
    return {**known, "parameters": strict_schema(tool.arguments, _transform), "strict": True}


def _items(message: Message) -> list[dict[str, Any]]:
    return message.native.get("openai") or [_item(part, message.role) for part in message.parts]


def _item(part: Part, role: str) -> dict[str, Any]:
    if isinstance(part, ToolCall):
        call = {"type": "function_call", "call_id": part.id, "name": part.name}
        return {**call, "arguments": to_json(part.arguments).decode()}
    if isinstance(part, ToolResult):
        return {"type": "function_call_output", "call_id": part.call_id, "output": part.text}
    if isinstance(part, str) or part.text:
        kind = "output_text" if role == "assistant" else "input_text"
        content = {"type": kind, "text": str(part)}
    elif part.is_pdf:
        content = {"type": "input_file", "filename": part.name, "file_data": str(part)}
    else:
        content = {"type": "input_image", "detail": "auto", "image_url": str(part)}
    return {"role": role, "content": [content]}


def read(data: dict[str, Any], reply: Reply[Any]) -> None:
    """Read a response; items of a type not known here are passed over, but sent back."""
    items = data["output"]
    # What comes before the final answer (phase "commentary") is not part of it.
    said = [i for i in items if i["type"] == "message" and i.get("phase") != "commentary"]
    contents = [content for item in said for content in item["content"]]
    reply.text = "".join(c["text"] for c in contents if c["type"] == "output_text")
    wanted = [item for item in items if item["type"] == "function_call"]
    reply.tool_calls = [ToolCall(one["call_id"], one["name"], one["arguments"]) for one in wanted]
    reply.message = Message("assistant", reply.text, {"openai": items})
    reason = (data.get("incomplete_details") or {}).get("reason")
    reply.finish_reason = {"max_output_tokens": "max_tokens"}.get(reason, data["status"])
    refusal = " ".join(c["refusal"] for c in contents if c["type"] == "refusal")
    if refusal or reason == "content_filter":
        reply.text = refusal or "the vendor's content filter stopped the answer"
        reply.finish_reason = "refusal"


def piece(event: dict[str, Any]) -> str:
    """Read the text in one event of a stream."""
    return str(event["delta"]) if event.get("type") == "response.output_text.delta" else ""


def whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Take the last event of a whole stream: it holds the whole answer."""
    ends = ("response.completed", "response.incomplete", "response.failed")
    return events[-1]["response"] if events[-1].get("type") in ends else None
