"""The rules, each on the smallest text that shows what it is for."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from scaffold.llm import ScriptedModel

from invoices.reading import amounts, days, mended, newest, with_columns_named
from invoices.rules import document, due, issued, solve, supplier
from invoices.schemas import Input, Output
from invoices.sums import sums


@pytest.mark.parametrize(
    ("scanned", "meant"),
    [
        ("lNVOlCE N0", "INVOICE NO"),
        ("£ 1,O32.OO", "£ 1,032.00"),
        ("LF-6O21, l9/O3/2025", "LF-6021, 19/03/2025"),
        ("L1EFERSCHElN", "LIEFERSCHEIN"),
        ("R E C H N U N G", "RECHNUNG"),
        ("Tool 25 l Oil", "Tool 25 l Oil"),
    ],
)
def test_what_a_scanner_mixed_up_is_mended_and_the_rest_stays(scanned: str, meant: str) -> None:
    assert mended(scanned) == meant


@pytest.mark.parametrize(
    ("written", "value", "currency"),
    [
        ("1.475,50 €", "1475.50", "EUR"),
        ("CHF 12'480.00", "12480.00", "CHF"),
        ("$1,299.50", "1299.50", "USD"),
        ("139,94- EUR", "-139.94", "EUR"),
        ("($231.55)", "-231.55", "USD"),
        ("(5.712 € brutto)", "5712.00", "EUR"),
        ("2,150 pounds", "2150.00", "GBP"),
    ],
)
def test_amounts_are_read_as_each_country_writes_them(
    written: str, value: str, currency: str
) -> None:
    (found,) = amounts(written)
    assert (found.value, found.currency) == (Decimal(value), currency)


@pytest.mark.parametrize("text", ["8.10 %", "14.03.2025", "300 x 200", "no 12.345"])
def test_what_is_no_sum_of_money_is_not_taken_for_one(text: str) -> None:
    assert list(amounts(text)) == []


def test_a_day_that_could_be_a_month_is_read_by_the_documents_currency() -> None:
    text = "Date: 03/04/2025"
    assert [day.value for day in days(text, month_first=False)] == [date(2025, 4, 3)]
    assert [day.value for day in days(text, month_first=True)] == [date(2025, 3, 4)]


def test_what_a_mail_quotes_is_older() -> None:
    assert newest("New: 5\n-----Original Message-----\nOld: 6") == "New: 5\n"


def test_headers_over_a_row_name_its_cells() -> None:
    assert with_columns_named("No  Date\n17  1 May 2025").endswith("No: 17\nDate: 1 May 2025")


def test_the_number_is_the_documents_own_and_not_that_of_what_it_refers_to() -> None:
    text = "GUTSCHRIFT Nr. G-019\nzu unserer Rechnung R-0437 vom 02.04.2025"
    assert document(text) == ("credit note", "G-019")


def test_a_reminder_has_no_number_of_its_own() -> None:
    assert document("2. Mahnung\nRechnung R-0437 vom 02.04.2025") == ("reminder", None)


def test_a_number_behind_a_label_will_do_where_none_follows_the_title() -> None:
    assert document("Auftragsbestätigung zu A-1\nAuftragsnummer bei uns: AU-4")[1] == "AU-4"


def test_a_mail_that_speaks_of_an_invoice_is_none() -> None:
    answer = asyncio.run(solve(Input(text="Where is the invoice, Jo?"), ScriptedModel([])))
    assert answer == Output(kind="other")


def test_the_supplier_is_not_whom_the_document_is_sent_to() -> None:
    assert supplier("To: Reader Ltd\nFrom: Writer & Co Ltd, Inkwell Lane") == "Writer & Co Ltd"


def test_without_a_legal_form_the_letterhead_is_the_supplier() -> None:
    assert supplier("PRINTER & DAUGHTERS\nInvoice 7") == "PRINTER & DAUGHTERS"
    assert supplier("Invoice for what you ordered\n7") is None


def test_the_day_of_an_order_is_not_the_day_of_issue() -> None:
    text = "Your order of 1 March 2025\nInvoice 7, 9 March 2025, due 8 April 2025"
    assert issued(text, month_first=False) == date(2025, 3, 9)


def test_a_cash_discount_does_not_move_the_day_to_pay() -> None:
    text = "Zahlbar bis 05.10.2024, bei Zahlung bis 15.09.2024 2 % Skonto."
    assert due(text, month_first=False) == date(2024, 10, 5)


def test_a_deposit_does_not_lower_the_total() -> None:
    text = "Net 50.00\nVAT 10.00\nTotal £60.00\nDeposit -20.00\nBalance 40.00"
    assert sums(text) == (Decimal("50.00"), Decimal("60.00"), "GBP")


def test_sums_without_a_label_are_found_where_they_add_up() -> None:
    assert sums("45.00 + 9.00 = 54.00 GBP") == (Decimal("45.00"), Decimal("54.00"), "GBP")


def test_labels_that_do_not_fit_each_other_give_way_to_those_that_do() -> None:
    text = "Order sum net 900.00\nNet 100.00\nVAT 20.00\nTotal 120.00 GBP"
    assert sums(text) == (Decimal("100.00"), Decimal("120.00"), "GBP")


def test_a_delivery_note_has_no_sums_whatever_it_is_insured_for() -> None:
    text = "Delivery note 18 of 2 May 2025\nTotal insured value USD 850.00"
    answer = asyncio.run(solve(Input(text=text), ScriptedModel([])))
    assert (answer.kind, answer.total, answer.currency) == ("delivery note", None, None)
