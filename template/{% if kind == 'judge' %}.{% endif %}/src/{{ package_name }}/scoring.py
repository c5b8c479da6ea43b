"""How the judge is graded: by its agreement with people, and by what should not sway it."""

from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from scaffold.evals import Case, Outcome, Score
from scaffold.evals.agree import kappa

from .cases import PAIR, scale
from .schemas import Expected, Input, Output

Rows = Sequence[dict[str, Any]]


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return whether judge and people agree and, of a pair, whether the order left it alone."""
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    agreed = case.expected.verdict == outcome.output.verdict
    if outcome.output.a_first is None:
        return {"agreement": agreed}
    return {"agreement": agreed, "consistent": outcome.output.a_first == outcome.output.b_first}


def agreement_beyond_chance(rows: Rows) -> float | None:
    """Return Cohen's kappa, unweighted; a case without an answer is a disagreement."""
    labelled = [row for row in rows if row["expected"]]
    people = [row["expected"]["verdict"] for row in labelled]
    judge = [row["output"]["verdict"] if row["output"] else "(no answer)" for row in labelled]
    return kappa(people, judge).mean


def position_bias(rows: Rows) -> float | None:
    """Return how much more often what is shown first wins than what is shown second, -1 to 1.

    Each pair is shown both ways, so that the better answer is first as often as second. 0 is none.
    """
    pairs = [row["output"] for row in rows if row["output"] and row["output"]["a_first"]]
    wins = [_standing(one["a_first"], PAIR) - _standing(one["b_first"], PAIR) for one in pairs]
    return fmean(wins) / 2 if wins else None


def length_bias(rows: Rows) -> float | None:
    """Return how much higher than people the judge places longer answers than shorter ones, -1 to 1.

    Longer than the other of a pair, or than the median of single answers. 0 is none.
    """
    judged = [row for row in rows if row["expected"] and row["output"]]
    lengths = [len(row["input"]["answer"]) for row in judged if row["input"]["other"] is None]
    gaps = []
    for row in judged:
        other = row["input"]["other"]
        known, than = (scale(), median(lengths)) if other is None else (PAIR, len(other))
        longer = len(row["input"]["answer"]) - than
        judge, people = (_standing(row[side]["verdict"], known) for side in ("output", "expected"))
        if longer:
            gaps.append((judge - people) / 2 if longer > 0 else (people - judge) / 2)
    return fmean(gaps) if gaps else None


def _standing(verdict: str, known: Sequence[str]) -> float:
    """Return where a verdict stands between the worst, -1, and the best, 1; 0 if there is none."""
    if verdict not in known or len(known) < 2:
        return 0.0
    return 2 * known.index(verdict) / (len(known) - 1) - 1


# Figures over all cases; the bootstrap of the part `summaries` gives their interval.
SCORES = {
    "consistent": Score(on_error=None),
    "kappa": Score(summary=agreement_beyond_chance),
    "position_bias": Score(higher_is_better=False, summary=position_bias),
    "length_bias": Score(higher_is_better=False, summary=length_bias),
}
