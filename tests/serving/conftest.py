"""Fixtures: a repository with the part `api`, laid out without Copier, and its server on a socket."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

TEMPLATE = Path(__file__).parents[2] / "template"
PACKAGE = TEMPLATE / "src" / "{{ package_name }}"
TABLE = '[tool.takehome]\npackage = "task"\nmodel = "anthropic:claude-sonnet-5-5"\nsolver = "baseline"\n'
BYTECODE = Path(sys.prefix) / "bytecode"  # kept: so only the first server ever has to compile
SOLVER = Path(__file__).with_name("solver.py.txt")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # else each request loads all certificates


def lay_out(folder: Path, kind: str = "blank") -> Path:
    """Put a kind's files and those of the part `api` into `folder`, as a repository."""
    overlay = TEMPLATE / f"{{% if kind == '{kind}' %}}.{{% endif %}}"
    shutil.copytree(overlay, folder, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    (folder / "src" / "{{ package_name }}").rename(folder / "src" / "task")
    for file in PACKAGE.glob("*.py"):
        shutil.copy(file, folder / "src" / "task")
    shutil.copy(SOLVER, folder / "src" / "task" / "scripted.py")
    (folder / "pyproject.toml").write_text(TABLE, encoding="utf-8")
    return folder


class Vendor(BaseHTTPRequestHandler):
    """Speaks chat completions: says what was asked again, in capitals. A synthetic model."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = body["messages"][-1]["content"][0]["text"].upper()
        if text == "WAIT.":
            time.sleep(5)
        if text == "BREAK.":
            self.send_error(400)
            return
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        known = {"id": "c1", "created": 1, "model": "synthetic", "usage": usage}
        self.send_response(200)
        self.send_header(
            "content-type", "text/event-stream" if body.get("stream") else "application/json"
        )
        self.end_headers()
        if not body.get("stream"):
            choice = {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
            self.wfile.write(
                json.dumps({**known, "object": "chat.completion", "choices": [choice]}).encode()
            )
            return
        known["object"] = "chat.completion.chunk"
        for word in re.split(r"(?<= )", text):
            choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
            self.wfile.write(f"data: {json.dumps({**known, 'choices': [choice]})}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.2)
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        self.wfile.write(
            f"data: {json.dumps({**known, 'choices': [end]})}\n\ndata: [DONE]\n\n".encode()
        )

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def vendor() -> Iterator[dict[str, str]]:
    """The environment in which this vendor is asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    yield {
        "COMPATIBLE_BASE_URL": url,
        "COMPATIBLE_API_KEY": "k",
        "TAKEHOME_MODEL": "compatible:synthetic",
    }
    server.shutdown()


class Server:
    """`takehome serve` in a process of its own."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.url = folder, f"http://127.0.0.1:{self.port}"
        self.log_file, self.errors = folder / f"{self.port}.log", folder / f"{self.port}.err"
        command = [sys.executable, "-m", "scaffold.cli", "serve", "--port", str(self.port)]
        known = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
        known.pop("PYTHONDONTWRITEBYTECODE", None)
        known["PYTHONPYCACHEPREFIX"] = str(BYTECODE)
        paths = os.pathsep.join([str(folder / "src"), str(TEMPLATE / "src")])
        with self.log_file.open("wb") as out, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*command, *options],
                cwd=folder,
                env={**known, "PYTHONPATH": paths, **environment},
                stdout=out,
                stderr=errors,
            )

    def wait_until_ready(self, seconds: float = 30) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and self.process.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                assert httpx2.get(f"{self.url}/health", verify=NO_TLS).status_code == 200
                return
            time.sleep(0.05)
        pytest.fail(f"it did not start: {self.errors.read_text('utf-8')}")

    def post(self, path: str, text: str, **more: Any) -> httpx2.Response:
        return httpx2.post(
            f"{self.url}{path}", json={"text": text}, verify=NO_TLS, timeout=30, **more
        )

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(f"{self.url}{path}", verify=NO_TLS, timeout=30)

    def line(self, response: httpx2.Response) -> dict[str, Any]:
        """The log's line of a request; it comes after the response."""
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            for line in map(json.loads, self.log_file.read_text("utf-8").splitlines()):
                if line["request_id"] == response.headers["x-request-id"]:
                    return line
            time.sleep(0.05)
        pytest.fail("the log has no line of this request")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()


@contextlib.contextmanager
def served(folder: Path, *options: str, **environment: str) -> Generator[Server]:
    server = Server(folder, *options, **environment)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture
def serve() -> Callable[..., contextlib.AbstractContextManager[Server]]:
    return served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "task")


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as it is straight after copying, but that it logs inputs."""
    folder = lay_out(tmp_path_factory.mktemp("plain") / "task")
    with served(folder, TAKEHOME_LOG_INPUTS="1") as server:
        yield server


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory, vendor: dict[str, str]) -> Iterator[Server]:
    """A server whose solver does what its input says: see solver.py.txt."""
    folder = lay_out(tmp_path_factory.mktemp("scripted") / "task")
    with served(folder, "--timeout", "3", TAKEHOME_SOLVER="scripted", **vendor) as server:
        server.post("/solve", "ask:first")  # the first call imports an SDK
        yield server
