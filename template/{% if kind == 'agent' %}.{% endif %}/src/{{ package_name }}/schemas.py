"""The problem as types: what goes in, what comes out, what would be right."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

# done: there is an answer; asked: the answer is a question; the others say why the loop stopped.
Status = Literal["running", "done", "asked", "steps", "budget", "loop", "bad_plan"]


class Order(BaseModel):
    """A hired machine."""

    customer: str
    item: str
    paid_cents: int
    refunded_cents: int = 0
    status: Literal["booked", "out", "returned", "cancelled"] = "booked"
    note: str = ""


class State(BaseModel):
    """What the tools work on; a test compares it before and after."""

    customer: str = ""  # who is talking, known from the login and not from what they say
    orders: dict[str, Order] = {}


class Input(BaseModel):
    """What the user wants now, and where conversation and world stand."""

    request: str
    history: list[tuple[Literal["user", "assistant"], str]] = []
    state: State = State()
    answers: list[str] = []  # of the scripted user, to what the agent asks; a chat has none
    faults: dict[str, list[Literal["error", "slow"]]] = {}  # of a tool's first calls, for cases


class Step(BaseModel):
    """A tool call, and what became of it."""

    tool: str
    arguments: dict[str, Any]
    decision: Literal["act", "ask", "refuse"] = "act"
    result: str = ""
    failed: bool = True
    attempts: int = 0


class Output(BaseModel):
    """A run: how it ended, what it did, and the state that it left."""

    run_id: str
    status: Status = "running"
    answer: str = ""
    state: State
    steps: list[Step] = []


class Expected(BaseModel):
    """The right end: status, words of the answer, state, calls that suffice; None is not graded."""

    status: Status = "done"
    says: str = ""
    state: State | None = None
    calls: list[tuple[str, dict[str, Any]]] | None = None
