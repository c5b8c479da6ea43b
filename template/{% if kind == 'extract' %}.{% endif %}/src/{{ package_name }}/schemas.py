"""The problem as types: what goes in, what comes out, what would be right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field


class Input(BaseModel):
    """One document or mail thread, as text."""

    text: str


class Output(BaseModel):
    """What the text says; None is "not in the text". The model reads the descriptions, too."""

    kind: Literal["invoice", "credit note", "confirmation", "delivery note", "other"] | None = None
    supplier: str | None = Field(
        default=None,
        description="Firm that issued the document, with its legal form. Labels: from, supplier, "
        "seller, Lieferant, Verkäufer, Von",
    )
    number: str | None = Field(
        default=None,
        description="The document's own number. Labels: no, #, Nr, Rechnungsnummer",
    )
    issued: date | None = Field(
        default=None, description="Day of issue. Labels: date, dated, Datum, Rechnungsdatum, vom"
    )
    due: date | None = Field(
        default=None,
        description="Last day to pay, where a day is written; not computed from terms. Labels: "
        "due, pay by, payable by, zahlbar bis, fällig am",
    )
    currency: Literal["EUR", "USD", "GBP", "CHF"] | None = Field(
        default=None, description="Currency of the total."
    )
    net: Decimal | None = Field(
        default=None,
        description="Sum before tax; negative on a credit note. Labels: net, subtotal, netto, "
        "Nettobetrag, Zwischensumme",
    )
    total: Decimal | None = Field(
        default=None,
        description="Sum with tax, before deposits and discounts; negative on a credit note. Labels: "
        "total, Gesamtbetrag, Rechnungsbetrag, brutto",
    )


class Expected(Output):
    """The right answer to a case: the same fields."""
