"""A stand-in for both vendors on 127.0.0.1: one answer, at once. It prints its port first.

    python bench/server.py

client.py starts it. It reads a request whole and answers from bytes made beforehand, so that it
costs as little as it can: whoever is measured shares the machine with it.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

INVOICE = {"number": "INV-1", "total": 12.5, "lines": [{"name": "x", "price": 1.5}] * 5}
TEXT = json.dumps(INVOICE)
USED = {"input_tokens": 100, "output_tokens": 50}
MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5",
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "usage": USED,
}
EVENTS = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": USED},
    {"type": "message_stop"},
]
OUTPUT = {
    "id": "o",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": TEXT, "annotations": []}],
}
RESPONSE = {
    "id": "r",
    "object": "response",
    "created_at": 0,
    "model": "gpt-5",
    "status": "completed",
    "output": [OUTPUT],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {**USED, "total_tokens": 150},
}


def answer(kind: str, body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def lines(event: dict[str, Any]) -> str:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


ANTHROPIC = answer("application/json", json.dumps(MESSAGE))
STREAM = answer("text/event-stream", "".join(map(lines, EVENTS)))  # pydantic-ai asks for one
OPENAI = answer("application/json", json.dumps(RESPONSE))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            first, *rest = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
            length = next(int(line[15:]) for line in rest if line.startswith(b"content-length:"))
            asked = json.loads(await reader.readexactly(length))
            message = STREAM if asked.get("stream") else ANTHROPIC
            writer.write(OPENAI if b"/responses" in first else message)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
