"""A real HTTP server on 127.0.0.1 that speaks all three protocols and misbehaves on demand."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from scaffold.llm import Client

MODELS = ("anthropic:claude-sonnet-5", "openai:gpt-5.5", "groq:llama-3.3-70b-versatile")


def anthropic_answer(text: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 20, "cache_read_input_tokens": 30},
        **changes,
    }


def responses_answer(text: str, **changes: Any) -> dict[str, Any]:
    content = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": "m1", "role": "assistant", "content": [content]}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-5.5",
        "status": "completed",
        "error": None,
        "output": [message] if text else [],
        "usage": {
            "input_tokens": 130,
            "output_tokens": 20,
            "total_tokens": 150,
            "input_tokens_details": {"cached_tokens": 30},
            "output_tokens_details": {"reasoning_tokens": 5},
        },
        **changes,
    }


def chat_answer(text: str, **changes: Any) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    choice.update({key: changes.pop(key) for key in ("message", "finish_reason") if key in changes})
    usage = {"prompt_tokens": 130, "completion_tokens": 20, "total_tokens": 150}
    return {
        "id": "chat_1",
        "object": "chat.completion",
        "created": 1,
        "model": "llama-3.3-70b-versatile",
        "choices": [choice],
        "usage": {**usage, "prompt_tokens_details": {"cached_tokens": 30}},
        **changes,
    }


def refusal(path: str) -> dict[str, Any]:
    if path.endswith("/messages"):
        details = {"type": "refusal", "category": "x", "explanation": "not this"}
        return anthropic_answer("I can't", stop_reason="refusal", stop_details=details)
    if path.endswith("/responses"):
        content = [{"type": "refusal", "refusal": "not this"}]
        return responses_answer("", output=[{"type": "message", "id": "m", "content": content}])
    return chat_answer("", message={"role": "assistant", "content": None, "refusal": "not this"})


def truncated(path: str) -> dict[str, Any]:
    if path.endswith("/messages"):
        return anthropic_answer('{"n": 1', stop_reason="max_tokens")
    if path.endswith("/responses"):
        why = {"reason": "max_output_tokens"}
        return responses_answer('{"n": 1', status="incomplete", incomplete_details=why)
    return chat_answer('{"n": 1', finish_reason="length")


def unknown(path: str) -> dict[str, Any]:
    if path.endswith("/messages"):
        blocks = [{"type": "hologram", "rays": 3}, {"type": "text", "text": '{"n": 7}', "new": 1}]
        return anthropic_answer("", content=blocks, novelty={"a": 1})
    if path.endswith("/responses"):
        items = responses_answer('{"n": 7}')["output"]
        return responses_answer("", output=[{"type": "hologram", "rays": 3}, *items], novelty=1)
    return chat_answer('{"n": 7}', novelty={"a": 1})


def answer(path: str, text: str) -> dict[str, Any]:
    if path.endswith("/messages"):
        return anthropic_answer(text)
    return responses_answer(text) if path.endswith("/responses") else chat_answer(text)


def events(path: str, text: str) -> list[dict[str, Any]]:
    """A stream that says `text` word by word."""
    words = text.split(" ")
    pieces = [word + " " for word in words[:-1]] + words[-1:]
    if path.endswith("/messages"):
        whole = anthropic_answer(text)
        start = {**whole, "content": [], "stop_reason": None}
        block = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        return [
            {"type": "message_start", "message": start},
            {"type": "content_block_start", "index": 0, "content_block": block},
            *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn"},
                "usage": whole["usage"],
            },
            {"type": "message_stop"},
        ]
    if path.endswith("/responses"):
        name = "response.output_text.delta"
        end = {"type": "response.completed", "response": responses_answer(text)}
        return [*({"type": name, "delta": piece} for piece in pieces), end]
    base = {"id": "c", "object": "chat.completion.chunk", "model": "llama-3.3-70b-versatile"}
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": {"content": p}, "finish_reason": None} for p in pieces
    ]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    usage = {**base, "choices": [], "usage": chat_answer("")["usage"]}
    return [*({**base, "choices": [choice]} for choice in choices), usage]


class Server(ThreadingHTTPServer):
    """`script` holds how to treat the next requests, `text` what to say when nothing is scripted."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[str] = []
        self.text: Callable[[dict[str, Any]], str] = lambda body: '{"n": 7}'
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.delay_s = 0.0
        self.ascii = True  # as JSON is written in streams
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        server = cast(Server, self.server)
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with server.lock:
            server.seen.append(body)
            server.headers.append(dict(self.headers))
            treatment = server.script.pop(0) if server.script else "ok"
            server.under_way += 1
            server.most_under_way = max(server.under_way, server.most_under_way)
        try:
            time.sleep(server.delay_s)
            getattr(self, treatment.partition(":")[0])(body, treatment.partition(":")[2])
        finally:
            with server.lock:
                server.under_way -= 1

    def send(
        self, data: bytes, kind: str = "application/json", status: int = 200, **more: str
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        name = "request-id" if self.path.endswith("/messages") else "x-request-id"
        self.send_header(name, "req_42")
        for key, value in more.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def ok(self, body: dict[str, Any], _: str, cut: float = 1, error: bool = False) -> None:
        server = cast(Server, self.server)
        text = server.text(body)
        if not body.get("stream"):
            self.send(json.dumps(answer(self.path, text)).encode())
            return
        said = events(self.path, text)
        said = said[: max(1, int(len(said) * cut))]
        if error:
            failure = {"type": "overloaded_error", "message": "busy"}
            said.append({"type": "error", "error": failure, "message": "busy"})
        data = [(e.get("type"), json.dumps(e, ensure_ascii=server.ascii)) for e in said]
        lines = "".join(f"event: {kind}\ndata: {one}\n\n" for kind, one in data)
        done = "data: [DONE]\n\n" if cut == 1 and self.path.endswith("completions") else ""
        self.send((lines + done).encode(), "text/event-stream")

    def status(self, body: dict[str, Any], code: str) -> None:
        code, _, after = code.partition(",")
        error = {"type": "x_error", "message": f"it is {code}", "code": None}
        data = json.dumps({"type": "error", "error": error}).encode()
        self.send(data, status=int(code), **({"retry_after": after} if after else {}))

    def dropped(self, body: dict[str, Any], _: str) -> None:
        """The connection breaks in the middle of the body."""
        if body.get("stream"):
            said = events(self.path, cast(Server, self.server).text(body))[:-2]
            data = "".join(f"data: {json.dumps(event)}\n\n" for event in said).encode()
        else:
            data = json.dumps(answer(self.path, cast(Server, self.server).text(body))).encode()[
                :-20
            ]
        kind = "text/event-stream" if body.get("stream") else "application/json"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data) + 1000))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True

    def halfway(self, body: dict[str, Any], _: str) -> None:
        """A clean end, but before the last event."""
        self.ok(body, "", cut=0.6)

    def error_event(self, body: dict[str, Any], _: str) -> None:
        self.ok(body, "", cut=0.6, error=True)

    def hang(self, body: dict[str, Any], _: str) -> None:
        cast(Server, self.server).released.wait(20)

    def dribble(self, body: dict[str, Any], _: str) -> None:
        """A byte every 0.2 s: every single read is in time."""
        data = json.dumps(answer(self.path, cast(Server, self.server).text(body))).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        for byte in data[:100]:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if cast(Server, self.server).released.wait(0.2):
                return

    def malformed(self, body: dict[str, Any], _: str) -> None:
        self.send(b'{"id": "msg_1", "content": [')

    def html(self, body: dict[str, Any], _: str) -> None:
        self.send(b"<html><body>Sign in to the hotel's WiFi</body></html>", "text/html")

    def foreign(self, body: dict[str, Any], _: str) -> None:
        self.send(b'{"foo": 1}')

    def refused(self, body: dict[str, Any], _: str) -> None:
        self.send(json.dumps(refusal(self.path)).encode())

    def truncated(self, body: dict[str, Any], _: str) -> None:
        self.send(json.dumps(truncated(self.path)).encode())

    def empty(self, body: dict[str, Any], _: str) -> None:
        self.send(json.dumps(answer(self.path, "")).encode())

    def says(self, body: dict[str, Any], text: str) -> None:
        self.send(json.dumps(answer(self.path, text)).encode())

    def big(self, body: dict[str, Any], _: str) -> None:
        text = json.dumps({"n": 7, "filler": "x" * 30_000_000})
        self.send(json.dumps(answer(self.path, text)).encode())

    def gzipped(self, body: dict[str, Any], _: str) -> None:
        """Compressed, although identity was asked for."""
        data = gzip.compress(
            json.dumps(answer(self.path, cast(Server, self.server).text(body))).encode()
        )
        self.send(data, content_encoding="gzip")

    def unknown(self, body: dict[str, Any], _: str) -> None:
        self.send(json.dumps(unknown(self.path)).encode())

    def echo_headers(self, body: dict[str, Any], _: str) -> None:
        text = json.dumps({"n": 7, "headers": dict(self.headers)})
        self.send(json.dumps(answer(self.path, text)).encode())

    def refuse_with_headers(self, body: dict[str, Any], _: str) -> None:
        error = {"type": "x", "message": f"bad key {self.headers.get('authorization')}"}
        self.send(json.dumps({"error": error}).encode(), status=401)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    ).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def vendors_at(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The SDKs' own environment variables, pointing to the server."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    monkeypatch.setenv("GROQ_BASE_URL", f"{server.url}/v1")
    monkeypatch.setenv("OLLAMA_BASE_URL", f"{server.url}/v1")
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GROQ_API_KEY"):
        monkeypatch.setenv(name, f"synthetic-key-of-{name.lower()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return server


@pytest.fixture
def client(vendors_at: Server) -> Callable[..., Client]:
    """Makes clients that do not retry, unless told."""

    def make(model: str = MODELS[0], **options: Any) -> Client:
        settings: dict[str, Any] = {"max_retries": 0, "deadline_s": 30, **options}
        return Client(model, **settings)

    return make


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "GROQ_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def files_in(folder: Path) -> list[Path]:
    """Every recorded answer."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(folder.glob("*/*.json"))
    return []
