"""The score of my own: rows that look like an answer and are none."""

import pytest

from scaffold.evals import Case, Outcome

from ferry_office.schemas import Expected, Input, Output
from ferry_office.scoring import score


@pytest.mark.parametrize(
    ("wanted", "given", "misled"),
    [
        ("SELECT 1", "SELECT 2", True),
        (None, "SELECT 1", True),
        ("SELECT 1", "SELECT 1", False),
        ("SELECT 1", "SELECT nothing", False),
        ("SELECT 1", None, False),
        (None, "DROP TABLE ferry", False),
    ],
)
def test_only_rows_that_are_wrong_mislead(
    wanted: str | None, given: str | None, misled: bool
) -> None:
    case = Case("1", Input(question="?"), Expected(sql=wanted))
    assert score(case, Outcome(Output(sql=given)))["misled"] is misled
