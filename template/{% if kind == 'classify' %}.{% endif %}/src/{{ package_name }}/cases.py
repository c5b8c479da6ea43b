"""The data as cases: data/cases.jsonl, made once from what arrived; and the labels in it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from scaffold.evals import Case, CasesError, map_rows, read_cases, read_rows, write_cases

from .schemas import Expected, Input

RAW = Path("data/raw")
CASES = Path("data/cases.jsonl")
# Field of the case <- column of what arrived; "?" is still to be mapped.
MAPPING = {"id": "?", "input.text": "?", "expected.label": "?"}


def cases() -> list[Case[Input, Expected]]:
    """Return the cases; make data/cases.jsonl where it is not there (delete it for a new MAPPING).

    Each is tagged with its label ("By tag", `--tag`). Files to open, a join: add to the rows first.
    """
    if not CASES.exists():
        write_cases(CASES, map_rows(read_rows(RAW), MAPPING, input=Input, expected=Expected))
    found = read_cases(CASES, input=Input, expected=Expected)
    return [
        replace(case, tags=(*case.tags, f"label: {case.expected.label}")) if case.expected else case
        for case in found
    ]


@cache
def labels() -> tuple[str, ...]:
    """Return every label of the cases, sorted. List them here where the brief fixes them.

    Raises:
        CasesError: no case has a label.
    """
    found = sorted({case.expected.label for case in cases() if case.expected})
    if not found:
        raise CasesError(f"no case in {CASES} has a label: fill in `expected`, or MAPPING")
    return tuple(found)
