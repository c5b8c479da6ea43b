"""What a kind's solution asks is accepted by a server that others wrote, and replays days later."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from llm.test_llm_third_party import MODELS, llmock, script

from scaffold import llm
from scaffold.evals import Outcome

__all__ = ["llmock"]  # a fixture
# Made-up answers to each kind's first sample case, in the order in which they are asked for.
REPLIES = {
    "classify": ['{"label": "billing", "reason": "charged twice"}'],
    "sql": [
        '{"sql": "SELECT count(*) FROM ferrys", "reason": ""}',
        '{"sql": "SELECT count(*) FROM ferry", "reason": "mended"}',
    ],
    "judge": [
        '{"reason": "A is right", "verdict": "A"}',
        '{"reason": "B is right", "verdict": "B"}',
    ],
}


class Later(datetime):
    """The clock of somebody who replays three days later."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(days=3)


@pytest.mark.parametrize("model", MODELS[:2])
@pytest.mark.parametrize("kind", REPLIES)
def test_a_solutions_requests_are_accepted_and_replay_three_days_later(
    kind: str,
    model: str,
    llmock: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = request.getfixturevalue(kind)
    case = project.module("cases").cases()[0]
    score, solve = project.module("scoring").score, project.module("solution").solve

    async def solved(mode: Any) -> tuple[Any, int]:
        async with llm.Client(model, recordings=tmp_path / "recordings", mode=mode) as client:
            bound = client.for_case(case.id)
            return await solve(case.input, bound), len(bound.calls)

    script(llmock, *({"type": "reply", "text": text} for text in REPLIES[kind]))
    output, calls = asyncio.run(solved("auto"))
    assert calls == len(REPLIES[kind])
    assert set(score(case, Outcome(output)).values()) == {True}
    monkeypatch.setattr(llm.client, "datetime", Later)
    assert asyncio.run(solved("replay")) == (output, calls)
