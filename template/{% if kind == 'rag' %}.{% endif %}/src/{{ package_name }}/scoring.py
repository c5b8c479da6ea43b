"""How an answer is graded."""

from scaffold.evals import Case, Outcome, set_prf, token_f1
from scaffold.evals.retrieval import k_precision, recall_at_k, reciprocal_rank

# Faithfulness by a model (part `judge`): this, "faithful", and `async def score(case, outcome, ask)`
# from scaffold.evals.rubric import rubric
from .schemas import Expected, Input, Output


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return how good the answer, its citations and the search under it are.

    "correct": the answer holds the expected one's words, or both are None; "unanswerable": that of
    the latter alone; "citation": F1 of the places; "grounded": 1 for whoever only quotes.
    """
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    expected, output = case.expected, outcome.output
    right, given = expected.answer or "", output.answer or ""
    found = [_named(place, expected.sources) for place in output.retrieved]
    cited = {_named(citation.place, expected.sources) for citation in output.citations}
    quotes = [citation.quote for citation in output.citations]
    return {
        "correct": k_precision(right, [given]) == 1 if right else not given,
        "token_f1": token_f1(right, given),
        "unanswerable": None if right else not given,
        "citation": set_prf(expected.sources, cited)["f1"],
        "grounded": k_precision(given, quotes) if given else None,
        # "faithful": (await rubric(ask, question=case.input.question, answer=given, quotes=quotes,
        #     rubric="1: all that the answer says follows from the quotes. 0: not all.")).score,
        "recall_at_5": recall_at_k(expected.sources, found, 5),
        "mrr": reciprocal_rank(expected.sources, found),
    }


def _named(place: str, sources: list[str]) -> str:
    """Return a place as the case names it: `terms.pdf` where any page of that is right."""
    source = place.rpartition("#")[0]
    return source if source in sources else place
