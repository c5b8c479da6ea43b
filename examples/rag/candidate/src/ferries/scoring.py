"""How an answer is graded: a wrong one is worse than none."""

from scaffold.evals import Case, Outcome, Score, set_prf, token_f1
from scaffold.evals.retrieval import k_precision, recall_at_k, reciprocal_rank

from .schemas import Expected, Input, Output

WORDS = 45  # that a sentence may have: who recites a page has not answered
# Whoever gets a wrong answer acts on it; whoever gets none rings the office.
SCORES = {"made_up": Score(higher_is_better=False, on_error=0.0)}


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return how good the answer, its citations and the search under it are.

    "correct": a sentence with the expected answer's words, or both are None; "made_up": an answer
    that is not correct; "unanswerable": rightly no answer; "citation": F1 of the places.
    """
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    expected, output = case.expected, outcome.output
    right, given = expected.answer or "", output.answer or ""
    short = len(given.split()) <= WORDS
    correct = short and k_precision(right, [given]) == 1 if right else not given
    found = [_named(place, expected.sources) for place in output.retrieved]
    cited = {_named(citation.place, expected.sources) for citation in output.citations}
    return {
        "correct": correct,
        "made_up": bool(given) and not correct,
        "token_f1": token_f1(right, given),
        "unanswerable": None if right else not given,
        "citation": set_prf(expected.sources, cited)["f1"],
        "recall_at_5": recall_at_k(expected.sources, found, 5),
        "mrr": reciprocal_rank(expected.sources, found),
    }


def _named(place: str, sources: list[str]) -> str:
    """Return a place as the case names it: `terms.pdf` where any page of that is right."""
    source = place.rpartition("#")[0]
    return source if source in sources else place
