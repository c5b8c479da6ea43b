"""The data as cases: data/cases.jsonl, made once from what arrived."""

from pathlib import Path

from scaffold.evals import Case, CasesError, map_rows, read_cases, read_rows, write_cases

from .database import schema
from .schemas import Expected, Input

RAW = Path("data/raw")  # questions with their SQL; the database is found by database.py
CASES = Path("data/cases.jsonl")
# Field of the case <- column of what arrived; "?" is still to be mapped.
MAPPING = {"id": "?", "input.question": "?", "expected.sql": "?"}
EXAMPLE = '{"id": "1", "input": {"question": "How many …?"}, "expected": {"sql": "SELECT …"}}'


def cases() -> list[Case[Input, Expected]]:
    """Return the cases; make data/cases.jsonl where it is not there (delete it for a new MAPPING)."""
    if not CASES.exists():
        if RAW.suffix.lower() not in (".csv", ".tsv", ".jsonl", ".json"):
            tables = ", ".join(dict.fromkeys(column.table for column in schema().columns))
            raise CasesError(
                f"the database is there ({tables}), the questions are not: write them into {CASES}, "
                f'a line each: {EXAMPLE}; or try one: takehome run "…" --solver baseline'
            )
        write_cases(CASES, map_rows(read_rows(RAW), MAPPING, input=Input, expected=Expected))
    return read_cases(CASES, input=Input, expected=Expected)
