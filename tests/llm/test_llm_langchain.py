"""The snippets of docs/langchain.md, run as they stand there."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "langchain.md"


def snippets() -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        exec(block, names)
    return names


@pytest.mark.parametrize(
    ("make", "model"), [("chat_openai", "gpt-5.5"), ("chat_anthropic", "claude-sonnet-5")]
)
def test_the_page_about_langchain_records_and_replays(client, vendors_at, tmp_path, make, model):
    names = snippets()
    vendors_at.text = lambda body: "Forty-two."

    async def go(mode: str) -> tuple[str, list[Any]]:
        async with client(recordings=tmp_path, mode=mode, max_cost_usd=1) as one:
            case = one.for_case("case-1")
            text = await names["answer"](names[make](case, model), "How many?")
            return text, case.calls

    live, calls = asyncio.run(go("auto"))
    replay, again = asyncio.run(go("replay"))
    assert live == replay == "Forty-two."
    assert len(vendors_at.seen) == 1
    assert [call.replayed for call in (*calls, *again)] == [False, True]
    assert calls[0].cost_usd == again[0].cost_usd
    assert calls[0].cost_usd


def test_the_pages_graph_is_recorded_node_by_node(client, vendors_at, tmp_path):
    names = snippets()
    vendors_at.text = lambda body: "42." if "Correct" in json.dumps(body) else "41."

    async def go(mode: str) -> tuple[str, list[Any]]:
        async with client(recordings=tmp_path, mode=mode) as one:
            case = one.for_case("case-1")
            made = names["graph"](names["chat_openai"](case, "gpt-5.5"))
            state = await made.ainvoke({"question": "How many?"})
            return state["answer"], case.calls

    live, calls = asyncio.run(go("auto"))
    replay, again = asyncio.run(go("replay"))
    assert live == replay == "42."
    assert len(vendors_at.seen) == len(calls) == len(again) == 2
    assert "41." in again[1].prompt
