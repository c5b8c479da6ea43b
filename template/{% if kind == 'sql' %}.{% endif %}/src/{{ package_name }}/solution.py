"""The solution: wired to a model, waiting for the problem."""

import asyncio

from scaffold.llm import Client, LLMError
from scaffold.prompts import render

from . import baseline
from .database import schema
from .execute import execute
from .schemas import Input, Output, Query


async def solve(input: Input, llm: Client) -> Output:
    """Return the SQL that the model writes, and its rows; prompts/sql.j2 says how."""
    try:
        return await _ask(input, llm)
    except LLMError:  # failed, late, over budget: the score counts it as wrong all the same
        return await baseline.solve(input, llm)


async def _ask(input: Input, llm: Client, failed: Output | None = None) -> Output:
    """What does not run goes back once, with SQLite's message; what would change something does not."""
    prompt = render("sql.j2", input=input, schema=schema(), today=llm.now().date(), failed=failed)
    query = (await llm.ask(prompt, returns=Query)).output
    result = None if query.sql is None else await asyncio.to_thread(execute, query.sql)
    output = Output(sql=query.sql, reason=query.reason, result=result)
    again = failed is None and result and result.error_kind in ("invalid", "timeout")
    return await _ask(input, llm, output) if again else output
