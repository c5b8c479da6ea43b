"""Which rows are meant: each function claims one kind of condition in the question."""

from .database import quoted, schema
from .reading import COMPARED, DATE, Mention, Question, date, flags, is_day, is_number
from .words import TIMES
from .writing import Wanted, nearest


def filters(question: Question, wanted: Wanted) -> None:
    """Add all conditions that a question holds."""
    for name in question.names:  # "without a town", "no delay"
        if name.columns and question.claim("no|without", before=name.at):
            column = wanted.column(name.columns)
            wanted.conditions.append(f"{column} {'= 0' if is_number(column) else 'IS NULL'}")
    for column in flags():  # "paid", "not paid", "unpaid"
        if found := question.claim(rf"\b(?P<no>un|not (?:yet )?)?{column.name.casefold()}\b"):
            wanted.conditions.append(f"{wanted.column([column])} = {0 if found['no'] else 1}")
    for value in question.values:
        if not direction(question, wanted, value):
            sign = "<>" if question.claim("not", before=value.at) else "="
            wanted.conditions.append(f"{wanted.column(value.columns)} {sign} '{value.value}'")
    dates(question, wanted)
    comparisons(question, wanted)


def direction(question: Question, wanted: Wanted, value: Mention) -> bool:
    """One of two keys to the same table: "from Skerrow" is from_port, "to Skerrow" to_port."""
    for table, own, other, its in schema().joins:
        column = next((column for column in value.columns if column.table == other), None)
        way = own.split("_")[0] if column and own != its else None
        if way and table in (wanted.main, *wanted.near) and question.claim(way, before=value.at):
            rows = f"{quoted(other)} WHERE {column} = '{value.value}'"
            inner = f"SELECT {quoted(its)} FROM {rows}"
            wanted.conditions.append(f"{quoted(table)}.{quoted(own)} IN ({inner})")
            wanted.tables.append(table)
            return True
    return False


def dates(question: Question, wanted: Wanted) -> None:
    """Days, months and years, alone or with "before" and the like."""
    while found := question.claim(rf"(?:(?P<sign>[<>]=?) )?{DATE}\b"):
        named = [c for name in question.names if name.at < found.start() for c in name.columns]
        times = [c for c in named if is_day(c) or (c.name in TIMES and not found["month"])]
        days = [column for column in schema().columns if is_day(column)]
        column = wanted.column([nearest(times or days, [wanted.main, *wanted.near])])
        day, sign = date(found), found["sign"] or "="
        if is_number(column):
            wanted.conditions.append(f"{column} {sign} {day}")
        else:
            wanted.conditions.append(f"substr({column}, 1, {len(day)}) {sign} '{day}'")


def comparisons(question: Question, wanted: Wanted) -> None:
    """Numbers with a sign: of a column named right after or before, of a sum, or of how often."""
    named = [name for name in question.names if any(map(is_number, name.columns))]
    while found := question.claim(COMPARED):
        number = found["number"].replace(",", ".")
        if found["times"]:
            wanted.tables += [table for table in wanted.near if table != wanted.main][:1]
            wanted.having = f"count(*) {found['sign']} {number}"
            continue
        after = [name for name in named if 0 <= name.at - found.end() <= 2]
        of = after or [name for name in reversed(named) if name.at < found.start()]
        column = wanted.column(of[0].columns) if of else wanted.amount()
        if question.claim(r"\bin total\b"):
            wanted.having = f"sum({column}) {found['sign']} {number}"
        else:
            wanted.conditions.append(f"{column} {found['sign']} {number}")
