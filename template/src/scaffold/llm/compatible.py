"""Servers that speak OpenAI's chat completions: Gemini's own, OpenRouter, Ollama, vLLM …

https://platform.openai.com/docs/api-reference/chat
"""

import json
from typing import Any

from openai import AsyncOpenAI
from pydantic_core import to_json

from .messages import Document, Message, Reply, ToolCall, ToolResult
from .vendors import Request, Tool

SDK, ENDPOINT, USAGE = AsyncOpenAI, "chat.completions", ("openai", "chat")


def body(request: Request) -> dict[str, Any]:
    """Put a request into the words of chat completions."""
    system, form = request.system or "", None
    if request.returns:
        # Not strict, since not all servers know that; those that ignore the format as a
        # whole find the schema in the system message.
        schema = request.returns.model_json_schema()
        known = {"name": request.returns.__name__, "schema": schema}
        form = {"type": "json_schema", "json_schema": known}
        system += f"\n\nAnswer with one JSON object that fits this schema: {json.dumps(schema)}"
    first = [{"role": "system", "content": system.strip()}] if system else []
    return {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [*first, *(turn for m in request.messages for turn in _turns(m))],
        "response_format": form,
        "tools": [_tool(tool) for tool in request.tools] or None,
        "stream": request.stream or None,
        "stream_options": {"include_usage": True} if request.stream else None,
        **request.settings,
    }


def _tool(tool: Tool) -> dict[str, Any]:
    known = {"name": tool.name, "description": tool.description}
    schema = tool.arguments.model_json_schema()
    return {"type": "function", "function": {**known, "parameters": schema}}


def _turns(message: Message) -> list[dict[str, Any]]:
    if "compatible" in message.native:
        return [message.native["compatible"]]
    turns, contents, calls = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for part in message.parts:
        if isinstance(part, ToolResult):
            turns.append({"role": "tool", "tool_call_id": part.call_id, "content": part.text})
        elif isinstance(part, ToolCall):
            function = {"name": part.name, "arguments": to_json(part.arguments).decode()}
            calls.append({"id": part.id, "type": "function", "function": function})
        else:
            contents.append(_content(part))
    if contents or calls:
        turns.append({"role": message.role, "content": contents or None})
    if calls:
        turns[-1]["tool_calls"] = calls
    return turns


def _content(part: str | Document) -> dict[str, Any]:
    if isinstance(part, str) or part.text is not None:
        return {"type": "text", "text": part if isinstance(part, str) else part.text}
    data = f"data:{part.media_type};base64,{part.base64}"
    if part.is_pdf:
        return {"type": "file", "file": {"filename": part.name, "file_data": data}}
    return {"type": "image_url", "image_url": {"url": data}}


def read(data: dict[str, Any], reply: Reply[Any]) -> None:
    """Read the first choice; servers leave out much of what the protocol has."""
    choice = data["choices"][0]
    message, finish = choice["message"], choice.get("finish_reason")
    reply.text, wanted = message.get("content") or "", message.get("tool_calls") or []
    calls = [(one["id"], one["function"]) for one in wanted]
    reply.tool_calls = [ToolCall(id_, call["name"], call["arguments"]) for id_, call in calls]
    reply.message = Message("assistant", reply.text, {"compatible": message})
    reply.finish_reason = {"length": "max_tokens"}.get(finish, finish)
    if message.get("refusal") or finish == "content_filter":
        reply.text = message.get("refusal") or "the server's content filter stopped the answer"
        reply.finish_reason = "refusal"


def piece(event: dict[str, Any]) -> str:
    """Read the text in one event of a stream."""
    choices = event.get("choices") or [{}]
    return (choices[0].get("delta") or {}).get("content") or ""


def whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Put an answer together: its text, usage and end; `stream` takes no tools."""
    choices = [event["choices"][0] for event in events if event.get("choices")]
    finish = next((one["finish_reason"] for one in choices if one.get("finish_reason")), None)
    if finish is None:  # some servers do not send the closing [DONE]
        return None
    message = {"role": "assistant", "content": "".join(map(piece, events))}
    usage = next((event["usage"] for event in events if event.get("usage")), None)
    choice = {"message": message, "finish_reason": finish}
    return {"model": events[0].get("model"), "choices": [choice], "usage": usage}
