"""What is handed in, without a model: signs of a good answer, weighed as people weigh them."""

from __future__ import annotations

from functools import cache

from scaffold.llm import Client

from .cases import cases
from .preference import Judged, fit, lead
from .schemas import Input, Output
from .signs import LENGTH, signs

PENALTY = 0.03  # with MARGIN the best kappa on split "dev" among values with steady neighbours
MARGIN = 0.2  # log odds within which two answers tie
PREFERRED = {"A": 1.0, "tie": 0.5, "B": 0.0}


async def solve(input: Input, llm: Client) -> Output:
    """Return A, B or tie; `llm` is there because all solvers are called alike.

    Raises:
        ValueError: a single answer, which this does not judge.
    """
    if input.other is None:
        raise ValueError("there is no second answer: this judges pairs")
    weights = _learnt(_topics_of(input))
    a, b = signs(input, input.answer), signs(input, input.other)
    ahead = lead(weights, a, b)
    verdict = _verdict(ahead)
    # The answers exchanged, and the verdict told in the case's own A and B again
    b_first = {"A": "B", "B": "A", "tie": "tie"}[_verdict(lead(weights, b, a))]
    decides = {
        name: weight * (a[name] - b[name]) for name, weight in weights.items() if name != LENGTH
    }
    named = sorted((name for name in decides if decides[name]), key=lambda one: -abs(decides[one]))
    said = ", ".join(f"{name} ({'A' if a[name] > b[name] else 'B'})" for name in named[:2])
    return Output(
        reason=f"{ahead:+.1f} for A: {said}" if named else "no sign tells them apart",
        verdict=verdict,
        a_first=verdict,
        b_first=b_first,
    )


def _verdict(ahead: float) -> str:
    return "tie" if abs(ahead) < MARGIN else "A" if ahead > 0 else "B"


def _topics_of(input: Input) -> frozenset[str]:
    """Return the topics that this very pair is of, as far as it is one of those of split "dev"."""
    return frozenset(
        case.group or case.id for case in cases() if case.split == "dev" and case.input == input
    )


@cache
def _learnt(left_out: frozenset[str]) -> dict[str, float]:
    """Learn from the split "dev" but for the topics that are left out: they must be new to it."""
    return fit(
        [
            Judged(
                signs(case.input, case.input.answer),
                signs(case.input, case.input.other),
                PREFERRED[case.expected.verdict],
            )
            for case in cases()
            if case.expected
            and case.input.other is not None
            and case.split == "dev"
            and (case.group or case.id) not in left_out
        ],
        PENALTY,
    )
