"""The scores of my own: what no person looks at, and what of it goes wrong."""

from __future__ import annotations

import pytest

from scaffold.evals import Case, Outcome

from post_room.schemas import Expected, Input, Output
from post_room.scoring import SURE, score

CASE = Case("1", Input(text="?"), Expected(label="fault"))


@pytest.mark.parametrize(
    ("label", "confidence", "alone", "misrouted"),
    [
        ("fault", SURE, True, False),
        ("billing", SURE, True, True),
        ("billing", SURE - 0.01, False, False),
        ("fault", 0.0, False, False),
    ],
)
def test_only_a_sure_and_wrong_answer_is_misrouted(
    label: str, confidence: float, alone: bool, misrouted: bool
) -> None:
    scores = score(CASE, Outcome(Output(label=label, confidence=confidence)))
    assert (scores["alone"], scores["misrouted"]) == (alone, misrouted)
    assert scores["accuracy"] == (label == "fault")


def test_a_solver_that_says_nothing_of_doubt_sorts_everything_alone() -> None:
    assert score(CASE, Outcome(Output(label="billing")))["misrouted"] is True
