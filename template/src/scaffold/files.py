"""The solution over a whole file: `takehome run --in tickets.csv --out scored.csv` (part `files`)."""

import asyncio
import csv
import json
import shutil
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import typer
from pydantic_core import to_jsonable_python

from scaffold import evals
from scaffold.evals.terminal import dollars
from scaffold.project import Project, ProjectError, closing, reasons, spent, text_of

AHEAD = 1000  # rows that may be solved before a slow one: so memory does not grow with the file
Record = dict[str, Any]  # what became of a row: cells, output with its error, calls, cost_usd
as_json = partial(json.dumps, ensure_ascii=False)


def over(here: Project, solver: Any, client: Any, source: Path, out: Path) -> None:
    """Solve each row of a CSV, TSV, JSONL or JSON file, or each document of a folder; write `out`.

    Answers are kept beside `out` until that is written, so after a kill the same command goes on.
    A row that is no Input or has no answer is kept, with its error.
    """
    if out.suffix not in (".csv", ".jsonl") or out.resolve().is_relative_to(source.resolve()):
        raise ProjectError(f"--out {out} must end in .csv or .jsonl, and lie outside of --in.")
    told, columns = {"rows": 0, "of": 0, "errors": 0, "cost_usd": 0.0}, dict[Any, None]()
    for row in evals.read_rows(source):
        told["of"] += 1
        columns.update(dict.fromkeys(["file"] if source.is_dir() else row))
    columns.pop(None, None)  # cells beyond the columns; a column without a name is ""
    digests = map(here.digest, (source.resolve(), f"src/{here.package}", "prompts"))
    folder, begun = out.with_name(f".{out.name}.unfinished"), [here.solver, here.model, *digests]
    manifest = folder / "manifest.json"
    if not manifest.is_file() or manifest.read_text("utf-8") != as_json(begun):
        shutil.rmtree(folder, ignore_errors=True)  # of another solver, model, file or code
        evals.cases.write_whole(manifest, as_json(begun))
    with (folder / "cases.jsonl").open("a+b") as lines:
        for record in _records(lines):
            _count(told, record)
        with suppress(KeyboardInterrupt):
            asyncio.run(closing(client, _solve(here, solver, source, [*columns], lines, told)))
        if left := told.pop("of") - told["rows"]:
            raise ProjectError(f"{left} rows are left (--max-cost, Ctrl-C): run the command again.")
        _write(here, lines, list(columns), out)
    shutil.rmtree(folder)
    typer.echo(as_json({**told, "out": str(out)}))
    raise typer.Exit(0 < told["errors"] == told["rows"])  # as `eval`: something is wrong then


def _records(lines: BinaryIO) -> Iterator[Record]:
    """Read what became of the first rows; what a kill cut off goes."""
    whole = lines.seek(0)
    with suppress(ValueError):
        for line in lines:
            yield json.loads(line[:-1])  # no JSON where the end of the line is missing
            whole += len(line)
    lines.seek(lines.truncate(whole))


def _count(told: dict[str, Any], record: Record) -> None:
    costs = told["cost_usd"], record["cost_usd"]
    told["cost_usd"] = None if None in costs else sum(costs)  # None: a price is unknown
    told["errors"] += record["output"]["error"] is not None
    told["rows"] += 1


async def _solve(
    here: Project, solver: Any, source: Path, columns: list[str], lines: BinaryIO, told: Record
) -> None:
    """Solve the rows that are left; write a line for each, in the order of the rows."""
    free, ahead = asyncio.Semaphore(here.concurrency), deque[asyncio.Task[Record | None]]()
    rows = islice(enumerate(evals.read_rows(source), 1), told["rows"], None)

    async def solved(number: int, row: dict[Any, Any]) -> Record | None:
        async with free:
            try:
                case = evals.Case(f"row-{number}", _input(here, source, row))
                outcome = await evals.solved(solver, case, 0)
            except Exception as error:
                outcome = evals.Outcome(None, reasons(error))
        if outcome.error_kind == "BudgetExceeded":  # no result: the next time it is one
            return None
        answer = outcome.output if outcome.fallback is None else outcome.fallback
        output = to_jsonable_python(answer or {}, bytes_mode="base64", fallback=repr)
        cells = {name: row[name] for name in columns if name in row}
        return {"cells": cells, "output": output | {"error": outcome.error}, **spent(outcome.calls)}

    with typer.progressbar(length=told["of"], label=source.name, file=sys.stderr) as bar:
        bar.update(told["rows"])
        while True:
            more = islice(rows, AHEAD - len(ahead))
            ahead.extend(asyncio.create_task(solved(*numbered)) for numbered in more)
            if not ahead or not (record := await ahead.popleft()):
                await asyncio.gather(*ahead)  # what is under way is paid, and will be recorded
                return
            if lines.tell() != lines.seek(0, 2):  # its end
                raise ProjectError(f"another command answers {source.name}, too: let it end.")
            lines.write(json.dumps(record).encode() + b"\n")
            lines.flush()  # no sync: it outlives a kill, and recordings/ holds what models answered
            _count(told, record)
            if told["rows"] % max(1, told["of"] // 20) == 0:  # in a pipe each label is a line
                cost = dollars(told["cost_usd"])
                bar.label = "{rows}/{of} done · {errors} errors · cost ".format(**told) + cost
            bar.update(1)


def _input(here: Project, source: Path, row: dict[Any, Any]) -> Any:
    """Your Input of a row, by the names of its fields, or as MAPPING of your cases.py says."""
    if None in row:
        raise ProjectError(f"no JSON object, or more cells than columns: {row[None]!r}")
    if source.is_dir():
        return here.input(text_of(str(source / row["file"])))
    mapping, model = getattr(here.module("cases"), "MAPPING", {}), here.module("schemas").Input
    names = {*model.model_fields, *(field.alias for field in model.model_fields.values())}
    columns = {name: mapping.get(f"input.{name}", name) for name in names}
    cells = {name: row.get(column, row.get(name)) for name, column in columns.items()}
    return model.model_validate({name: cell for name, cell in cells.items() if cell is not None})


def _write(here: Project, lines: BinaryIO, columns: list[str], out: Path) -> None:
    """Write `out` whole or not at all: each row's columns, then Output's fields and `error`."""
    output = here.module("schemas").Output.model_fields
    fields = [field.serialization_alias or name for name, field in output.items()]
    names = {name: name for name in (*fields, "error")}
    while any(name in columns for name in names.values()):
        names = {name: f"output.{to}" if to in columns else to for name, to in names.items()}
    half = out.with_name(f"{out.name}.part")
    with half.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        table = csv.DictWriter(file, [*columns, *names.values()])
        if out.suffix == ".csv":
            table.writeheader()
        for record in _records(lines):
            line = record["cells"] | {to: record["output"].get(name) for name, to in names.items()}
            if out.suffix == ".csv":
                nested = {n: as_json(v) for n, v in line.items() if isinstance(v, list | dict)}
                table.writerow(line | nested)
            else:
                file.write(as_json(line) + "\n")
    half.replace(out)
