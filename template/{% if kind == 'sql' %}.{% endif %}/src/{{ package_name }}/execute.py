"""Runs what a model wrote: reading only, for a limited time, and for so many rows.

The file is opened read-only; SQLite asks the authorizer before each action; a progress handler ends
it; no value may outgrow its limit (sqlite.org/c3ref/set_authorizer.html, sqlite.org/limits.html).
"""

import sqlite3
import time
from contextlib import closing

from .database import connect
from .schemas import Result

SECONDS, ROWS, BYTES = 2.0, 1000, 1_000_000  # for a statement, of a result, of a value
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
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, BYTES)
        database.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100)
        database.set_authorizer(authorize)
        database.set_progress_handler(is_late, 1000)  # after so many steps of SQLite's machine
        try:
            cursor = database.execute(sql)
            rows = cursor.fetchmany(ROWS + 1)
        except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
            if refused or "one statement at a time" in str(error):
                return Result(error=f"only one SELECT is run: {error}", error_kind="refused")
            if is_late():
                return Result(error=f"stopped after {SECONDS:g} s", error_kind="timeout")
            return Result(error=str(error), error_kind="invalid")
    if cursor.description is None:
        return Result(error="there is no statement in it", error_kind="invalid")
    columns = [name for name, *_ in cursor.description]
    shown = [[str(v) if v in INFINITE else v for v in row] for row in rows[:ROWS]]
    return Result(columns=columns, rows=shown, truncated=len(rows) > ROWS)
