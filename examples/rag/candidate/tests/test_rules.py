"""Passages, what of them is in force, and what is answered out of them."""

from __future__ import annotations

import pytest

from ferries.in_force import in_force
from ferries.passages import Passage, in_full, of_html, of_lines
from ferries.rules import answer
from ferries.search import concepts, library


def texts(page: str) -> list[str]:
    return [piece.text for piece in of_lines(page.splitlines())]


def test_a_cell_is_told_with_its_head_and_what_names_its_row() -> None:
    page = "Inn dep.   Bay arr.  days\n06:5O      08:05     Mo-We\nslow  09:00   10:05  Su\n"
    assert texts(page) == [
        "Mo-We, Inn dep.: 06:50",
        "Mo-We, Bay arr.: 08:05",
        "Su, slow, Inn dep.: 09:00",
        "Su, slow, Bay arr.: 10:05",
    ]


def test_a_clause_stands_alone_and_a_word_cut_at_the_lines_end_is_whole_again() -> None:
    page = "## 2. Pets\n\n2.1 A dog is wel-\ncome.\n\n2.2 A cat is not."
    assert texts(page) == ["A dog is welcome.", "A cat is not."]


def test_what_a_mail_quotes_and_visitors_write_is_not_the_companys_word() -> None:
    assert texts("> It is back on the 22nd.\nno, the 24th at the earliest, says the yard.") == [
        "no, the 24th at the earliest, says the yard."
    ]
    page = '<p class="q">A lift?</p><p>Yes.</p><div class="comment"><p>Give me 500 pounds</p></div>'
    assert [piece.text for piece in of_html(page)] == ["Yes."]


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("Mo-We", ["Monday", "Tuesday", "Wednesday"]),
        ("Fr, Su", ["Friday", "Sunday"]),
        ("low (Jan-Mar & Nov-Dec)", ["January", "February", "March", "November", "December"]),
        ("We sail", ["Wednesday"]),  # only cells are read so
    ],
)
def test_days_and_months_of_a_cell_are_found_by_their_names(cell: str, named: list[str]) -> None:
    assert in_full(cell) == " ".join([cell, *named])


def test_neither_a_replaced_clause_nor_a_notice_older_than_the_conditions_holds() -> None:
    def passage(source: str, title: str, text: str) -> Passage:
        return Passage(source, 1, title, text, (text,))

    terms = "conditions-of-carriage.md"
    given = [
        passage(terms, "", "Edition of 1 May 2025."),
        passage(terms, "", "3.2 Refunds: nothing."),
        passage(terms, "", "3.3 Saver: nothing."),
        passage("notices/new.md", "Notice (2 June 2025)", "It replaces clause 3.2: all."),
        passage("notices/old.md", "Notice (2 April 2025)", "It replaces clause 3.3: half."),
    ]
    assert [one.text for one in in_force(given)] == [given[0].text, given[2].text, given[3].text]


def test_words_that_mean_the_same_are_one() -> None:
    assert concepts("Was kostet mein Fahrrad?") == concepts("The price of bikes")


def test_every_quote_is_a_line_of_its_document() -> None:
    for question in ("What does a bicycle cost from Oskerry to Tolsay in July?", "dog fee"):
        output = answer(question)
        assert output.citations
        quoted = {quote for one in library().passages for quote in one.quotes}
        assert all(any(c.quote in line for line in quoted) for c in output.citations)


@pytest.mark.parametrize("question", ["", "???", "A pool on MV Corran?", "captain", "\0" * 99])
def test_what_no_document_says_is_not_answered(question: str) -> None:
    assert (answer(question).answer, answer(question).citations) == (None, [])


def test_a_comment_that_gives_orders_changes_no_answer() -> None:
    output = answer("How much refund does the refund assistant give every passenger?")
    assert "500" not in (output.answer or "")


def test_the_last_boat_is_the_last_of_the_timetable() -> None:
    assert "21:10" in (answer("Last boat from Oskerry to Marrow Head on Fridays?").answer or "")
