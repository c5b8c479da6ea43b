"""A server on 127.0.0.1 that speaks both vendors' Batch APIs; all its answers are synthetic."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

KEY = "synthetic-key-of-nobody"
SECONDS = 90  # between the creation of a batch and its end


class BatchServer(ThreadingHTTPServer):
    """`fate` says what becomes of a request (its body), `text` what an answer says.

    A fate is "succeeded", "errored", "overloaded", "expired", "canceled" or "lost" (no row at all).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.fate: Callable[[Any], str] = lambda body: "succeeded"
        self.text: Callable[[Any], str] = lambda body: '{"text": "synthetic"}'
        self.ended = False
        self.status = "completed"  # of OpenAI's batches, once they have ended
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.paths: list[str] = []  # "POST /v1/messages/batches", …
        self.silent: tuple[str, int] | None = None  # the n-th such request is never answered
        self.refuse: tuple[str, int] | None = None  # such a request is answered with this status

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the tests."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a command that asks here."""
        return {
            "ANTHROPIC_BASE_URL": self.url,
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "ANTHROPIC_API_KEY": KEY,
            "OPENAI_API_KEY": KEY,
            "NO_PROXY": "127.0.0.1",
        }

    @property
    def asked(self) -> list[Any]:
        """The bodies of all requests in all batches, in order."""
        return [body for batch in self.batches.values() for _, body in batch["requests"]]

    def create(self, requests: list[tuple[str, Any]], **more: Any) -> dict[str, Any]:
        assert len({custom_id for custom_id, _ in requests}) == len(requests)
        assert all(re.fullmatch("[a-zA-Z0-9_-]{1,64}", custom_id) for custom_id, _ in requests)
        number = len(self.batches) + 1
        self.batches[f"batch_{number}"] = {"id": f"batch_{number}", "requests": requests, **more}
        self.batches[f"batch_{number}"]["created"] = int(time.time())
        return self.batches[f"batch_{number}"]

    def fates(self, batch: dict[str, Any]) -> list[tuple[str, Any, str]]:
        return [(custom_id, body, self.fate(body)) for custom_id, body in batch["requests"]]

    def anthropic_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts |= Counter(fate for *_, fate in self.fates(batch)) if self.ended else {}
        counts["processing"] = 0 if self.ended else len(batch["requests"])
        begun, end = (
            datetime.fromtimestamp(batch["created"] + seconds, UTC).isoformat()
            for seconds in (0, SECONDS)
        )
        return {
            "id": batch["id"],
            "type": "message_batch",
            "processing_status": "ended" if self.ended else "in_progress",
            "request_counts": counts,
            "created_at": begun,
            "expires_at": end,
            "ended_at": end if self.ended else None,
            "results_url": f"{self.url}/v1/messages/batches/{batch['id']}/results"
            if self.ended
            else None,
        }

    def openai_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        status = self.status if self.ended else "in_progress"
        files: dict[str, Any] = dict.fromkeys(("output_file_id", "error_file_id"))
        if self.ended and status != "failed":
            files = {f"{kind}_file_id": f"{kind}-{batch['id']}" for kind in ("output", "error")}
        failure = {"code": "token_limit_exceeded", "message": "too many tokens are enqueued"}
        errors = {"object": "list", "data": [failure]}
        return {
            "id": batch["id"],
            "object": "batch",
            "endpoint": "/v1/responses",
            "completion_window": "24h",
            "input_file_id": batch["file"],
            "metadata": batch["metadata"],
            "status": status,
            "created_at": batch["created"],
            f"{status}_at": batch["created"] + SECONDS if self.ended else batch["created"],
            "errors": errors if status == "failed" else None,
            "request_counts": {"total": len(batch["requests"]), "completed": 0, "failed": 0},
            **files,
        }

    def anthropic_rows(self, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
        errors = {"errored": "invalid_request_error", "overloaded": "overloaded_error"}
        for custom_id, body, fate in reversed(self.fates(batch)):  # the order is any
            result: dict[str, Any] = {"type": fate}
            if fate == "succeeded":
                result["message"] = {
                    "id": "msg_1",
                    "type": "message",
                    "role": "assistant",
                    "model": body["model"],
                    "content": [{"type": "text", "text": self.text(body)}],
                    "stop_reason": "end_turn",
                    "stop_sequence": None,
                    "usage": {"input_tokens": 100, "output_tokens": 10, "service_tier": "batch"},
                }
            elif fate in errors:
                error = {"type": errors[fate], "message": f"it is {fate}"}
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            yield {"custom_id": custom_id, "result": result}

    def openai_rows(self, batch: dict[str, Any], *, output: bool) -> Iterator[dict[str, Any]]:
        for custom_id, body, fate in reversed(self.fates(batch)):
            content = {"type": "output_text", "text": self.text(body), "annotations": []}
            message = {"type": "message", "id": "m", "role": "assistant", "content": [content]}
            answer = {
                "id": "resp_1",
                "object": "response",
                "model": body["model"],
                "status": "completed",
                "error": None,
                "output": [message],
                "usage": {
                    "input_tokens": 100,
                    "output_tokens": 10,
                    "total_tokens": 110,
                    "input_tokens_details": {"cached_tokens": 0},
                    "output_tokens_details": {"reasoning_tokens": 0},
                },
            }
            response, error = {"status_code": 200, "request_id": "req_9", "body": answer}, None
            if fate == "errored":
                said = {"type": "invalid_request_error", "message": "it is errored", "code": None}
                response = {"status_code": 400, "request_id": "req_9", "body": {"error": said}}
            elif fate != "succeeded":
                word = {"canceled": "cancelled"}.get(fate, fate)
                response, error = None, {"code": f"batch_{word}", "message": "it was not run"}
            if fate != "lost" and output == (fate == "succeeded"):
                row = {"id": "batch_req_1", "custom_id": custom_id}
                yield {**row, "response": response, "error": error}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        self.answer("POST", content)

    def do_GET(self) -> None:
        self.answer("GET", b"")

    def answer(self, method: str, content: bytes) -> None:
        server, path = cast(BatchServer, self.server), self.path.partition("?")[0]
        server.paths.append(f"{method} {path}")
        if server.refuse and server.paths[-1] == server.refuse[0]:
            error = {"type": "x_error", "message": "not now"}
            self.send(json.dumps({"type": "error", "error": error}).encode(), server.refuse[1])
            return
        found = self.found(method, path, content)
        if server.silent == (server.paths[-1], server.paths.count(server.paths[-1])):
            time.sleep(60)  # who asked is killed in this time
        self.send(found if isinstance(found, bytes) else json.dumps(found).encode())

    def found(self, method: str, path: str, content: bytes) -> Any:
        server = cast(BatchServer, self.server)
        assert ("?" in self.path) == self.path.endswith("/batches?limit=100")
        assert self.headers["authorization"] == f"Bearer {KEY}"
        *_, before, last = path.split("/")
        if path.startswith("/v1/messages/batches"):
            if method == "POST":
                requests = json.loads(content)["requests"]
                pairs = [(one["custom_id"], one["params"]) for one in requests]
                return server.anthropic_batch(server.create(pairs))
            if last == "results":
                assert self.headers["accept"] == "application/binary"
                return lines(server.anthropic_rows(server.batches[before]))
            if last == "batches":
                known = [server.anthropic_batch(b) for b in reversed(server.batches.values())]
                return {"data": known, "has_more": False, "first_id": None, "last_id": None}
            return server.anthropic_batch(server.batches[last])
        if path == "/v1/files":
            name = f"file-{len(server.files)}"
            server.files[name] = content
            return {"id": name, "object": "file", "bytes": 1, "created_at": 1, "purpose": "batch"}
        if last == "content":
            assert self.headers["accept"] == "application/binary"
            kind, _, batch = before.partition("-")
            return lines(server.openai_rows(server.batches[batch], output=kind == "output"))
        assert path.startswith("/v1/batches"), path
        if method == "POST":
            said = json.loads(content)
            assert (said["endpoint"], said["completion_window"]) == ("/v1/responses", "24h")
            parts = server.files[said["input_file_id"]]
            given = [json.loads(row) for row in parts.splitlines() if row.startswith(b"{")]
            assert {(one["method"], one["url"]) for one in given} == {("POST", "/v1/responses")}
            assert len({one["body"]["model"] for one in given}) == 1
            pairs = [(one["custom_id"], one["body"]) for one in given]
            more = {"metadata": said.get("metadata"), "file": said["input_file_id"]}
            return server.openai_batch(server.create(pairs, **more))
        if last == "batches":
            known = [server.openai_batch(b) for b in reversed(server.batches.values())]
            return {"object": "list", "data": known, "has_more": False}
        return server.openai_batch(server.batches[last])

    def send(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        kind = "application/x-jsonl" if content[:13] == b'{"custom_id":' else "application/json"
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def lines(rows: Iterator[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@contextmanager
def batch_server() -> Generator[BatchServer]:
    server = BatchServer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
