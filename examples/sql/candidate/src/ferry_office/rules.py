"""A small grammar over the question: whatever it cannot place, it names, and writes no SQL."""

import asyncio
import re

from scaffold.llm import Client

from . import words
from .database import schema
from .execute import execute
from .filters import filters
from .reading import Question, is_day
from .schemas import Input, Output
from .writing import Wanted, key, label, nearest

COUNT = r"\b(?:how many times|how often|how many|number of)\b"
PER = r"\b(?:per|by|for each|each) (?P<name>[a-z]\w+)"
SUPERLATIVE = rf"\b(?:(?P<high>{words.HIGHEST})|(?P<low>{words.LOWEST}))\b"


async def solve(input: Input, llm: Client) -> Output:
    """Write a statement by rules and run it; `llm` is there because all solvers are called alike."""
    return await asyncio.to_thread(answer, input.question)


def answer(asked: str) -> Output:
    """Return the rows, and how the question was taken; or no SQL, and why."""
    question = Question(asked)
    if change := re.search(rf"\b(?:{words.CHANGING})\b", question.text):
        return Output(reason=f'"{change[0]}": nothing is ever changed here.')
    main = main_table(question)
    if main is None:
        return Output(reason="It names nothing that the database holds.")
    wanted = Wanted(main, question.tables)
    filters(question, wanted)
    shown(question, wanted)
    if unknown := question.unknown():
        return Output(reason=f"Not understood: {', '.join(unknown)}.")
    if (sql := wanted.sql()) is None:
        return Output(reason="No foreign keys lead from one of these tables to the other.")
    return Output(sql=sql, reason="; ".join(wanted.reason), result=execute(sql))


def main_table(question: Question) -> str | None:
    """Return the table whose rows are asked for, None where nothing is named."""
    if question.claim(r"\bwho\b"):
        return words.PERSON
    table, column, values = question.table(), question.column(), question.values
    if values and re.search(r"\bhow (?:many times|often)\b", question.text):
        return values[-1].columns[0].table  # the last: "how often did the Brindle sail"
    asked = column and re.search(r"\b(?:how many|which) $", question.text[: column.at])
    if table and not asked:
        return table.table
    if column:
        return nearest(column.columns, question.tables).table
    return values[0].columns[0].table if values else None


def shown(question: Question, wanted: Wanted) -> None:
    """Say what the columns of the answer are, and its order."""
    first = question.claim(rf"{SUPERLATIVE} first\b")
    group = groups(question, wanted)
    figure = figures(question, wanted)
    if group:
        wanted.shown = [group, figure or label(wanted.main)]
    elif figure:
        wanted.shown = [figure]
    else:
        wanted.tables += wanted.near  # "products that were sold" have a row in that table, too
    for name in question.names:  # "which days": a column in place of the row's name
        if name.columns and question.claim("which", before=name.at):
            wanted.shown = wanted.groups = [str(wanted.column(name.columns))]
    if first:
        wanted.rank(ordering(question, wanted, first), first, None)


def groups(question: Question, wanted: Wanted) -> str | None:
    """Return what stands for each group: "per ferry", "by town"."""
    while found := question.claim(PER):
        for name in question.names:
            if name.at == found.start("name"):
                if name.columns:
                    wanted.groups = [str(wanted.column(name.columns))]
                    return wanted.groups[0]
                wanted.tables.append(name.table)
                wanted.groups = [key(name.table)]
                return label(name.table)
    return None


def figures(question: Question, wanted: Wanted) -> str | None:
    """Return the one figure that is asked for, None where it is rows."""
    if found := question.claim(COUNT):
        wanted.tables += wanted.near
        name = question.column(found.end())
        if not name or name.at - found.end() > 2:
            return f"count(DISTINCT {key(wanted.main)})"
        column = wanted.column(name.columns)
        return f"count(DISTINCT {column})" if column.values else f"sum({column})"
    if question.claim(r"\brevenue\b"):
        wanted.main = "sale" if {"sale", "product"} & {*wanted.near, *wanted.tables} else "booking"
        wanted.tables += ["product"] if wanted.main == "sale" else []
        wanted.reason.append(f"revenue is that of each {wanted.main}")
        return f"sum({words.REVENUE[wanted.main]})"
    limit = question.claim(rf"\b\d+ (?={words.HIGHEST}|{words.LOWEST})")
    aggregate = question.claim(r"\b(?:(?P<avg>average|mean)|total|sum|how much)\b")
    best = question.claim(SUPERLATIVE)
    rows = int(limit[0]) if limit else 1
    if aggregate:
        name = question.column(aggregate.end())
        column = wanted.column(name.columns) if name else wanted.amount()
        figure = f"{'avg' if aggregate['avg'] else 'sum'}({column})"
        if not best:
            return figure
        wanted.rank(figure, best, rows)
    return extreme(question, wanted, best, rows) if best and not aggregate else None


def extreme(question: Question, wanted: Wanted, best: re.Match[str], rows: int) -> str | None:
    """Return the highest figure; or rank the rows, where it is asked which of them has it."""
    name, table, by = question.column(best.end()), question.table(best.end()), None
    if name and not (table and table.at < name.at):
        if not re.search(r"\bwhich\b", question.text):
            return f"{'max' if best['high'] else 'min'}({wanted.column(name.columns)})"
    elif table and table.table != wanted.main:
        wanted.tables.append(table.table)
        by = "count(*)"
    wanted.rank(by or ordering(question, wanted, best), best, rows)
    return None


def ordering(question: Question, wanted: Wanted, found: re.Match[str]) -> str:
    """Return what a superlative goes by: the column that is named, a time, or the usual one."""
    name = question.column(0 if found["high"] == "latest" else found.start())
    own = [column for column in schema().columns if column.table == wanted.main]
    times = [column for column in own if is_day(column) or column.name in words.TIMES]
    if name:
        column = wanted.column(name.columns)
    elif times and re.match("oldest|newest|latest|earliest", found[0]):
        column = times[0]
    else:
        column = wanted.amount()
    return str(column) if column.table == wanted.main else f"max({column})"
