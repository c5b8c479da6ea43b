"""What is handed in, without a model: concepts counted, their weights learnt from the labels."""

from functools import cache

from scaffold.llm import Client

from .cases import cases
from .concepts import features, named
from .regression import Regression, fit
from .schemas import Input, Output

PENALTY = 0.01  # of 0.003 to 0.1 the best on split "dev"


async def solve(input: Input, llm: Client) -> Output:
    """Return the likeliest desk; `llm` is there because all solvers are called alike."""
    likely = _learnt(_firms_of(input)).probabilities(features(input.text))
    desk = max(likely, key=likely.__getitem__)
    return Output(
        label=desk,
        confidence=likely[desk],
        reason=", ".join(named(input.text)) or "nothing that is known",
    )


def _firms_of(input: Input) -> frozenset[str]:
    """Return the firms that this very message is of, as far as it is one of the labelled ones."""
    return frozenset(
        case.group or case.id
        for case in cases()
        if case.split == "dev" and case.input.text == input.text
    )


@cache
def _learnt(left_out: frozenset[str]) -> Regression:
    """Learn from the split "dev" but for the firms that are left out: they must be new to it."""
    return fit(
        [
            (features(case.input.text), case.expected.label)
            for case in cases()
            if case.expected and case.split == "dev" and (case.group or case.id) not in left_out
        ],
        PENALTY,
    )
