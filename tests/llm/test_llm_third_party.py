"""Against fake servers that others wrote, fetched from their package indexes for these tests alone.

Where one cannot be had (no npx, no index) its tests are left out, with the reason; with
TAKEHOME_THIRD_PARTY=1, as in CI, that is a failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from scaffold import llm

MODELS = ("anthropic:claude-sonnet-5", "openai:gpt-5.5", "compatible:gpt-5.5")


class Number(BaseModel):
    n: int


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def started(command: list[str], port: int) -> Iterator[None]:
    """Run a server. Its launcher (uv, npx) has children: all of them are ended."""
    launcher = shutil.which(command[0])
    server = launcher and subprocess.Popen(
        [launcher, *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        if not server or not listening(server, port):
            if os.environ.get("TAKEHOME_THIRD_PARTY"):
                raise AssertionError(f"this server did not start: {' '.join(command)}")
            pytest.skip(f"this server is not to be had here: {' '.join(command)}")
        yield
    finally:
        if server:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def listening(server: subprocess.Popen, port: int) -> bool:
    for _ in range(1200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return True
        if server.poll() is not None:
            return False
        time.sleep(0.05)
    return False


def point_to(monkeypatch: pytest.MonkeyPatch, anthropic: str, openai: str) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", anthropic)
    for name in ("OPENAI", "COMPATIBLE"):
        monkeypatch.setenv(f"{name}_BASE_URL", openai)
    for name in ("ANTHROPIC", "OPENAI", "COMPATIBLE"):
        monkeypatch.setenv(f"{name}_API_KEY", "synthetic")


@pytest.fixture
def aimock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    number = {"match": {"userMessage": "How many"}, "response": {"content": '{"n": 7}'}}
    error = {"message": "slow down", "type": "rate_limit_error"}
    limited = {"match": {"userMessage": "too much"}, "response": {"error": error, "status": 429}}
    calls = [{"name": "add", "arguments": {"a": a}} for a in (1, 2)]
    tools = {"match": {"userMessage": "Add"}, "response": {"toolCalls": calls}}
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    text = json.dumps({"fixtures": [number, limited, tools]})
    (fixtures / "synthetic.json").write_text(text, "utf-8")
    port = free_port()
    command = ["npx", "--yes", "--package", "@copilotkit/aimock", "llmock"]
    options = ["-p", str(port), "-f", str(fixtures), "--log-level", "warn"]
    point_to(monkeypatch, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/v1")
    with started([*command, *options], port):
        yield


@pytest.fixture
def llmock(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "uv", "tool", "run", "--from", "llmock", "llmock"]
    options = ["serve", "-p", str(port), "-h", "127.0.0.1", "--log-level", "warning"]
    url = f"http://127.0.0.1:{port}"
    point_to(monkeypatch, f"{url}/anthropic", f"{url}/v1")
    with started([*command, *options], port):
        yield url


def add(a: int) -> int:
    """Add one."""
    return a + 1


@pytest.mark.parametrize("model", MODELS)
def test_aimock_answers_streams_calls_tools_and_limits(aimock, model, tmp_path):
    async def go(mode: Any) -> None:
        async with llm.Client(
            model, recordings=tmp_path / "recordings", mode=mode, max_retries=0
        ) as one:
            assert (await one.ask("How many?", returns=Number)).output == Number(n=7)
            assert "".join([piece async for piece in one.stream("How many?")]) == '{"n": 7}'
            step = await one.ask("Add", tools=[add])
            results = (await step.run_tools())[1].parts
            assert [getattr(result, "text", "") for result in results] == ["2", "3"]
            with pytest.raises(llm.RateLimited if mode == "auto" else llm.NotRecorded):
                await one.ask("too much")

    asyncio.run(go("auto"))
    asyncio.run(go("replay"))


def script(url: str, *behaviors: dict) -> None:
    body = json.dumps({"behaviors": behaviors}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/_llmock/scenario", body, headers)
    urllib.request.urlopen(request, timeout=5).close()


@pytest.mark.parametrize("model", MODELS)
def test_llmocks_faults_are_typed_and_its_retries_obeyed(llmock, model, tmp_path):
    async def go() -> None:
        async with llm.Client(model, recordings=tmp_path, deadline_s=8) as one:
            script(llmock, {"type": "fail", "status": 429, "retry_after": 0.1, "times": 2})
            script_reply = await one.ask("Hello")
            assert script_reply.attempts == 3
            for kind in ("truncate", "disconnect", "malformed"):
                script(llmock, {"type": "stream_fault", "kind": kind, "after_chunks": 3})
                with pytest.raises((llm.ConnectionBroken, llm.BadResponse)):
                    _ = [piece async for piece in one.stream(f"Tell me more about {kind}")]
            script(llmock, {"type": "reply", "text": '{"n": 7}'})
            assert (await one.ask("How many?", returns=Number)).output == Number(n=7)

    asyncio.run(go())
    assert len(list(tmp_path.glob("*/*.json"))) == 2
