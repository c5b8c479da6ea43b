"""The problem as types: what goes in, what comes out, what would be right."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Input(BaseModel):
    """A question to the database."""

    question: str = ""


class Query(BaseModel):
    """What the model writes."""

    sql: str | None = Field(None, description="One SELECT for SQLite; null where none may answer.")
    reason: str = Field("", description="Assumptions, or why no SQL; one sentence.")


class Result(BaseModel):
    """What became of a statement: its rows, or an error with its kind."""

    model_config = ConfigDict(ser_json_bytes="hex")

    columns: list[str] = []
    rows: list[list[str | int | float | bytes | None]] = []
    truncated: bool = False
    error: str | None = None
    error_kind: Literal["refused", "invalid", "timeout"] | None = None


class Output(Query):
    """The statement and what became of it."""

    result: Result | None = None


class Expected(BaseModel):
    """The right statement, None where there is none; `also` lists others that are right, too."""

    sql: str | None = None
    also: list[str] = []
    ordered: bool = False  # whether the question asks for an order
