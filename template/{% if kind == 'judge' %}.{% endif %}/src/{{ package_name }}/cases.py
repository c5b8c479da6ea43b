"""The data as cases: data/cases.jsonl, made once from what arrived; and the verdicts in it."""

from functools import cache
from pathlib import Path

from scaffold.evals import Case, CasesError, map_rows, read_cases, read_rows, write_cases

from .schemas import Expected, Input

RAW = Path("data/raw")
CASES = Path("data/cases.jsonl")
# Field of the case <- column of what arrived; "?" is still to be mapped. A pair's second answer is
# "input.other", a model answer "input.reference".
MAPPING = {"id": "?", "input.question": "?", "input.answer": "?", "expected.verdict": "?"}
PAIR = ("B", "tie", "A")  # worst first, as A sees it


def cases() -> list[Case[Input, Expected]]:
    """Return the cases; make data/cases.jsonl where it is not there (delete it for a new MAPPING).

    Raises CasesError also where a pair's verdict is none of PAIR.
    """
    if not CASES.exists():
        made = map_rows(read_rows(RAW), MAPPING, input=Input, expected=Expected)
        for case in made:
            if "input.other" in MAPPING and case.expected and case.expected.verdict in PAIR:
                case.input.other = case.input.other or ""  # an empty cell is an empty answer
        write_cases(CASES, made)
    found = read_cases(CASES, input=Input, expected=Expected)
    for case in found:
        if case.expected and case.input.other is not None and case.expected.verdict not in PAIR:
            said = f"case {case.id}: of a pair the verdict is A, B or tie, not"
            raise CasesError(f"{said} {case.expected.verdict!r}: translate it in cases()")
    return found


@cache
def scale() -> tuple[str, ...]:
    """Return the verdicts on a single answer, the worst first: by number, else by name.

    Write them down here where the names do not sort so ("fair", "good", "poor").
    """
    found = {c.expected.verdict for c in cases() if c.expected and c.input.other is None}
    try:
        return tuple(sorted(found, key=float))
    except ValueError:
        return tuple(sorted(found))


def verdicts(input: Input) -> tuple[str, ...]:
    """Return what may be said of an input, the worst for its (first) answer first.

    Raises CasesError: it is a single answer, and no case tells how people judge those.
    """
    found = scale() if input.other is None else PAIR
    if not found:
        raise CasesError(f"no verdict on a single answer in {CASES}: write scale() in cases.py")
    return found
