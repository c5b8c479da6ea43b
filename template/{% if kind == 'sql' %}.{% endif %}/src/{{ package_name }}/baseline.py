"""The honest thing without a model: templates over whatever schema the database has.

Tables, columns and values are found by their names in the question, the template by words like
"how many" or "per"; joins follow the foreign keys. What names nothing gets no SQL.
"""

import asyncio
import re

from scaffold.llm import Client

from .database import Column, joined, schema
from .execute import execute
from .schemas import Input, Output

WRITING = r"\b(delete|drop|remove|insert|add|update|change|alter|truncate|erase|set)\b"
AGGREGATES = {
    "count": r"\b(how many|number of|count)\b",
    "avg": r"\b(average|mean)\b",
    "sum": r"\b(total|sum|how much)\b",
    "max": r"\b(highest|largest|biggest|longest|latest|newest|maximum)\b",
    "min": r"\b(lowest|smallest|shortest|earliest|oldest|minimum|cheapest)\b",
}
NUMERIC = ("INT", "REAL", "NUM", "DEC", "FLO", "DOUB")


async def solve(input: Input, llm: Client) -> Output:
    """Fill in a template and run it; `llm` is there because all solvers are called alike."""
    question = input.question.casefold()
    sql = None if re.search(WRITING, question) else _select(question)
    if sql is None:
        return Output(reason="It would change something, or no table or column is named.")
    return Output(sql=sql, result=await asyncio.to_thread(execute, sql))


def _select(question: str) -> str | None:
    columns = schema().columns
    tables = {c.table: at for c in columns if (at := _place(c.table, question)) is not None}
    named = [column for column in columns if _place(column.name, question) is not None]
    if not tables and not named:
        return None
    main = min(tables, key=tables.__getitem__) if tables else named[0].table
    own = [column for column in columns if column.table == main]
    numbers = [c for c in [*named, *own] if c.type.startswith(NUMERIC)]
    label = next((column for column in own if column.values), own[0])
    starts = [(m.start(), n) for n, p in AGGREGATES.items() if (m := re.search(p, question))]
    aggregate = min(starts)[1] if starts else None
    conditions = _conditions(question, [*own, *columns])
    used, end = list(conditions.values()), ""
    group = _group(question, columns)
    if aggregate == "count":
        shown = "count(*)"
    elif aggregate and numbers:
        used.append(numbers[0])
        shown = f"{aggregate}({numbers[0]})"
        if re.match("which|who", question) and not group:
            shown, down = str(label), "DESC" if aggregate == "max" else "ASC"
            end = f" ORDER BY {numbers[0]} {down} LIMIT 1"
    else:
        shown = ", ".join(str(column) for column in named if column in own) or str(label)
    if group:
        used.append(group)
        shown, end = f"{group}, {shown}", f" GROUP BY {group}"
    source = joined(main, [column.table for column in used])
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return source and f"SELECT {shown} FROM {source}{where}{end}"


def _conditions(question: str, columns: list[Column]) -> dict[str, Column]:
    by_value: dict[str, Column] = {}
    for column in columns:
        for value in (v for v in column.values if v.strip() and v.casefold() in question):
            if re.search(rf"(?<!\w){re.escape(value.casefold())}(?!\w)", question):
                by_value.setdefault(value.replace("'", "''"), column)
    return {f"{column} = '{value}'": column for value, column in by_value.items()}


def _group(question: str, columns: list[Column]) -> Column | None:
    match = re.search(r"\b(?:per|by|each) (\w+ ?\w*)", question)
    named = [c for c in columns if match and _place(c.name, match[1]) is not None]
    tables = [c for c in columns if match and _place(c.table, match[1]) is not None and c.values]
    return next(iter([*named, *tables]), None)


def _place(name: str, text: str) -> int | None:
    """Return at which word of a text a name of the schema stands, singular or plural."""
    wanted, words = _words(re.sub(r"([a-z])([A-Z])", r"\1 \2", name)), _words(text)
    starts = range(len(words) - len(wanted) + 1 if wanted else 0)
    return next((at for at in starts if words[at : at + len(wanted)] == wanted), None)


def _words(text: str) -> list[str]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return [re.sub(r"ies$", "y", word).removesuffix("s") for word in words]
