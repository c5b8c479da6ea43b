"""How an answer is graded: its values, its quotes, and what its confidence is worth."""

from statistics import fmean

from scaffold.evals import Case, Outcome, Score, fields

from .schemas import Expected, Input, Output

LOWER = Score(higher_is_better=False, on_error=None)  # a case that failed states no confidence
CALIBRATION = ("brier", "overconfidence", "underconfidence")
SCORES = dict.fromkeys(CALIBRATION, LOWER) if "evidence" in Output.model_fields else {}


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return each field's score, their mean ("fields") and whether all are right ("all_fields").

    Text counts as equal whatever its case, punctuation and blanks; numbers and dates by value. A
    field that is rightly None counts as right. Where Output has evidence: "quoted" is the share of
    given values (False apart) whose quote stands in the text; "absent" the share of what the text
    does not give that is said to be absent, neither given nor unsure. What has no evidence is said
    with confidence 1: "brier" is the mean of (confidence - right)² (Brier 1950); "overconfidence"
    and "underconfidence", by how much a case's mean is off, are equal if it is right on the whole.
    """
    if case.expected is None:  # a case without a label: it runs, and is not graded
        return {}
    scores, output = fields(case.expected, outcome.output), outcome.output  # days=1: near enough
    if output is None or "evidence" not in dict(output):
        return scores
    text = "\n".join(str(value) for _, value in case.input)
    quoted = {source.field: stands(source.quote, source.page, text) for source in output.evidence}
    given = [n for n, v in output if n != "evidence" and v is not False and v not in (None, [])]
    sure = {f"fields.{source.field}": source.confidence for source in output.evidence}
    gaps = [sure.get(name, 1.0) - (value == 1) for name, value in scores.items() if "." in name]
    found = {
        "quoted": [quoted.get(name, False) for name in given],
        "absent": [output.standing(n) == "absent" for n, v in case.expected if v is None],
        "brier": [gap**2 for gap in gaps],
        "overconfidence": [max(0.0, fmean(gaps))],
        "underconfidence": [max(0.0, -fmean(gaps))],
    }
    return scores | {name: fmean(parts) for name, parts in found.items() if parts}


def stands(quote: str, page: int | None, text: str) -> bool:
    """Tell whether a quote stands in the text, whatever the blanks; on its page if it names one."""
    where = text if page is None else "".join(text.split("\f")[page - 1 : page])
    return bool(quote.strip()) and "".join(quote.split()) in "".join(where.split())
