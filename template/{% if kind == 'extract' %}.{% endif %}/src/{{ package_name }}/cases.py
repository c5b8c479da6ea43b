"""The data as cases: data/cases.jsonl, made once from what arrived."""

from pathlib import Path

from scaffold.evals import Case, map_rows, read_cases, read_rows, write_cases

from .schemas import Expected, Input

RAW = Path("data/raw")
CASES = Path("data/cases.jsonl")
# Field of the case <- column of what arrived; "?" is still to be mapped.
MAPPING = {"id": "?", "input.text": "?", "expected.total": "?"}


def cases() -> list[Case[Input, Expected]]:
    """Return the cases; make data/cases.jsonl where it is not there (delete it for a new MAPPING).

    Where columns are not enough (files to open, a join), give write_cases your own Case(...) each.
    """
    if not CASES.exists():
        write_cases(CASES, map_rows(read_rows(RAW), MAPPING, input=Input, expected=Expected))
    return read_cases(CASES, input=Input, expected=Expected)
