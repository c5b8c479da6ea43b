"""Servers that speak OpenAI's chat completions: Gemini's own, OpenRouter, Ollama, vLLM …

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
import os
from typing import Any

from pydantic_core import to_json

from .messages import Document, Message, Part, Usage
from .tools import Tool, ToolCall, ToolResult
from .vendors import Answer, Request, Vendor

_GOOGLE = "https://generativelanguage.googleapis.com"
# Name -> base URL, variable of the key (None: free, needs none), provider in genai-prices.
# <NAME>_BASE_URL in the environment goes before the table; "compatible" needs it.
SERVERS: dict[str, tuple[str, str | None, str]] = {
    "gemini": (f"{_GOOGLE}/v1beta/openai/", "GEMINI_API_KEY", "google"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", "openrouter"),
    "groq": ("https://api.groq.com/openai/v1", "GROQ_API_KEY", "groq"),
    "ollama": ("http://localhost:11434/v1", None, "ollama"),
    "compatible": ("", "COMPATIBLE_API_KEY", "openai"),
}


def vendor(name: str) -> Vendor:
    """What `vendors.vendor_of` looks for."""
    base_url, key_variable, provider = SERVERS[name]
    return Vendor(
        name=name,
        provider=provider,
        flavor="default" if name == "groq" else "chat",
        path="/chat/completions",
        sdk="openai:AsyncOpenAI",
        endpoint="chat.completions",
        key_variables=(key_variable or "OLLAMA_API_KEY",),
        body=_body,
        read=_read,
        piece=_piece,
        whole=_whole,
        base_url=os.environ.get(f"{name.upper()}_BASE_URL", base_url),
        free=key_variable is None,
    )


def _body(request: Request) -> dict[str, Any]:
    system = request.system or ""
    body: dict[str, Any] = {"model": request.model, "max_tokens": request.max_tokens}
    if request.returns:
        # Not strict, since not all servers know that; those that ignore the format as a
        # whole find the schema in the system message.
        schema = request.returns.model_json_schema()
        form = {"name": request.returns.__name__, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
        system += f"\n\nAnswer with one JSON object that fits this schema: {json.dumps(schema)}"
    if request.tools:
        body["tools"] = [{"type": "function", "function": _function(t)} for t in request.tools]
    if request.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    first = [{"role": "system", "content": system.strip()}] if system else []
    turns = [turn for message in request.messages for turn in _turns(message, request.vendor)]
    return {**body, "messages": [*first, *turns], **request.settings}


def _turns(message: Message, vendor: str) -> list[dict[str, Any]]:
    if message.native and message.native[0] == vendor:
        return [message.native[1]]
    turns: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
        for part in message.parts
        if isinstance(part, ToolResult)
    ]
    wanted = [part for part in message.parts if isinstance(part, ToolCall)]
    functions = [{"name": c.name, "arguments": to_json(c.arguments).decode()} for c in wanted]
    both = zip(wanted, functions, strict=True)
    calls = [{"id": c.id, "type": "function", "function": function} for c, function in both]
    content = [_content(p) for p in message.parts if isinstance(p, str | Document)]
    if content or calls:
        turns.append({"role": message.role, "content": content or None})
    if calls:
        turns[-1]["tool_calls"] = calls
    return turns


def _read(data: dict[str, Any]) -> Answer:
    choice, usage = data["choices"][0], data.get("usage") or {}
    message, reason = choice["message"], choice.get("finish_reason")
    filtered = "the server's content filter stopped the answer"
    calls = message.get("tool_calls") or []
    return Answer(
        text=message.get("content") or "",
        calls=[(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in calls],
        usage=Usage(
            usage.get("prompt_tokens") or 0,
            usage.get("completion_tokens") or 0,
            (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
            (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0,
        ),
        model=data.get("model") or "",
        finish_reason=reason,
        truncated=reason == "length",
        refusal=message.get("refusal") or (filtered if reason == "content_filter" else None),
        native=message,
    )


def _function(tool: Tool) -> dict[str, Any]:
    schema = tool.arguments.model_json_schema()
    return {"name": tool.name, "description": tool.description, "parameters": schema}


def _piece(event: dict[str, Any]) -> str:
    choices = event.get("choices") or [{}]
    return (choices[0].get("delta") or {}).get("content") or ""


def _whole(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    chunks = [event["choices"][0] for event in events if event.get("choices")]
    reason = next((c["finish_reason"] for c in chunks if c.get("finish_reason")), None)
    if reason is None:  # some servers do not send the closing [DONE]
        return None
    text = "".join((chunk.get("delta") or {}).get("content") or "" for chunk in chunks)
    calls: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for part in (chunk.get("delta") or {}).get("tool_calls") or []:
            empty = {**part, "function": {"name": "", "arguments": ""}}
            call = calls.setdefault(part.get("index", len(calls)), empty)
            for key in ("name", "arguments"):
                call["function"][key] += part["function"].get(key) or ""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:  # an empty list is refused when it is sent back
        message["tool_calls"] = list(calls.values())
    choice = {"message": message, "finish_reason": reason}
    usage = next((event["usage"] for event in events if event.get("usage")), None)
    return {"model": events[0].get("model"), "choices": [choice], "usage": usage}


def _content(part: Part) -> dict[str, Any]:
    if isinstance(part, Document) and not part.is_text:
        data = f"data:{part.media_type};base64,{part.base64}"
        if part.is_pdf:
            return {"type": "file", "file": {"filename": part.name, "file_data": data}}
        return {"type": "image_url", "image_url": {"url": data}}
    return {"type": "text", "text": part.text if isinstance(part, Document) else str(part)}
