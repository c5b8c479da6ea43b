"""Against fake servers that others wrote; each is left out, with a reason, where it is missing.

AIMOCK and LLMOCK name their commands: CI installs the npm package @copilotkit/aimock (its command
is node_modules/.bin/llmock) and the PyPI package llmock, in a place of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
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


def started(command: list[str], port: int) -> subprocess.Popen:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.05)
    server.kill()
    raise AssertionError(f"{command[0]} did not start")


def point_to(monkeypatch: pytest.MonkeyPatch, anthropic: str, openai: str) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", anthropic)
    for name in ("OPENAI", "COMPATIBLE"):
        monkeypatch.setenv(f"{name}_BASE_URL", openai)
    for name in ("ANTHROPIC", "OPENAI", "COMPATIBLE"):
        monkeypatch.setenv(f"{name}_API_KEY", "synthetic")


@pytest.fixture
def aimock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    command = os.environ.get("AIMOCK")
    if not command:
        pytest.skip("AIMOCK is not set: npm install @copilotkit/aimock, see the docstring")
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
    options = ["-p", str(port), "-f", str(fixtures), "--log-level", "warn"]
    server = started([*command.split(), *options], port)
    point_to(monkeypatch, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/v1")
    yield
    server.kill()
    server.wait()


@pytest.fixture
def llmock(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    command = os.environ.get("LLMOCK")
    if not command:
        pytest.skip("LLMOCK is not set: uv tool install llmock, see the docstring")
    port = free_port()
    options = ["serve", "-p", str(port), "-h", "127.0.0.1", "--log-level", "warning"]
    server = started([*command.split(), *options], port)
    url = f"http://127.0.0.1:{port}"
    point_to(monkeypatch, f"{url}/anthropic", f"{url}/v1")
    yield url
    server.kill()
    server.wait()


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
