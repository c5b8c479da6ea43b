"""The solution over HTTP. Methods, paths and names of fields are yours, as a contract says them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import BackgroundTasks, Body
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scaffold.evals import CasesError
from scaffold.serving.app import Answer, Service, create_app

from .cases import cases
from .runs import Run, Runs
from .schemas import Input, Output

service = Service()
app = create_app(service)
runs = Runs(service)
try:
    samples = cases()[:12]
except CasesError:  # none yet: then there is none to click, either
    samples = []
EXAMPLES: Any = {case.id: {"value": case.input.model_dump(mode="json")} for case in samples}
Given = Annotated[Input, Body(openapi_examples=EXAMPLES)]


@app.post("/solve")
async def solve(given: Given) -> Answer[Output]:
    """Answer one input."""
    return await service.solve(given)


@app.post("/solve/stream", response_class=EventSourceResponse)
async def solve_in_steps(given: Given) -> AsyncIterator[ServerSentEvent]:
    """The same as events: "step" and "text" as they come, then "answer" or "problem"."""
    async for event in service.stream(given):
        yield event


@app.post("/runs", status_code=201)
async def create_run(given: Given, background: BackgroundTasks) -> Run:
    """Begin a run, which goes on after this response."""
    run = runs.save(Run(input=given))
    background.add_task(runs.finish, run)
    return run


@app.get("/runs/{run_id}")
async def read_run(run_id: str) -> Run:
    """How far a run is, with its steps; 404 where there is none."""
    return runs.read(run_id)
