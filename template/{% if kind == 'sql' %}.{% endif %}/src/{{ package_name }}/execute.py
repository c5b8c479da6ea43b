"""Runs what a model wrote: reading only (sqlite.org/c3ref/set_authorizer.html), within limits."""

import sqlite3
import time
from contextlib import closing

from .database import connect
from .schemas import Result

SECONDS, ROWS, BYTES = 2.0, 1000, 1_000_000  # for a statement, of a result, of a value
SIZE = 10_000_000  # characters of a result
READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)
READING += (sqlite3.SQLITE_RECURSIVE,)
INFINITE = (float("inf"), float("-inf"))  # JSON knows neither


def execute(sql: str) -> Result:
    """Return the rows of one SELECT, or why there are none. Raises CasesError without a database."""
    refused, end = list[int](), time.monotonic() + SECONDS

    def authorize(action: int, *about: str | None) -> int:
        if action in READING:
            return sqlite3.SQLITE_OK
        refused.append(action)
        return sqlite3.SQLITE_DENY

    def is_late() -> bool:
        return time.monotonic() > end

    with closing(connect()) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, BYTES)  # sqlite.org/limits.html
        database.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100)
        database.set_authorizer(authorize)
        database.set_progress_handler(is_late, 20)  # steps of SQLite's machine; one may be long
        try:
            cursor = database.execute(sql)
            rows, size = Result().rows, 0
            while len(rows) <= ROWS and size <= SIZE and (row := cursor.fetchone()):
                rows.append([str(value) if value in INFINITE else value for value in row])
                size += len(str(row))
        except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
            if refused or "one statement at a time" in str(error):
                return Result(error=f"only one SELECT is run: {error}", error_kind="refused")
            if is_late():
                return Result(error=f"stopped after {SECONDS:g} s", error_kind="timeout")
            return Result(error=str(error), error_kind="invalid")
    if cursor.description is None:
        return Result(error="there is no statement in it", error_kind="invalid")
    columns = [name for name, *_ in cursor.description]
    truncated = len(rows) > ROWS or size > SIZE
    return Result(columns=columns, rows=rows[:ROWS], truncated=truncated)
