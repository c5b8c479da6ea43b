"""The command `takehome`: the only place where the client, the harness and your code meet."""

import asyncio
import json
import sys
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scaffold.evals import Case, Outcome, Solver
    from scaffold.llm import Client

app = typer.Typer(
    help="Score, run and publish this take-home. Each command explains itself with --help.",
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich's help alone would double the time that --help takes
    pretty_exceptions_enable=False,
    add_completion=False,
)
# Commands in other modules, each a function of that name: the part that brings it, and its module
COMMANDS = {
    "compare": ("every render", "publish"),
    "publish": ("every render", "publish"),
    "doctor": ("checks", "doctor"),
    "recordings": ("checks", "doctor"),
    "agree": ("judge", "agreeing"),
    "chat": ("files", "chat"),
    "serve": ("api", "serving.command"),
}
SolverName = Annotated[str, typer.Option(help="baseline, solution, or module:function.")]
Replay = Annotated[bool, typer.Option("--replay", help="Recorded answers only, no network.")]
Live = Annotated[bool, typer.Option("--live", help="Ask the vendor again, and record anew.")]
Machine = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
AtOnce = Annotated[int | None, typer.Option(min=1, help="Cases or rows at once.")]
MaxCost = Annotated[float | None, typer.Option(min=0, help="US dollars to spend at most.")]


@app.command("eval")
def evaluate(
    solver: SolverName = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many cases.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only cases with it; repeatable.")] = None,
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "dev",
    case: Annotated[list[str] | None, typer.Option(help="Only this id; repeatable.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each case is solved.")] = 1,
    concurrency: AtOnce = None,
    max_cost: MaxCost = None,
    resume: Annotated[str, typer.Option(metavar="RUN", help="Go on with a run.")] = "",
    like: Annotated[str, typer.Option(metavar="RUN", help="Its cases; its solver, too.")] = "",
    failed_from: Annotated[str, typer.Option(metavar="RUN", help="Only what failed in it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take.")] = False,
    spot_check: Annotated[int, typer.Option(min=0, help="Ask so many recorded cases anew.")] = 0,
    batch: Annotated[bool, typer.Option("--batch", help="Half the price, within a day.")] = False,
    replay: Replay = False,
    live: Live = False,
    as_json: Machine = False,
) -> None:
    """Score a solver on the cases. Without --solver, the one that pyproject.toml names.

    results/<run>/ gets report.html, results.json, failures.csv, and what was said in cases.jsonl.
    """
    from scaffold import doctor, evals
    from scaffold.evals.publication import read_failures, results_table
    from scaffold.evals.terminal import progress
    from scaffold.project import ProjectError, closing, find, part

    here = find(solver=solver or None, max_cost_usd=max_cost, concurrency=concurrency)
    ids = list(case or [])
    if failed_from:
        failed = {row.id for row in evals.Run.read(here.run(failed_from)).rows if row.failed}
        if not (ids := sorted(failed.intersection(ids or failed))):
            raise ProjectError(f"Nothing of that failed in {failed_from}.")
    chosen: dict[str, Any] = {"split": None if split == "all" else split, "tags": tag or []}
    chosen |= {"ids": ids, "limit": limit}
    if resume or like:
        if limit or tag or ids or split != "dev" or epochs > 1 or (resume and solver):
            said = "repeat a run's solver and cases: name neither, nor --split and --epochs."
            raise ProjectError(f"--resume and --like {said}")
        begun = evals.Run.read(here.run(resume or like)).manifest
        here.solver, epochs, chosen = solver or begun["solver"], begun["epochs"], begun["chosen"]
    if not (cases := evals.select(here.cases(), **chosen)):
        raise ProjectError("No case is left: see --split, --tag and your cases().")
    solve, scoring, client = here.solve(), here.module("scoring"), here.client(replay, live)
    scores = getattr(scoring, "SCORES", {})

    async def attempt(case: "Case[Any, Any]", client: "Client", epoch: int = 0) -> tuple[Any, Any]:
        solver = solver_of(solve, client, here.case_s)
        outcome, judge = await evals.solved(solver, case, epoch), client.for_case(case.id, epoch)
        return outcome, await evals.scored(scoring.score, case, outcome, judge, here.case_s)

    if dry_run or spot_check:
        ahead = partial(doctor.dry_run, here, cases, attempt, client, epochs, batch)
        look = ahead if dry_run else partial(doctor.spot_check, here, cases, attempt, spot_check)
        return doctor.say(asyncio.run(closing(client, look())), as_json)
    folder = here.run(resume) if resume else here.new_run()
    tested = any(case.split == "test" for case in cases)
    manifest = here.manifest(run=folder.name, epochs=epochs, chosen=chosen, tested=tested)
    if batch or (folder / "batch.json").is_file():
        batches = part("batch", "batch", "--batch")
        if awaited := batches.settle(here, client, folder, manifest, cases, attempt):
            return batches.say(folder.name, awaited, as_json)
    elif resume and any(begun["hashes"][n] != manifest["hashes"][n] for n in ("code", "prompts")):
        raise ProjectError(f"Code or prompts changed since {resume} began: use --like {resume}.")
    with progress(scores) as show:
        work = evals.evaluate(
            cases,
            solver_of(solve, client, here.case_s),
            scoring.score,
            folder=folder,
            scores=scores,
            manifest=manifest,
            concurrency=here.concurrency,
            epochs=epochs,
            timeout_s=here.case_s + 1,  # later than the solver's own, which knows what was asked
            resume=bool(resume or batch),
            judge=client.for_case,
            baseline=None if here.solver == "baseline" else here.last_run("baseline", chosen),
            last_run=here.last_run(here.solver, chosen, folder.name),
            on_progress=show,
        )
        done = asyncio.run(closing(client, work))
    typer.echo(json.dumps(done, ensure_ascii=False) if as_json else results_table(done))
    typer.echo(f"report: {(folder / 'report.html').as_uri()}", err=True)
    if done["errors"]:
        why = read_failures(folder / "failures.csv")[0]["error"]  # errors come first in it
        typer.echo(f"takehome: {done['errors']} have no answer, the first: {why}", err=True)
    raise typer.Exit(bool(done["unfinished"]) or 0 < done["errors"] == done["n"] * epochs)


def solver_of(solve: Any, client: "Client", limit_s: float | None = None) -> "Solver":
    """Your `solve(input, llm)` as the harness calls it: a case in, an outcome out."""
    from scaffold.evals import Outcome

    async def solver(case: "Case[Any, Any]", epoch: int) -> "Outcome[Any]":
        llm = client.for_case(case.id, epoch)
        try:
            async with asyncio.timeout(limit_s):
                output = await solve(case.input, llm)
            if not hasattr(output, "model_dump"):  # a dict would be scored 0 without a word
                raise TypeError(f"return Output of schemas.py, not {type(output).__name__}")
            outcome = Outcome.failed(llm.failure, output) if llm.failure else Outcome(output)
        except (Exception, SystemExit) as error:  # it is this case's result, not the run's end
            outcome = Outcome.failed(error)
        outcome.calls = [call.logged() for call in llm.calls]
        return outcome

    return solver


@app.command()
def run(
    given: Annotated[str, typer.Argument(metavar="INPUT", help="Text, JSON, a file, or -.")] = "",
    solver: SolverName = "solution",
    source: Annotated[Path | None, typer.Option("--in", help="A CSV, JSONL or folder.")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV or JSONL: its columns, Output's.")] = None,
    concurrency: AtOnce = None,
    save_case: Annotated[bool, typer.Option("--save-case", help="Keep it, to review.")] = False,
    max_cost: MaxCost = None,
    replay: Replay = False,
    live: Live = False,
    as_json: Machine = False,
) -> None:
    """Solve one input, or a whole file. Prints the answer, calls, cost and seconds."""
    from pydantic_core import to_jsonable_python

    from scaffold import doctor
    from scaffold.project import ProjectError, closing, find, part, spent, text_of

    here = find(solver=solver, max_cost_usd=max_cost, concurrency=concurrency)
    solve, client = here.solve(), here.client(replay, live)
    if source and out:
        over = part("files", "files", "--in").over
        return over(here, solver_of(solve, client, here.case_s), client, source, out)
    if source or out or not given:
        raise ProjectError("Pass an input, or --in FILE and --out FILE.")
    one, llm = here.input(text_of(given)), client.for_case("run")
    if save_case:
        typer.echo(doctor.save_case(here.root / "data" / "cases.jsonl", one), err=True)
    answer = to_jsonable_python(asyncio.run(closing(client, solve(one, llm))))
    other = {"answered_by": "baseline", "failure": str(llm.failure)} if llm.failure else {}
    about = {"answered_by": here.solver, **spent([call.logged() for call in llm.calls]), **other}
    typer.echo(json.dumps({"output": answer, **about} if as_json else answer, ensure_ascii=False))
    typer.echo(", ".join(f"{name}: {value}" for name, value in about.items()), err=True)


def main() -> None:
    """Run the command; what goes wrong for a known reason is one sentence, and exit code 2."""
    try:
        for name, (part, module) in COMMANDS.items():
            if find_spec(f"scaffold.{module.partition('.')[0]}"):
                app.command(name)(getattr(import_module(f"scaffold.{module}"), name))
            elif sys.argv[1:2] == [name]:
                import_module("scaffold.project").part(part, module, name)
        app()
    except Exception as error:
        known = type(error).__module__.partition(".")[0] in ("scaffold", "pydantic_core")
        if not known and not isinstance(error, OSError):
            raise
        typer.echo(f"takehome: {import_module('scaffold.project').reasons(error)}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
