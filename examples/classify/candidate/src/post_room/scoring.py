"""How an answer is graded."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from scaffold.evals import Case, Outcome, Score

from .schemas import Expected, Input, Output

NO_ANSWER = "(no answer)"
SURE = 0.75  # the lowest from which on nothing of split "dev" goes wrong unseen


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return whether the label is right, and what would happen if SURE were enough to sort.

    "alone" is the share that no person looks at, "misrouted" the share of all messages that then
    reach the wrong desk unseen. Each class's share is the report's "By tag".
    """
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    right = case.expected.label == outcome.output.label
    alone = outcome.output.confidence >= SURE
    return {"accuracy": right, "alone": alone, "misrouted": alone and not right}


def wanted(row: dict[str, Any]) -> str:
    """Return the right label of a labelled row of cases.jsonl."""
    return str(row["expected"]["label"])


def given(row: dict[str, Any]) -> str:
    """Return the label that the solver gave, or NO_ANSWER where the case ended in an error."""
    return str(row["output"]["label"]) if row["output"] else NO_ANSWER


def macro_f1(rows: Sequence[dict[str, Any]]) -> float | None:
    """Return the mean of the classes' F1, a rare one as weighty as a frequent one.

    Classes are the labels that occur, right or given, as in scikit-learn; None without any. Source:
    Sebastiani (2002), doi.org/10.1145/505282.505283.
    """
    found = [(wanted(row), given(row)) for row in rows if row["expected"]]
    right = Counter(label for label, other in found if label == other)
    sides = Counter(label for pair in found for label in pair if label != NO_ANSWER)
    f1 = [2 * right[label] / sides[label] for label in sorted(sides)]
    return fmean(f1) if f1 else None


def majority(rows: Sequence[dict[str, Any]]) -> float | None:
    """Return the accuracy of giving the commonest label always: what any solver has to beat."""
    counts = Counter(wanted(row) for row in rows if row["expected"])
    return max(counts.values()) / counts.total() if counts else None


# Figures over all cases; the bootstrap of the part `summaries` gives their interval.
SCORES = {
    "misrouted": Score(higher_is_better=False),
    "macro_f1": Score(summary=macro_f1),
    "majority_class": Score(summary=majority),
}
