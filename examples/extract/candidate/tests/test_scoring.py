"""The scores of my own: a value that is made up, and a value that is left out."""

from __future__ import annotations

from decimal import Decimal

from scaffold.evals import Case, Outcome

from invoices.schemas import Expected, Input, Output
from invoices.scoring import score

CASE = Case("1", Input(text="Total 5.00"), Expected(kind="invoice", total=Decimal("5.00")))


def test_a_value_that_the_document_does_not_give_is_invented() -> None:
    scores = score(
        CASE, Outcome(Output(kind="invoice", total=Decimal(5), number="7", net=Decimal(4)))
    )
    assert (scores["invented"], scores["missed"]) == (2 / 6, 0)


def test_a_value_that_the_document_gives_and_the_answer_lacks_is_missed() -> None:
    scores = score(CASE, Outcome(Output(kind="invoice")))
    assert (scores["invented"], scores["missed"]) == (0, 1 / 2)


def test_no_answer_invents_nothing_and_misses_everything() -> None:
    scores = score(CASE, Outcome(None, "no model", "NotRecorded"))
    assert (scores["invented"], scores["missed"]) == (0, 1)
