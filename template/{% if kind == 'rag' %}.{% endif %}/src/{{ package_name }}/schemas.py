"""The problem as types: what goes in, what comes out, what would be right."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field


def _listed(value: object) -> object:
    """Let a table's cell name several places: `terms.pdf#3; fares.csv`."""
    return [part.strip() for part in value.split(";")] if isinstance(value, str) else value


class Input(BaseModel):
    """A question about the documents; in a chat, with what was said before it."""

    question: str
    history: list[tuple[Literal["user", "assistant"], str]] = []


class Citation(BaseModel):
    """Words of a document that an answer rests on."""

    place: str  # source and page, as in `terms.pdf#3`
    quote: str


class Output(BaseModel):
    """An answer; None is "not in the documents"."""

    answer: str | None
    citations: list[Citation] = []
    retrieved: list[str] = []  # the places that were searched out, the best first


class Expected(BaseModel):
    """The right answer, and where it stands; a source without `#page` is right on every page."""

    answer: str | None = None
    sources: Annotated[list[str], BeforeValidator(_listed)] = Field(default=[])


class Answer(BaseModel):
    """What the model is asked for; its descriptions are read by the model, too."""

    answer: str | None = Field(description="As short as it can be; null if no passage says it.")
    quotes: list[str] = Field(description="The few words that say so, letter by letter.")
