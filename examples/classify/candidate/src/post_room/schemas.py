"""The problem as types: what goes in, what comes out, what would be right."""

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Input(BaseModel):
    """A text to label; an empty one is a text, too."""

    text: str = ""

    @field_validator("text", mode="before")
    @classmethod
    def _empty_cell(cls, value: object) -> object:
        return "" if value is None else value


class Expected(BaseModel):
    """The right answer to a case."""

    # JSON may hold the labels 0 and 1, and a table "spam" beside "spam ".
    model_config = ConfigDict(coerce_numbers_to_str=True, str_strip_whitespace=True)

    label: str = Field(min_length=1)


class Output(Expected):
    """The label that was chosen, one of `labels()` in cases.py, and how sure the choice is."""

    reason: str = Field(default="", description="Why this label, in at most fifteen words.")
    confidence: float = Field(
        default=1.0,  # who says nothing of doubt has none
        ge=0,
        le=1,
        description="The chance, from 0 to 1, that a colleague would choose the same label.",
    )
