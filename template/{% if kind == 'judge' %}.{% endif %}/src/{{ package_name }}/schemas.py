"""The problem as types: what goes in, what comes out, what would be right."""

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Input(BaseModel):
    """An answer to judge, A; with `other`, B, a pair to compare."""

    question: str = ""
    answer: str = ""
    other: str | None = None
    reference: str | None = None  # what a right answer says, where somebody wrote it down

    @field_validator("question", "answer", mode="before")
    @classmethod
    def _empty_cell(cls, value: object) -> object:
        return "" if value is None else value


class Expected(BaseModel):
    """What people said: A, B or tie of a pair, else a label of their scale."""

    # JSON may hold 1 to 5, and a table "A" beside "A ".
    model_config = ConfigDict(coerce_numbers_to_str=True, str_strip_whitespace=True)

    verdict: str = Field(min_length=1)


class Judgement(BaseModel):
    """What the model writes; the reason first, so that the verdict follows from it."""

    reason: str = Field(description="What decides by the rubric, in at most forty words.")
    verdict: str


class Output(Judgement):
    """The verdict; of a pair also both that it is made of, in the case's own A and B."""

    a_first: str | None = None  # as shown
    b_first: str | None = None  # with the answers exchanged
