"""The scores of my own: what can still be read, and what is gone that should not be."""

from __future__ import annotations

import pytest

from scaffold.evals import Case, Outcome

from masking.kinds import table
from masking.schemas import Expected, Input, Output
from masking.scoring import score

TEXT = "I am Pia Sand, order 12, mail pia@example.com"
RIGHT = "I am [NAME], order 12, mail [EMAIL]"
CASE = Case("1", Input(text=TEXT), Expected(text=RIGHT, personal=["Pia Sand", "pia@example.com"]))


def scores_of(text: str) -> dict[str, float | bool | None]:
    return score(CASE, Outcome(Output(text=text)))


def test_the_right_answer_leaks_and_loses_nothing() -> None:
    assert scores_of(RIGHT) == {"exact": True, "leaked": 0, "safe": True, "lost": 0}


def test_the_message_as_it_came_leaks_all_and_loses_nothing() -> None:
    assert scores_of(TEXT) == {"exact": False, "leaked": 1, "safe": False, "lost": 0}


def test_half_a_name_is_a_name_that_leaked() -> None:
    assert scores_of("I am [NAME] Sand, order 12, mail [EMAIL]")["leaked"] == 1 / 2


def test_a_value_under_the_wrong_kind_is_safe_and_not_exact() -> None:
    scores = scores_of("I am [ADDRESS], order 12, mail [EMAIL]")
    assert (scores["safe"], scores["exact"]) == (True, False)


def test_masking_everything_is_safe_and_loses_everything() -> None:
    scores = scores_of("[NAME]")
    assert (scores["leaked"], scores["lost"]) == (0, 1)


@pytest.mark.parametrize("text", ["I am open at 10", ""])
def test_a_message_without_personal_values_has_nothing_to_leak(text: str) -> None:
    case = Case("2", Input(text=text), Expected(text=text, personal=[]))
    assert score(case, Outcome(Output(text=text)))["leaked"] is None


def test_what_gets_through_is_counted_by_its_kind() -> None:
    expected = {"text": RIGHT, "personal": ["Pia Sand", "pia@example.com"]}
    row = {"expected": expected, "output": {"text": "I am Sand, order 12, mail [EMAIL]"}}
    assert table([row, row]).endswith("| EMAIL | 2 | 0 |\n| NAME | 2 | 2 |\n")
