"""Your solver behind your routes: its client, its time limit, its steps as they come."""

import asyncio
import gc
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import blake2b
from time import perf_counter
from typing import Any, Generic, TypeVar

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from fastapi.sse import ServerSentEvent
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from scaffold.llm import Client
from scaffold.project import find, spent

from .guard import FASTAPIS, NOTES, PROBLEM, Guard, problem_of, respond

Out = TypeVar("Out")
SHOWN = ("model", "tool_calls", "cost_usd", "latency_s", "replayed")  # of a step: no prompt
HASH_KEY = os.environ.get("TAKEHOME_HASH_KEY", "").encode()  # or short inputs could be guessed


class Answer(BaseModel, Generic[Out]):
    """An output; by "baseline" where the last call failed and there is one all the same."""

    output: Out
    answered_by: str
    calls: int
    cost_usd: float | None  # None: not known
    latency_s: float


class Service:
    """The solver that [tool.takehome] names, within this worker's share of calls and budget."""

    def __init__(self, warm_up: Callable[[], Any] | None = None) -> None:
        self.project, self.warm_up = (project := find()), warm_up
        self.solver = project.solve(project.solver)
        self.client = project.client(replay=bool(os.environ.get("TAKEHOME_REPLAY")))

    async def solve(self, given: BaseModel, tell: Callable[..., Any] | None = None) -> Answer[Any]:
        """Answer within the time limit, or raise what the solver raised."""
        llm, begun, notes = self.client.for_case("serve"), perf_counter(), NOTES.get({})
        name, text = self.project.solver, given.model_dump_json()
        hashed = blake2b(text.encode(), key=HASH_KEY, digest_size=8).hexdigest()
        notes["input"] = text if os.environ.get("TAKEHOME_LOG_INPUTS") else hashed
        heard = _Heard(llm, tell) if tell else llm
        try:
            async with asyncio.timeout(self.project.case_s):
                output = await self.solver(given, heard)
        finally:
            notes |= spent([c.logged() for c in llm.calls]) | {"latency_s": perf_counter() - begun}
        notes["answered_by"] = "baseline" if heard.failure else name
        if heard.failure:
            notes["error"] = type(heard.failure).__name__
        return Answer.model_validate({"output": output, **notes})

    async def stream(self, given: BaseModel) -> AsyncIterator[ServerSentEvent]:
        """Events: "step" for a call, "text" for a piece of text, then "answer" or "problem"."""
        events = asyncio.Queue[tuple[str, Any] | None]()
        task = asyncio.create_task(self.solve(given, lambda *event: events.put_nowait(event)))
        task.add_done_callback(lambda done: events.put_nowait(None))
        try:
            while event := await events.get():
                yield ServerSentEvent(event=event[0], data=event[1])
            yield ServerSentEvent(event="answer", data=await task)
        except Exception as error:
            yield ServerSentEvent(event="problem", data=problem_of(error))
        finally:
            task.cancel()  # where nobody listens any more


class _Heard:
    """A client that tells of each call and each piece of text as it comes."""

    def __init__(self, llm: Client, tell: Callable[..., Any]) -> None:
        self.llm, self.tell = llm, tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self.llm, name)

    async def ask(self, *given: Any, **named: Any) -> Any:
        reply = await self.llm.ask(*given, **named)
        self.tell("step", {name: value for name, value in reply.logged().items() if name in SHOWN})
        return reply

    async def stream(self, *given: Any, **named: Any) -> AsyncIterator[str]:
        async for piece in self.llm.stream(*given, **named):
            self.tell("text", piece)
            yield piece


def create_app(service: Service, *, invalid: int = 422, max_body: int = 1_000_000) -> FastAPI:
    """The application for your routes; `invalid` is the status of an input that does not fit."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None]:
        if service.warm_up:  # no connection is taken before it is done: so /health is right
            await asyncio.to_thread(service.warm_up)
        app.mount("/page", StaticFiles(packages=[("scaffold.serving", "page")], html=True))
        app.add_route("/", lambda request: RedirectResponse("/page/"))  # last: yours go first
        gc.set_threshold(10_000)  # else the collector takes a quarter of a request's time
        async with service.client:
            yield

    failure: Any = {"description": "A problem (RFC 9457)", "content": {PROBLEM: {}}}
    app = FastAPI(lifespan=life, responses={"4XX": failure, "5XX": failure})
    app.title, app.state.invalid = service.project.package, invalid
    app.add_middleware(Guard, max_calls=service.project.concurrency, max_body=max_body)
    app.exception_handlers.update(dict.fromkeys(FASTAPIS, respond))

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ready", "solver": service.project.solver, "model": service.project.model}

    return app
