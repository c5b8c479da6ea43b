"""The part `trajectory`: an agent's calls against those that suffice, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold.evals.trajectory import Call, trajectory

LOOK: Call = ("look", {"id": 1})
PAY: Call = ("pay", {"id": 1, "cents": 5})
OTHER: Call = ("pay", {"cents": 6, "id": 1})
RIGHT = {"tools": 1, "arguments": 1, "order": 1, "needless": 0, "loops": 0}


@pytest.mark.parametrize(
    ("made", "figures"),
    [
        ([LOOK, PAY], {}),
        ([LOOK, ("pay", {"cents": 5, "id": 1})], {}),  # the order of arguments is none
        ([PAY, LOOK], {"order": 0}),
        ([LOOK], {"tools": 1 / 2, "arguments": 1 / 2, "order": 0}),
        ([LOOK, OTHER], {"arguments": 1 / 2, "needless": 1 / 2}),
        ([LOOK, OTHER, PAY], {"needless": 1 / 3}),
        ([LOOK, LOOK, LOOK, PAY], {"needless": 1 / 2, "loops": 1 / 2}),
        ([("fly", {})], {"tools": 0, "arguments": 0, "order": 0, "needless": 1}),
        ([], {"tools": 0, "arguments": 0, "order": 0}),
    ],
)
def test_calls_are_held_against_those_that_suffice(
    made: list[Call], figures: dict[str, float]
) -> None:
    assert trajectory([LOOK, PAY], made) == pytest.approx(RIGHT | figures)


def test_where_no_call_is_needed_none_is_right_and_each_is_needless() -> None:
    assert trajectory([], []) == RIGHT
    assert trajectory([], [LOOK]) == RIGHT | {"needless": 1}


def test_arguments_that_are_no_json_are_compared_by_their_text() -> None:
    odd: dict[str, Any] = {"when": complex(1, 2)}
    assert trajectory([("look", odd)], [("look", dict(odd))]) == RIGHT
