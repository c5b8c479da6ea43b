"""The data: a folder of documents, and questions as cases in data/cases.jsonl."""

from __future__ import annotations

from pathlib import Path

from scaffold.evals import Case, CasesError, map_rows, read_cases, read_rows, write_cases

from .schemas import Expected, Input

DOCUMENTS = Path("data/documents")  # everything in it is searched, but RAW
RAW = Path("data/raw/questions.csv")  # a table of questions, where one came
CASES = Path("data/cases.jsonl")
LINE = (
    '{"id": "1", "input": {"question": "…"}, "expected": {"answer": "…", "sources": ["a.pdf#3"]}}'
)
# Field of the case <- column of what arrived; "?" is still to be mapped.
MAPPING = {"id": "?", "input.question": "?", "expected.answer": "?", "expected.sources": "?"}


def cases() -> list[Case[Input, Expected]]:
    """Return the cases; without data/cases.jsonl make it from RAW by MAPPING first."""
    if not CASES.exists():
        if not RAW.is_file():
            how = f"write {CASES}, each a line like {LINE}, or name a table as RAW in cases.py"
            now = f"{DOCUMENTS} is searched (takehome run --solver baseline QUESTION)"
            raise CasesError(f"{now}, and there are no questions yet to score: {how}")
        write_cases(CASES, map_rows(read_rows(RAW), MAPPING, input=Input, expected=Expected))
    return read_cases(CASES, input=Input, expected=Expected)
