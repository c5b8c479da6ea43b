"""The evaluation harness: cases in; outcomes, scores and their intervals out.

Read run.py first (`evaluate`), then results.py; stats.py holds the formulas. What results.json
holds is described by results.schema.json.
"""

from .cases import CasesError, NotMapped, map_rows, read_cases, read_rows, select, write_cases
from .compare import Comparison, compare
from .outcome import Call, Case, Outcome, Score, Scorer, Solver
from .results import Results, Run, RunError, failed_ids, read_results
from .run import RunOptions, evaluate
from .scorers import date, exact, fields, normalised, number, set_prf, token_f1
from .terminal import Progress

# fmt: off
__all__ = [
    "Call", "Case", "CasesError", "Comparison", "NotMapped", "Outcome", "Progress", "Results",
    "Run", "RunError", "RunOptions", "Score", "Scorer", "Solver", "compare", "date", "evaluate",
    "exact", "failed_ids", "fields", "map_rows", "normalised", "number", "read_cases",
    "read_results", "read_rows", "select", "set_prf", "token_f1", "write_cases",
]
