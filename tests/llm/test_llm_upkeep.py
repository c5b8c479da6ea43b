"""What is recorded, what of it is damaged, and what no case uses any more."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from scaffold.llm.recordings import prune_in, recordings_in


@pytest.fixture
def folder(client, vendors_at, tmp_path) -> Path:
    async def go() -> None:
        async with client(recordings=tmp_path) as one:
            for case in ("first", "second"):
                bound = one.for_case(case)
                await bound.ask(f"Hello from {case} at {bound.now()}")
            await one.ask("Hello from nowhere")

    asyncio.run(go())
    return tmp_path


def test_all_recordings_are_listed_with_case_model_size_and_cost(folder):
    found = list(recordings_in(folder))
    answers = [one for one in found if one.model]
    assert sorted(one.case for one in answers) == ["", "first", "second"]
    assert {one.model for one in answers} == {"claude-sonnet-5"}
    assert all(one.cost_usd and one.size == one.path.stat().st_size for one in answers)
    assert [one.case for one in found if not one.model] == ["first", "second"]  # now()
    assert not [one for one in found if one.damage]


def test_a_damaged_and_an_edited_recording_are_named(folder):
    first, second, *_ = (one.path for one in recordings_in(folder) if one.model)
    first.write_text("{", "utf-8")
    record = json.loads(second.read_bytes())
    record["request"]["body"]["max_tokens"] += 1
    second.write_text(json.dumps(record), "utf-8")
    damaged = {one.path: one.damage for one in recordings_in(folder) if one.damage}
    assert set(damaged) == {first, second}
    assert "is damaged; restore it" in damaged[first]
    assert "was edited" in damaged[second]


def test_pruning_deletes_what_no_case_uses_and_nothing_else(folder):
    (leftover := next(folder.glob("*/")) / "half.tmp").write_text("{", "utf-8")
    before = sorted(folder.rglob("*.json"))
    would = prune_in(folder, ["first"], dry_run=True)
    assert sorted(folder.rglob("*.json")) == before
    assert leftover.exists()
    assert prune_in(folder, ["first"]) == would
    assert sorted({one.case for one in recordings_in(folder)}) == ["", "first"]
    assert len(would) == 3  # the answer, now(), and what a killed process left
    assert not leftover.exists()
    assert not [one for one in folder.iterdir() if not any(one.iterdir())]
