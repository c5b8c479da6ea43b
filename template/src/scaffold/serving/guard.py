"""Around every request: an id, limits on calls and size, a line in the log, failures as problems."""

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

NOTES: ContextVar[dict[str, Any]] = ContextVar("NOTES")  # for the line in the log: add to it
PROBLEM = "application/problem+json"
FASTAPIS = (HTTPException, RequestValidationError)  # it has handlers for them that we replace
PASSING = (llm.NoKey, llm.NotRecorded, llm.BudgetExceeded, llm.RateLimited)
LATE, REFUSED = (llm.TimedOut, TimeoutError), (llm.Refused, PydanticSerializationError)
STATUS = {PASSING: 503, LATE: 504, REFUSED: 422, llm.LLMError: 502}  # the first that fits


def problem_of(error: Exception, invalid: int = 422) -> dict[str, Any]:
    """Problem details (RFC 9457); without the text of an unforeseen error, which may hold inputs."""
    frame, notes = extract_tb(error.__traceback__, limit=-1)[0], NOTES.get({})
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
    """ASGI middleware: so many requests but GET at once, so many bytes in a body."""

    def __init__(self, app: ASGIApp, max_calls: int, max_body: int) -> None:
        self.app, self.max_calls, self.max_body, self.calls = app, max_calls, max_body, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and log it whatever happens."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun, is_call = time.perf_counter(), scope["method"] != "GET"
        size, given = 0, dict(scope["headers"]).get(b"x-request-id", b"")[:64]
        request_id = given.decode() if given.replace(b"-", b"").isalnum() else token_hex(8)
        NOTES.set(notes := {"request_id": request_id, "method": scope["method"]})

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            if (size := size + len(message.get("body", b""))) > self.max_body:
                raise HTTPException(413, f"The body is larger than {self.max_body} bytes.")
            return message

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                notes["status"] = message["status"]
                message["headers"].append((b"x-request-id", notes["request_id"].encode()))
            await send(message)

        self.calls += is_call
        try:
            if is_call and self.calls > self.max_calls:
                raise HTTPException(429, f"{self.max_calls} calls are under way: try again.")
            await self.app(scope, counted, noted)
        except Exception as error:
            response = await respond(Request(scope), error)
            if "status" not in notes:
                await response(scope, receive, noted)
        finally:
            self.calls -= is_call
            notes["path"] = getattr(scope.get("route"), "path", None)  # a pattern: no input in it
            notes["seconds"] = round(time.perf_counter() - begun, 4)
            print(to_json({"time": datetime.now(UTC), **notes}).decode(), flush=True)
