"""Around every request: an id, a limit on calls, a line in the log, failures as problem details."""

import time
from contextvars import ContextVar
from datetime import UTC, datetime
from http import HTTPStatus
from secrets import token_hex
from traceback import extract_tb
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic_core import PydanticSerializationError, to_json  # the error is of broken Unicode
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scaffold import llm

# What the line in the log will say of this request; whoever serves it adds to it.
NOTES: ContextVar[dict[str, Any]] = ContextVar("NOTES")
PROBLEM = "application/problem+json"
FASTAPIS = (HTTPException, RequestValidationError)  # it has handlers for them that we replace
PASSING = (llm.NoKey, llm.NotRecorded, llm.BudgetExceeded, llm.RateLimited)
LATE, REFUSED = (llm.TimedOut, TimeoutError), (llm.Refused, PydanticSerializationError)
STATUS = {PASSING: 503, LATE: 504, REFUSED: 422, llm.LLMError: 502}  # the first that fits


def problem_of(error: Exception, invalid: int = 422) -> dict[str, Any]:
    """Problem details (RFC 9457); without the text of an unforeseen error, which may hold inputs."""
    frame = extract_tb(error.__traceback__, limit=-1)[0]
    notes = NOTES.get({})
    notes["error"] = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
    status = next((number for kind, number in STATUS.items() if isinstance(error, kind)), 500)
    detail = str(error) or "It took longer than is allowed: try again, or ask for less."
    if isinstance(error, RequestValidationError):
        found = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        status, detail = invalid, "; ".join(found)
    elif isinstance(error, HTTPException):
        status, detail = error.status_code, error.detail
    elif status == 500:
        detail = "The log says where it was raised, by this request id."
    title, request_id = HTTPStatus(status).phrase, notes.get("request_id")
    return {"title": title, "status": status, "detail": detail, "request_id": request_id}


async def respond(request: Request, error: Exception) -> JSONResponse:
    """The problem in place of an answer."""
    problem = problem_of(error, request.app.state.invalid)
    later = {"retry-after": "1"} if problem["status"] in (429, 503) else {}
    headers = later | (getattr(error, "headers", None) or {})
    return JSONResponse(problem, problem["status"], headers, PROBLEM)


class Guard:
    """ASGI middleware; `max_calls` is how many requests but GET may be under way at once."""

    def __init__(self, app: ASGIApp, max_calls: int) -> None:
        self.app, self.max_calls, self.calls = app, max_calls, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and log it whatever happens."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun, is_call = time.perf_counter(), scope["method"] != "GET"
        notes: dict[str, Any] = {"request_id": token_hex(8), "method": scope["method"]}
        NOTES.set(notes)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                notes["status"] = message["status"]
                message["headers"].append((b"x-request-id", notes["request_id"].encode()))
            await send(message)

        self.calls += is_call
        try:
            if is_call and self.calls > self.max_calls:
                raise HTTPException(429, f"{self.max_calls} calls are under way: try again.")
            await self.app(scope, receive, noted)
        except Exception as error:
            response = await respond(Request(scope), error)
            if "status" not in notes:
                await response(scope, receive, noted)
        finally:
            self.calls -= is_call
            # The route's pattern, not the path, which may hold what an input holds.
            notes["path"] = getattr(scope.get("route"), "path", None)
            notes["seconds"] = round(time.perf_counter() - begun, 4)
            print(to_json({"time": datetime.now(UTC), **notes}).decode(), flush=True)
