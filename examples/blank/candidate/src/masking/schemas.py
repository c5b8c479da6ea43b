"""The problem as types: what goes in, what comes out, what would be right."""

from __future__ import annotations

from pydantic import BaseModel


class Input(BaseModel):
    """A message as somebody wrote it."""

    text: str


class Output(BaseModel):
    """The message with each personal value replaced by its kind in brackets."""

    text: str


class Expected(Output):
    """The right answer to a case, and the values that must not be readable in any answer."""

    personal: list[str]
