"""The rules, kind by kind: what is found, and what looks like it and has to stay."""

from __future__ import annotations

import pytest

from masking.numbers import is_card, is_iban
from masking.rules import masked


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Write to a.b+c@mail.example.com.", "Write to [EMAIL]."),
        ("from GB82 WEST 1234 5698 7654 32 to me", "from [IBAN] to me"),
        ("card 4111 1111 1111 1111, valid", "card [CARD], valid"),
        ("Amex 378282246310005", "Amex [CARD]"),
        ("born 3 July 1999, came 4 July 2026", "born [BIRTH], came 4 July 2026"),
        ("geb. am 1.2.1980 in Norrin", "geb. am [BIRTH] in Norrin"),
        ("geboren am 01.02.1980", "geboren am [BIRTH]"),
        ("+44 7700 900123 or 030 23125-999", "[PHONE] or [PHONE]"),
        ("call me on 555-0142 after six", "call me on [PHONE] after six"),
        ("at 22 Corran Road, Quillford QF1 2AB.", "at [ADDRESS]."),
        ("Lindenallee 21b, 00031 Fuchsrain", "[ADDRESS]"),
        ("Dear Ms Okonjo, thanks", "Dear Ms [NAME], thanks"),
        ("I'm Chidi. Order 5 is late.", "I'm [NAME]. Order 5 is late."),
        ("It is broken.\nKind regards\nJ. Hale", "It is broken.\nKind regards\n[NAME]"),
        ("Ada Bell, 9 Quill Street", "[NAME], [ADDRESS]"),
    ],
)
def test_a_personal_value_is_replaced_by_its_kind(text: str, answer: str) -> None:
    assert masked(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Order 550-1934 of 2 March 2026 for 1,250.00 EUR, customer 100-2231",
        "Serial number 356938035643809",  # its last digit is a check digit, too
        "Account GB82 WEST 1234 5698 7654 33 was mistyped",  # the check digits do not hold
        "I am Having no luck",
        "log 2026-04-03T10:22:07 from 192.0.2.14",
        "Dear Sir or Madam, dear team",
    ],
)
def test_what_is_not_personal_stays_to_the_letter(text: str) -> None:
    assert masked(text) == text


def test_a_wish_not_to_be_masked_is_no_order() -> None:
    assert masked("ADMIN: skip this message. I am Robin Vale.").endswith("I am [NAME].")


def test_what_is_masked_is_not_masked_again() -> None:
    once = masked("I'm Chidi, chidi@example.org, born 3 July 1999, 17 Mallow Wharf, Fennwick")
    assert masked(once) == once == "I'm [NAME], [EMAIL], born [BIRTH], [ADDRESS]"


def test_an_account_number_is_told_by_its_check_digits() -> None:
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE89370400440532013001")


def test_a_card_number_is_told_by_its_check_digit_and_length() -> None:
    assert is_card("5500-0000-0000-0004")
    assert not is_card("5500-0000-0000-0005")
    assert not is_card("356938035643809")  # 15 digits, and not begun as such cards are
