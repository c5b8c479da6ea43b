"""How an answer is graded: by what the statement returns, not by how it is written."""

from collections import Counter

from scaffold.evals import Case, Outcome

from .execute import execute
from .schemas import Expected, Input, Output, Result


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return whether the rows are right (or rightly none), and if a statement runs and only reads."""
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    if outcome.output.sql is None:
        return {"execution_accuracy": case.expected.sql is None}
    given = execute(outcome.output.sql)
    right = [execute(one) for one in (case.expected.sql, *case.expected.also) if one is not None]
    for wanted in right:
        if wanted.error or wanted.truncated:
            raise ValueError(f"the expected SQL cannot be compared with: {wanted.error or 'ROWS'}")
    return {
        "execution_accuracy": any(same(one, given, case.expected.ordered) for one in right),
        "valid_sql": given.error_kind not in ("invalid", "timeout"),
        "read_only": given.error_kind != "refused",
    }


def same(wanted: Result, given: Result, ordered: bool) -> bool:
    """Return whether two results hold the same rows, numbers to four decimals, columns by place.

    As Spider's evaluation (Zhong et al. 2020, arxiv.org/abs/2010.02840), but no columns permuted.
    """
    if given.error or given.truncated:
        return False
    a, b = (
        [tuple(round(v, 4) if isinstance(v, float) else v for v in row) for row in side.rows]
        for side in (wanted, given)
    )
    return a == b if ordered else Counter(a) == Counter(b)
