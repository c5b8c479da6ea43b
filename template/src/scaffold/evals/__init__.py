"""The evaluation harness. Read run.py first, then results.py; stats.py holds the formulas."""

from .cases import CasesError, map_rows, read_cases, read_rows, select, write_cases
from .outcome import Ask, Case, Outcome, Score, Scorer, Solver
from .publication import as_markdown, gate
from .results import Results, Run, RunError, compare
from .run import evaluate, scored, solved
from .scorers import date, exact, fields, normalised, number, set_prf, token_f1

__all__ = ["Case", "CasesError", "map_rows", "read_cases", "read_rows", "select", "write_cases"]
__all__ += ["Ask", "Outcome", "Results", "Run", "RunError", "Score", "Scorer", "Solver"]
__all__ += ["as_markdown", "compare", "evaluate", "gate", "scored", "solved"]
__all__ += ["date", "exact", "fields", "normalised", "number", "set_prf", "token_f1"]
