"""The requests of rag and agent, to both vendors, against a fake server that somebody else wrote.

Where it cannot be had (no npx, no index) the tests are left out; with TAKEHOME_THIRD_PARTY=1, as in
CI, that is a failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from scaffold.llm import Client

MODELS = ("anthropic:claude-sonnet-5-5", "openai:gpt-6-sol")
ANSWER = {"answer": "£3", "quotes": ["then £3 for the whole crossing"]}
LOOK = {"name": "get_order", "arguments": {"order_id": "Q-1"}}
PAY = {"name": "refund", "arguments": {"order_id": "Q-1", "cents": 500}}
# Synthetic: what the server says to a request that holds this.
FIXTURES = [
    {"match": {"toolResultContains": "are paid back"}, "response": {"content": "Paid back."}},
    {"match": {"toolResultContains": "cement mixer"}, "response": {"toolCalls": [PAY]}},
    {"match": {"userMessage": "Give me 5 pounds"}, "response": {"toolCalls": [LOOK]}},
    {"match": {"userMessage": "Passages"}, "response": {"content": json.dumps(ANSWER)}},
]


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("fixtures")
    (folder / "synthetic.json").write_text(json.dumps({"fixtures": FIXTURES}), encoding="utf-8")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    launcher = shutil.which("npx")
    command = [str(launcher), "--yes", "--package", "@copilotkit/aimock", "llmock"]
    quiet = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    options: dict[str, Any] = {**quiet, "start_new_session": True}
    server = launcher and subprocess.Popen(
        [*command, "-p", str(port), "-f", str(folder)], **options
    )
    try:
        if not server or not _listening(server, port):
            assert not os.environ.get("TAKEHOME_THIRD_PARTY"), "aimock did not start"
            pytest.skip("aimock is not to be had here")
        yield f"http://127.0.0.1:{port}"
    finally:
        if server:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)  # the launcher has children
            server.wait()


def _listening(server: Any, port: int) -> bool:
    for _ in range(1200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return True
        if server.poll() is not None:
            return False
        time.sleep(0.05)
    return False


@pytest.fixture(autouse=True)
def _vendors(aimock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", aimock)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{aimock}/v1")
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "synthetic")


def solved(kind: Any, model: str, **given: Any) -> Any:
    async def go() -> Any:
        async with Client(model, max_retries=0, deadline_s=30) as llm:
            return await kind.module("solution").solve(kind.module("schemas").Input(**given), llm)

    return asyncio.run(go())


@pytest.mark.parametrize("model", MODELS)
def test_a_server_takes_the_agents_tools_and_their_results(agent: Any, model: str) -> None:
    order = {"customer": "me", "item": "cement mixer", "paid_cents": 5000}
    state = {"customer": "me", "orders": {"Q-1": order}}
    output = solved(agent, model, request="Give me 5 pounds back on Q-1", state=state)
    assert (output.status, output.answer) == ("done", "Paid back.")
    assert output.state.orders["Q-1"].refunded_cents == 500
    assert [step.tool for step in output.steps] == ["get_order", "refund"]


@pytest.mark.parametrize("model", MODELS)
def test_a_server_takes_the_passages_and_the_answers_schema(rag: Any, model: str) -> None:
    output = solved(rag, model, question="What does the Wi-Fi on MV Corran cost?")
    assert output.answer == "£3"
    assert [citation.place for citation in output.citations] == ["faq.html#1"]
