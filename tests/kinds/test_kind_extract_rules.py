"""The baseline of the kind extract: a rule for each type, on fields that it has never seen."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from scaffold.llm import ScriptedModel


def found(extract: Any, output: str, text: str) -> dict[str, Any]:
    """What the baseline finds in `text` for another `Output`."""
    extract.write_schemas(output)
    given = extract.module("schemas").Input(text=text)
    answer: dict[str, Any] = asyncio.run(
        extract.module("baseline").solve(given, ScriptedModel([]))
    ).model_dump()
    return answer


def test_the_baseline_reads_fields_that_it_has_never_seen(extract: Any) -> None:
    output = """class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    name: str


class Output(BaseModel):
    start_date: dt.date | None = None
    moved_in: dt.datetime | None = None
    rooms: int | None = None
    rent: Decimal | None = Field(default=None, description="Each month. Labels: Miete, lease.")
    area: float | None = None
    landlord: str | None = None
    pets: bool = False
    lift: bool | None = None
    state: Literal["new", "used"] | None = None
    colour: Colour | None = None
    keys: list[str] = []
    readings: list[Decimal] | None = None
    share: Annotated[Decimal, Field(ge=0)] | None = None
    parts: list[Part] = []
    part: Part | None = None
    odd: dict[str, int] | None = None"""
    text = """Start date: 1. Juli 2025, moved in 3 Aug 2025
    Rooms: 3   Area 71,5 m
    Lease: CHF 1'250.50
    Landlord: Ann Example   (owner)
    pets welcome; the door is Blue, the kitchen used, not new
    Keys: front, back, cellar
    Readings: 1.234,5 and 77"""
    answer = found(extract, output, text)
    assert answer.pop("moved_in").isoformat() == "2025-08-03T00:00:00"
    assert answer.pop("colour").value == "blue"
    assert answer == {
        "start_date": date(2025, 7, 1),
        "rooms": 3,
        "rent": Decimal("1250.50"),
        "area": 71.5,
        "landlord": "Ann Example",
        "pets": True,
        "lift": False,
        "state": "used",
        "keys": ["front", "back", "cellar"],
        "readings": [Decimal("1234.5"), Decimal(77)],
        "share": None,
        "parts": [],
        "part": None,
        "odd": None,
    }


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2025-03-14", date(2025, 3, 14)),
        ("14.03.2025", date(2025, 3, 14)),
        ("14.3.25", date(2025, 3, 14)),
        ("14/03/2025", date(2025, 3, 14)),
        ("03/14/2025", date(2025, 3, 14)),
        ("14-MAR-2025", date(2025, 3, 14)),
        ("14. März 2025", date(2025, 3, 14)),
        ("3rd February 2025", date(2025, 2, 3)),
        ("Mar 14, 2025", date(2025, 3, 14)),
        ("Sept. 9, 2025", date(2025, 9, 9)),
        ("2025/3/14", date(2025, 3, 14)),
        ("2025.03.14", date(2025, 3, 14)),
        ("2025-03-14T10:00:00Z", date(2025, 3, 14)),
        ("March 14th, 2025", date(2025, 3, 14)),
        ("9. ſept 2025, 1.3.2025", date(2025, 3, 1)),  # a long s is none of ours
        ("31.02.2025 no, 01.03.2025", date(2025, 3, 1)),
        ("5.25 105.00, 99.99.9999", None),
        ("soon", None),
    ],
)
def test_the_baseline_reads_dates(extract: Any, written: str, day: date | None) -> None:
    output = "class Output(BaseModel):\n    paid: dt.date | None = None"
    assert found(extract, output, f"Paid: {written}.")["paid"] == day


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1.234,56 €", "1234.56"),
        ("$1,234.56", "1234.56"),
        ("CHF 1'234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("-7", "-7"),
        ("0.125", "0.125"),
        ("-0,125", "-0.125"),
        ("10.125", "10125"),
        ("CHF 1’234’567.50", "1234567.50"),
        ("1\u202f234,50 €", "1234.50"),
        ("1\u00a0234\u00a0567", "1234567"),
        ("2\u00a0pieces", "2"),
        ("19 % of 40,00.", "40.00"),
        ("B-12, 14.03.2025, 8", "8"),
        ("none", None),
    ],
)
def test_the_baseline_reads_numbers(extract: Any, written: str, number: str | None) -> None:
    output = "class Output(BaseModel):\n    sum: Decimal | None = None"
    expected = None if number is None else Decimal(number)
    assert found(extract, output, f"Sum {written}")["sum"] == expected


def test_a_required_field_that_the_baseline_misses_is_that_cases_error(extract: Any) -> None:
    with pytest.raises(ValidationError, match="sum"):
        found(extract, "class Output(BaseModel):\n    sum: Decimal", "nothing here")


def test_a_value_that_its_field_does_not_take_leaves_the_others(extract: Any) -> None:
    output = """class Output(BaseModel):
    rooms: int | None = None
    stars: int | None = Field(default=None, le=5)
    code: str | None = Field(default=None, max_length=3)
    rent: Decimal | None = None"""
    answer = found(extract, output, "Rooms: 2.5\nStars: 7\nCode: ABCDE\nRent: 900")
    assert answer == {"rooms": None, "stars": None, "code": None, "rent": Decimal(900)}


@pytest.mark.parametrize("text", ["", "\0", "total " * 50_000, "1" * 100_000, "(" * 100_000])
def test_the_baseline_survives_any_text_at_once(extract: Any, text: str) -> None:
    baseline, schemas = extract.module("baseline"), extract.module("schemas")
    began = time.monotonic()
    asyncio.run(baseline.solve(schemas.Input(text=text), ScriptedModel([])))
    assert time.monotonic() - began < 5
