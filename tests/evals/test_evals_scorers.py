from datetime import date as Date
from datetime import datetime
from decimal import Decimal

import pytest
from pydantic import BaseModel

from scaffold.evals import date, exact, fields, normalised, number, set_prf, token_f1


class Line(BaseModel):
    name: str
    amount: Decimal | None = None


class Invoice(BaseModel):
    vendor: str | None = None
    total: Decimal | None = None
    issued: Date | None = None
    paid: bool | None = None
    tags: list[str] = []
    line: Line | None = None


def test_exact_tells_true_from_one():
    assert exact("a", "a")
    assert exact(1, 1.0)
    assert not exact(1, True)
    assert not exact("a", "A")


def test_normalised_ignores_case_punctuation_articles_and_width():
    assert normalised("The  Blue, House", "blue house!")
    assert normalised("\uff21\uff22", "ab")
    assert not normalised("blue house", "blue houses")
    assert not normalised("x", None)
    assert normalised(None, None)


def test_an_answer_that_is_an_article_stays_one():
    assert normalised("A", "a.")
    assert not normalised("A", "the")
    assert not normalised("A", "")


def test_token_f1_is_the_overlap_of_words():
    assert token_f1("a red car", "red car") == 1
    assert token_f1("red fast car", "red car") == pytest.approx(0.8)
    assert token_f1("red", "blue") == 0
    assert token_f1("", "") == 1
    assert token_f1("x", "") == 0


def test_number_reads_how_people_write_and_keeps_its_tolerance():
    assert number("1,234.50", Decimal("1234.5"))
    assert number("$5", 5.0)
    assert number(0.1 + 0.2, 0.3)
    assert not number(100, 101)
    assert number(100, 101, absolute=1)
    assert number(100, 101, relative=0.01)
    assert not number(5, None)
    assert not number(5, "many")
    assert not number("nan", "nan")
    assert number(None, None)


def test_date_takes_dates_and_iso_text():
    assert date(Date(2024, 5, 1), "2024-05-01")
    assert date(datetime(2024, 5, 1, 23), "2024-05-01T01:00:00")  # noqa: DTZ001
    assert not date("2024-05-01", "2024-05-02")
    assert date("2024-05-01", "2024-05-02", days=1)
    assert not date("2024-05-01", "May")
    assert not date("2024-05-01", None)


def test_sets_have_precision_recall_and_f1():
    found = set_prf(["a", "b", "c"], ["b", "c", "d", "e"])
    assert found == pytest.approx({"precision": 0.5, "recall": 2 / 3, "f1": 4 / 7})
    assert set_prf([], [])["f1"] == 1
    assert set_prf(["a"], [])["f1"] == 0


def test_fields_says_which_field_fails():
    wanted = Invoice(vendor="ACME Inc.", total=Decimal("12.50"), issued=Date(2024, 1, 2), paid=True,
                     tags=["a", "b"], line=Line(name="Bolt", amount=Decimal(1)))  # fmt: skip
    found = fields(wanted, wanted.model_copy(update={"vendor": "acme inc", "paid": False,
                                                     "tags": ["A"], "line": None}))  # fmt: skip
    assert found["fields.vendor"] is True
    assert found["fields.total"] is True
    assert found["fields.paid"] is False
    assert found["fields.tags"] == pytest.approx(2 / 3)
    assert found["fields.line.name"] is False
    assert found["all_fields"] is False
    assert 0 < found["fields"] < 1
    assert fields(wanted, wanted)["all_fields"] is True


def test_fields_takes_numbers_and_days_that_are_near_where_it_is_told_to():
    wanted = Invoice(
        total=Decimal(100), issued=Date(2025, 3, 31), line=Line(name="a", amount=Decimal(5))
    )
    near = Invoice(
        total=Decimal("100.01"),
        issued=Date(2025, 4, 1),
        line=Line(name="a", amount=Decimal("4.99")),
    )
    assert fields(wanted, near, absolute=0.01, days=1)["all_fields"] is True
    wrong = {name for name, right in fields(wanted, near).items() if right is False}
    assert wrong == {"all_fields", "fields.total", "fields.issued", "fields.line.amount"}
    assert fields(wanted, near, absolute=0.01)["fields.issued"] is False
    assert fields(wanted, near, absolute=0.005, days=1)["fields.line.amount"] is False


def test_a_field_that_is_absent_on_both_sides_is_right_and_an_invented_one_is_wrong():
    assert fields(Invoice(), Invoice())["fields.total"] is True
    assert fields(Invoice(), Invoice(total=Decimal(1)))["fields.total"] is False
