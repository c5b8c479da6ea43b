"""The score of my own: a verdict that is the wrong way round."""

from __future__ import annotations

import pytest

from scaffold.evals import Case, Outcome

from better_answer.schemas import Expected, Input, Output
from better_answer.scoring import score


@pytest.mark.parametrize(
    ("people", "judge", "agreed", "wrong_way"),
    [
        ("A", "A", True, False),
        ("A", "B", False, True),
        ("B", "A", False, True),
        ("A", "tie", False, False),
        ("tie", "B", False, False),
    ],
)
def test_only_the_opposite_of_what_people_prefer_is_reversed(
    people: str, judge: str, agreed: bool, wrong_way: bool
) -> None:
    case = Case("1", Input(answer="a", other="b"), Expected(verdict=people))
    output = Output(reason="", verdict=judge, a_first=judge, b_first=judge)
    scores = score(case, Outcome(output))
    assert (scores["agreement"], scores["reversed"]) == (agreed, wrong_way)
