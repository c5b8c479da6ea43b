"""The solution over a whole file: `takehome run --in tickets.csv --out scored.csv` (part `files`)."""

import asyncio
import csv
import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import typer

from scaffold import evals
from scaffold.evals.terminal import progress
from scaffold.project import Project, ProjectError, closing, reasons, text_of

as_json = partial(json.dumps, ensure_ascii=False)


def over(here: Project, solver: Any, client: Any, source: Path, out: Path, name: str) -> None:
    """Solve each row of a CSV, TSV, JSONL or JSON file, or each document of a folder; write `out`.

    It is a run like any other, in a folder beside `out` until that is written: so after a kill the
    same command goes on. A row that is no Input or has no answer is kept, with its error.
    """
    if out.suffix not in (".csv", ".jsonl"):
        raise ProjectError(f"--out {out} must end in .csv or .jsonl.")
    folder, errors = out.with_name(f".{out.name}.unfinished"), dict[int, str]()
    code = [here.digest(place) for place in (f"src/{here.package}", "prompts")]
    begun = {"run": folder.name, "solver": name, "model": here.model, "code": code}
    manifest = folder / "manifest.json"
    before = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
    if not begun.items() <= before.items():
        shutil.rmtree(folder, ignore_errors=True)  # of another solver, model or code
    cases = list[evals.Case[Any, Any]]()
    for number, row in enumerate(evals.read_rows(source), 1):
        try:
            cases.append(evals.Case(f"row-{number}", _input(here, source, row)))
        except Exception as error:
            errors[number] = reasons(error)
    with progress() as show:
        work = evals.evaluate(
            cases,
            solver,
            lambda case, outcome: {},
            folder=folder,
            manifest=begun,
            concurrency=here.concurrency,
            timeout_s=here.case_s,
            resume=True,
            on_progress=show,
        )
        done = asyncio.run(closing(client, work))
    if left := done["unfinished"]:
        raise ProjectError(f"{left} rows are left (--max-cost, Ctrl-C): run the command again.")
    _write(here, source, out, evals.Run.read(folder), errors)
    shutil.rmtree(folder)
    told = {"rows": len(cases) + len(errors), "errors": len(errors) + done["errors"]}
    typer.echo(json.dumps({**told, "cost_usd": done["cost_usd"], "out": str(out)}))


def _input(here: Project, source: Path, row: dict[Any, Any]) -> Any:
    """Your Input of a row, by the names of its fields, or as MAPPING of your cases.py says."""
    if None in row:
        raise ProjectError(f"no JSON object, or more cells than columns: {row[None]!r}")
    if source.is_dir():
        return here.input(text_of(str(source / row["file"])))
    mapping = getattr(here.module("cases"), "MAPPING", {})
    model = here.module("schemas").Input
    columns = {name: mapping.get(f"input.{name}", name) for name in model.model_fields}
    cells = {name: row.get(column, row.get(name)) for name, column in columns.items()}
    return model.model_validate({name: cell for name, cell in cells.items() if cell is not None})


def _write(here: Project, source: Path, out: Path, run: evals.Run, errors: dict[int, str]) -> None:
    """Write `out` whole or not at all: each row's columns, then Output's fields and `error`."""
    columns = dict.fromkeys(name for row in evals.read_rows(source) for name in row if name)
    columns = ["file"] if source.is_dir() else list(columns)
    fields = (*here.module("schemas").Output.model_fields, "error")
    names = {name: f"output.{name}" if name in columns else name for name in fields}
    by_number = {int(row.id.removeprefix("row-")): row for row in run.rows}
    records = run.records(by_number[n] for n in sorted(by_number.keys() - errors.keys()))
    half = out.with_name(f"{out.name}.part")
    with half.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        table = csv.DictWriter(file, [*columns, *names.values()])
        if out.suffix == ".csv":
            table.writeheader()
        for number, row in enumerate(evals.read_rows(source), 1):
            found = {"error": errors[number]} if number in errors else next(records)
            values = found.get("output") or found.get("fallback") or {}
            line = {name: row[name] for name in columns if name in row}
            line |= {names[n]: (values | {"error": found["error"]}).get(n) for n in fields}
            if out.suffix == ".csv":
                nested = {n: as_json(v) for n, v in line.items() if isinstance(v, list | dict)}
                table.writerow(line | nested)
            else:
                file.write(as_json(line) + "\n")
    half.replace(out)
