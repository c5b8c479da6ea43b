"""Which of two answers people prefer, as a weighted difference of signs, with length held constant.

Bradley & Terry (1952, doi.org/10.2307/2334029) with features for the strengths; a tie counts half
for each side. Length is a term of its own while learning, and left out while judging, as in Dubois
et al. (2024, arxiv.org/abs/2404.04475), section 3: what people like in an answer is often found in
the longer one, and without that term length would get the credit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import NamedTuple

from .signs import LENGTH

ROUNDS = 400
STEP = 0.5
Signs = Mapping[str, float]


class Judged(NamedTuple):
    """A pair that people judged: `preferred` is 1 for A, 0 for B, a half for a tie."""

    a: Signs
    b: Signs
    preferred: float


def fit(pairs: Sequence[Judged], penalty: float) -> dict[str, float]:
    """Learn the weights by gradient descent on the log loss plus penalty / 2 times their squares.

    There is no constant term: exchanged answers get the opposite difference, so that what stands
    first has no advantage.
    """
    weights = dict.fromkeys(pairs[0].a, 0.0)
    for _ in range(ROUNDS):
        slopes = {name: penalty * weight for name, weight in weights.items()}
        for pair in pairs:
            sum_ = sum(weight * (pair.a[name] - pair.b[name]) for name, weight in weights.items())
            error = (1 / (1 + exp(-sum_)) - pair.preferred) / len(pairs)
            for name in weights:
                slopes[name] += error * (pair.a[name] - pair.b[name])
        weights = {name: weight - STEP * slopes[name] for name, weight in weights.items()}
    return weights


def lead(weights: Mapping[str, float], a: Signs, b: Signs) -> float:
    """Return by how much A is ahead of B in log odds, were both of one length."""
    return sum(w * (a[name] - b[name]) for name, w in weights.items() if name != LENGTH)
