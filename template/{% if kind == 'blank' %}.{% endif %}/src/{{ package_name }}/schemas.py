"""The problem as types: what goes in, what comes out, what would be right."""

from __future__ import annotations

from pydantic import BaseModel


class Input(BaseModel):
    """A text."""

    text: str


class Output(BaseModel):
    """The text that was asked for; in the sample cases spelling and blanks are mended."""

    text: str


class Expected(Output):
    """The right answer to a case: the same fields."""
