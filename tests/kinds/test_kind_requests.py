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
FIELDS = (
    '"kind": "invoice", "supplier": "Zwirbelhof Textil GmbH", "number": "ZT-2025-0411", '
    '"issued": "2025-03-14", "due": "2025-04-13", "currency": "EUR", "net": "577.00", '
    '"total": "686.63"'
)
QUOTE = '{{"field": "{}", "quote": "{}", "page": null, "confidence": 1}}'
QUOTES = {
    "kind": "Rechnung",
    "supplier": "Zwirbelhof Textil GmbH",
    "number": "ZT-2025-0411",
    "issued": "14.03.2025",
    "due": "13.04.2025",
    "currency": "€",
    "net": "577,00",
    "total": "686,63",
}
EVIDENCE = ", ".join(QUOTE.format(*one) for one in QUOTES.items())
REPLIES = {
    "extract": [f'{{{FIELDS}, "evidence": [{EVIDENCE}]}}'],
    "blank": ['{"text": ""}'],
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
    scoring, solve = project.module("scoring"), project.module("solution").solve

    async def solved(mode: Any) -> tuple[Any, int]:
        async with llm.Client(model, recordings=tmp_path / "recordings", mode=mode) as client:
            bound = client.for_case(case.id)
            return await solve(case.input, bound), len(bound.calls)

    script(llmock, *({"type": "reply", "text": text} for text in REPLIES[kind]))
    output, calls = asyncio.run(solved("auto"))
    assert calls == len(REPLIES[kind])
    figures, declared = scoring.score(case, Outcome(output)), getattr(scoring, "SCORES", {})
    lower = {name for name, score in declared.items() if not score.higher_is_better}
    assert figures
    assert figures == {name: name not in lower for name in figures}
    monkeypatch.setattr(llm.client, "datetime", Later)
    assert asyncio.run(solved("replay")) == (output, calls)
