"""The solution: wired to a model, waiting for the problem."""

import asyncio

from scaffold.llm import Client
from scaffold.prompts import render

from .database import schema
from .execute import execute
from .schemas import Input, Output, Query


async def solve(input: Input, llm: Client) -> Output:
    """Return the SQL that the model writes, and its rows; prompts/sql.j2 says how.

    What does not run goes back once, with SQLite's message; what would change something does not.
    """
    about = {"input": input, "schema": schema(), "today": llm.now().date()}
    output = await _ask(render("sql.j2", failed=None, **about), llm)
    if output.result and output.result.error_kind in ("invalid", "timeout"):
        output = await _ask(render("sql.j2", failed=output, **about), llm)
    return output


async def _ask(prompt: str, llm: Client) -> Output:
    query = (await llm.ask(prompt, returns=Query)).output
    result = None if query.sql is None else await asyncio.to_thread(execute, query.sql)
    return Output(sql=query.sql, reason=query.reason, result=result)
