"""How an answer is graded: right values first, then how it is wrong where it is wrong."""

from __future__ import annotations

from scaffold.evals import Case, Outcome, Score, fields

from .schemas import Expected, Input, Output

# An invented value is paid or booked before anybody looks; a missing one is looked up by hand.
SCORES = {
    "invented": Score(higher_is_better=False, on_error=0.0),
    "missed": Score(higher_is_better=False, on_error=1.0),
}


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return each field's score, their mean ("fields") and whether all are right ("all_fields").

    Text counts as equal whatever its case, punctuation and blanks; numbers and dates by value. A
    field that is rightly None counts as right. Two more look at the errors: "invented" is the share
    of the fields that the document does not give and the answer fills in, "missed" the share of
    those that it gives and the answer leaves out; None where there are no such fields.
    """
    if case.expected is None:  # a case without a label: it runs, and is not graded
        return {}
    expected, output = dict(case.expected), dict(outcome.output or Output())
    absent = [name for name, value in expected.items() if value is None]
    given = [name for name, value in expected.items() if value is not None]
    invented = sum(output[name] is not None for name in absent)
    missed = sum(output[name] is None for name in given)
    return fields(case.expected, outcome.output) | {
        "invented": invented / len(absent) if absent else None,
        "missed": missed / len(given) if given else None,
    }
