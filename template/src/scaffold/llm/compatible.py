"""Chat completions of OpenAI: https://platform.openai.com/docs/api-reference/chat.

Gemini's own server, OpenRouter, Groq, Ollama, vLLM and many more speak them.
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
        # Not strict, since not all servers know that, and in the system message for those that
        # ignore the format as a whole.
        known = {"name": request.returns.__name__, "schema": request.returns.model_json_schema()}
        form = {"type": "json_schema", "json_schema": known}
        asks = "Answer with one JSON object that fits this schema"
        system += f"\n\n{asks}: {json.dumps(known['schema'])}"
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
    schema = tool.arguments.model_json_schema()
    known = {"name": tool.name, "description": tool.description, "parameters": schema}
    return {"type": "function", "function": known}


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
    said = {"role": message.role, "content": contents or None}
    calling = {"tool_calls": calls} if calls else {}
    return [*turns, said | calling] if contents or calls else turns


def _content(part: str | Document) -> dict[str, Any]:
    if isinstance(part, str) or part.text:
        return {"type": "text", "text": str(part)}
    if part.is_pdf:
        return {"type": "file", "file": {"filename": part.name, "file_data": str(part)}}
    return {"type": "image_url", "image_url": {"url": str(part)}}


def read(data: dict[str, Any], reply: Reply[Any]) -> None:
    """Read the first choice; servers leave out much of what the protocol has."""
    choice = data["choices"][0]
    message, finish = choice["message"], choice.get("finish_reason")
    said, wanted = message.get("content") or "", message.get("tool_calls") or []
    reply.text = said if isinstance(said, str) else "".join(b.get("text", "") for b in said)
    calls = [(one["id"], one["function"]) for one in wanted]
    reply.tool_calls = [ToolCall(id_, call["name"], call["arguments"]) for id_, call in calls]
    reply.message = Message("assistant", reply.text, {"compatible": message})
    reply.finish_reason = {"length": "max_tokens"}.get(finish, finish)
    if message.get("refusal") or finish == "content_filter":
        reply.text = message.get("refusal") or "the server's content filter stopped the answer"
        reply.finish_reason = "refusal"


def piece(event: dict[str, Any], kind: str = "content") -> str:
    """Read the text in one event of a stream."""
    choices = event.get("choices") or [{}]
    return (choices[0].get("delta") or {}).get(kind) or ""


def whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Put an answer together: its text, usage and end; `stream` takes no tools."""
    ends = [e for e in events if e.get("choices") and e["choices"][0].get("finish_reason")]
    if not ends:  # some servers do not send the closing [DONE]
        return None
    message = {"role": "assistant", "content": "".join(map(piece, events))}
    message["refusal"] = "".join(piece(event, "refusal") for event in events)
    choice = {**ends[0]["choices"][0], "message": message}
    usage = next((event["usage"] for event in events if event.get("usage")), None)
    return {"model": events[0].get("model"), "choices": [choice], "usage": usage}
