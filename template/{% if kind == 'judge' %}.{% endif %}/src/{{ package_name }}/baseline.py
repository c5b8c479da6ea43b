"""The honest thing without a model: how much of the question an answer takes up, and its length.

Of a pair the answer with the higher merit wins, near equals tie. A single answer gets the verdict
whose other answers have the nearest mean merit; its own case and group are left out of that mean.
"""

import re
from functools import cache
from math import log1p
from statistics import fmean
from typing import NamedTuple

from scaffold.llm import Client

from .cases import cases, verdicts
from .schemas import Input, Output

MARGIN = 0.05  # of merit, within which two answers tie


async def solve(input: Input, llm: Client) -> Output:
    """Return the verdict of the heuristics; `llm` is there because all solvers are called alike."""
    known = verdicts(input)
    merit = _merit(input, input.answer)
    if input.other is None:
        means = _means(input)
        verdict = min(known, key=lambda one: abs(means.get(one, float("inf")) - merit))
        return Output(verdict=verdict, reason=f"merit {merit:.2f}")
    other = _merit(input, input.other)
    verdict = "tie" if abs(merit - other) < MARGIN else "A" if merit > other else "B"
    reason = f"merit {merit:.2f} against {other:.2f}"
    return Output(verdict=verdict, reason=reason, a_first=verdict, b_first=verdict)


def _merit(input: Input, answer: str) -> float:
    """Return the share of the question's (or reference's) words in it, and a little for length."""
    words, wanted = _words(answer), set(_words(input.reference or input.question))
    share = len(wanted & set(words)) / len(wanted) if wanted else 0.0
    return share + log1p(len(words)) / 10


def _means(input: Input) -> dict[str, float]:
    """Return the mean merit by verdict, without this input and what shares its group."""
    given = input.model_dump_json()
    groups = {one.group for one in _single() if one.given == given and one.group is not None}
    merits: dict[str, list[float]] = {}
    for one in _single():
        if one.given != given and one.group not in groups:
            merits.setdefault(one.verdict, []).append(one.merit)
    return {verdict: fmean(values) for verdict, values in merits.items()}


class Single(NamedTuple):
    """A single answer that people judged; `given` is its input as JSON."""

    given: str
    group: str | None
    verdict: str
    merit: float


@cache
def _single() -> list[Single]:
    """Return what may be learnt from; the cases of split "test" are for scoring alone."""
    return [
        Single(
            case.input.model_dump_json(),
            case.group,
            case.expected.verdict,
            _merit(case.input, case.input.answer),
        )
        for case in cases()
        if case.expected and case.input.other is None and case.reviewed and case.split == "dev"
    ]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
