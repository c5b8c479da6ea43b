"""How an answer is graded."""

from __future__ import annotations

from scaffold.evals import Case, Outcome, fields

from .schemas import Expected, Input, Output


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return each field's score, their mean ("fields") and whether all are right ("all_fields").

    Text counts as equal whatever its case, punctuation and blanks; numbers and dates by value. A
    field that is rightly None counts as right.
    """
    if case.expected is None:  # a case without a label: it runs, and is not graded
        return {}
    return fields(case.expected, outcome.output)
