"""How an answer is graded."""

from scaffold.evals import Case, Outcome, exact, normalised, token_f1

from .schemas import Expected, Input, Output


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return whether the text is right to the letter, right but for its form, and how near it is.

    "normalised" looks past case, punctuation, articles and blanks; "token_f1" counts shared words.
    """
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    right, given = case.expected.text, outcome.output.text
    return {
        "exact": exact(right, given),
        "normalised": normalised(right, given),
        "token_f1": token_f1(right, given),
    }
