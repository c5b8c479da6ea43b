"""The problem as types: what goes in, what comes out, what would be right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field


class Input(BaseModel):
    """One document or mail thread, as text; its pages, if any, divided by form feeds."""

    text: str


class Fields(BaseModel):
    """What the text says. The model reads the descriptions, too."""

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


class Evidence(BaseModel):
    """Where the value of one field comes from, and how sure it is."""

    field: str = Field(description="Name of the field.")
    quote: str = Field(description="The passage that gives the value, word for word.")
    page: int | None = Field(default=None, ge=1, description="Its page, where pages are numbered.")
    confidence: float = Field(ge=0, le=1, description="Chance that the field's value is right.")


class Output(Fields):
    """What the text says, and where."""

    evidence: list[Evidence] = Field(default=[], description="One for each field that is there.")

    def standing(self, field: str) -> Literal["given", "unsure", "absent"]:
        """Tell "not in the text" (absent) from "there, but unsure": a confidence below 0.5."""
        if any(e.field == field and e.confidence < 0.5 for e in self.evidence):
            return "unsure"
        return "absent" if getattr(self, field) is None else "given"


class Expected(Fields):
    """The right answer to a case: the same fields, without evidence."""
