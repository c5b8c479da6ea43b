"""How a run is graded."""

from scaffold.evals import Case, Outcome, Score
from scaffold.evals.trajectory import trajectory

from .loop import STEPS
from .schemas import Expected, Input, Output

SCORES = dict.fromkeys(("needless", "loops", "steps"), Score(higher_is_better=False, on_error=1))


def score(case: Case[Input, Expected], outcome: Outcome[Output]) -> dict[str, float | bool | None]:
    """Return whether it ended right, how it went about it, and the share of STEPS that it took."""
    if case.expected is None or outcome.output is None:  # nothing to compare
        return {}
    expected, output = case.expected, outcome.output
    ended = output.status == expected.status and expected.says.lower() in output.answer.lower()
    success = ended and expected.state in (None, output.state)
    made = [(step.tool, step.arguments) for step in output.steps]
    how = {} if expected.calls is None else trajectory(expected.calls, made)
    return {"success": success, **how, "steps": len(made) / STEPS}
