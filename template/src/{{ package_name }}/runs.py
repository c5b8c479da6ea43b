"""Runs that are begun now and fetched later: their states, in a file that all workers share."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from fastapi import HTTPException
from pydantic import BaseModel, Field

from scaffold.serving.app import Answer, Service

from .schemas import Input, Output


class Run(BaseModel):
    """An input on its way; a step is a call to the model."""

    run_id: str = Field(default_factory=lambda: str(uuid4()))
    status: Literal["pending", "running", "completed", "failed", "interrupted"] = "pending"
    input: Input
    steps: list[dict[str, Any]] = []
    answer: Answer[Output] | None = None
    problem: dict[str, Any] | None = None
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    completed_at: datetime | None = None


class Runs:
    """The states of all runs, in results/api.sqlite."""

    def __init__(self, service: Service) -> None:
        self.service, folder = service, service.project.root / "results"
        self.most = timedelta(seconds=service.project.case_s + 5)  # a run cannot take longer
        folder.mkdir(exist_ok=True)
        self.db = sqlite3.connect(folder / "api.sqlite", isolation_level=None)
        self.db.execute("PRAGMA synchronous = OFF")  # a power cut may cost the last ones
        self.db.execute("CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, state TEXT)")

    def save(self, run: Run) -> Run:
        """Keep a run's state, in place of the one before."""
        row = (run.run_id, run.model_dump_json())
        self.db.execute("REPLACE INTO runs VALUES (?, ?)", row)
        return run

    def read(self, run_id: str) -> Run:
        """Return a run's state, "interrupted" where its process ended; 404 where there is none."""
        row = self.db.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise HTTPException(404, "There is no run of this id: POST makes one.")
        run = Run.model_validate_json(row[0])
        if not run.completed_at and datetime.now(UTC) - run.created_at > self.most:
            run.status = "interrupted"
        return run

    async def finish(self, run: Run) -> None:
        """Solve the run's input, keeping each step as it comes; a failure is the run's end, too."""
        run.status = "running"
        self.save(run)
        async for event in self.service.stream(run.input):
            if event.event == "step":
                run.steps.append(event.data)
            elif event.event == "answer":
                run.answer, run.status = event.data, "completed"
            elif event.event == "problem":
                run.problem, run.status = event.data, "failed"
            run.completed_at = datetime.now(UTC) if run.status != "running" else None
            self.save(run)
