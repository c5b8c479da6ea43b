"""The cases: the 24 sample documents of the template, and 58 that I invented and labelled."""

from __future__ import annotations

from pathlib import Path

from scaffold.evals import Case, read_cases

from .schemas import Expected, Input

CASES = Path("data/cases.jsonl")


def cases() -> list[Case[Input, Expected]]:
    """Return all cases; the split "test" was labelled before any rule stood."""
    return read_cases(CASES, input=Input, expected=Expected)
