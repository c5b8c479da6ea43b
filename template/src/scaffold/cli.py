"""The command `takehome`: the only place where the client, the harness and your code meet."""

import asyncio
import json
import sys
from datetime import UTC, datetime
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
    """Score a solver (else pyproject.toml's) on the cases; all goes to results/<run>/.

    There are report.html, results.json, failures.csv, and cases.jsonl: what was sent and answered.
    """
    from scaffold import doctor, evals
    from scaffold.evals.publication import results_table
    from scaffold.evals.terminal import progress
    from scaffold.project import ProjectError, closing, find, part, unanswered

    here, ids = find(max_cost_usd=max_cost, concurrency=concurrency), list(case or [])
    if failed_from:
        ids += [row.id for row in evals.Run.read(here.run(failed_from)).rows if row.failed]
        if not ids:
            raise ProjectError(f"Nothing failed in {failed_from}.")
    chosen: dict[str, Any] = {"split": None if split == "all" else split, "tags": tag or []}
    chosen |= {"ids": ids, "limit": limit}
    if resume or like:
        if limit or tag or ids or (resume and solver):
            raise ProjectError("--resume and --like repeat a run's solver and cases: name neither.")
        begun = evals.Run.read(here.run(resume or like)).manifest
        solver, epochs, chosen = solver or begun["solver"], begun["epochs"], begun["chosen"]
    solver = solver or here.solver
    if not (cases := evals.select(here.cases(), **chosen)):
        raise ProjectError("No case is left: see --split, --tag and your cases().")
    scoring, client = here.module("scoring"), here.client(replay, live)
    solving, scored = partial(solver_of, here.solve(solver)), partial(evals.scored, scoring.score)
    if dry_run:
        return doctor.dry_run(here, client, cases, solving(client), scored, epochs, as_json)
    if spot_check:
        return doctor.spot_check(here, solver, cases, solving, scored, spot_check, as_json)
    run = f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}"[:-3] + f"-{solver.replace(':', '-')}"
    folder = here.run(resume) if resume else here.root / "results" / run
    about = {"run": folder.name, "solver": solver, "epochs": epochs, "chosen": chosen}
    manifest = here.manifest(**about, tested=any(case.split == "test" for case in cases))
    scores = getattr(scoring, "SCORES", {})
    if batch or (folder / "batch.json").is_file():
        settle = part("batch", "batch", "--batch").settle  # which ends here while it has to wait
        settle(here, client, folder, manifest, cases, solving(client), scored, as_json)
    with progress(scores) as show:
        work = evals.evaluate(
            cases,
            solving(client),
            scoring.score,
            folder=folder,
            scores=scores,
            manifest=manifest,
            concurrency=here.concurrency,
            epochs=epochs,
            timeout_s=here.case_s,
            resume=bool(resume or batch),
            judge=client.for_case,
            baseline=None if solver == "baseline" else here.last_run("baseline", chosen),
            last_run=here.last_run(solver, chosen, folder.name),
            on_progress=show,
        )
        done = asyncio.run(closing(client, work))
    typer.echo(json.dumps(done, ensure_ascii=False) if as_json else results_table(done))
    typer.echo(f"report: {(folder / 'report.html').as_uri()}", err=True)
    failed = done["errors"] >= len(cases) * epochs
    if done["errors"]:
        typer.echo(f"takehome: {unanswered(folder, done['errors'], failed)}", err=True)
    raise typer.Exit(failed or bool(done["unfinished"]))


def solver_of(solve: Any, client: "Client") -> "Solver":
    """Your `solve(input, llm)` as the harness calls it: a case in, an outcome out."""
    from scaffold.evals import Outcome

    async def solver(case: "Case[Any, Any]", epoch: int) -> "Outcome[Any]":
        llm = client.for_case(case.id, epoch)
        try:
            output = await solve(case.input, llm)
            if not hasattr(output, "model_dump"):  # a dict would be scored 0 without a word
                raise TypeError(f"return Output of schemas.py, not {type(output).__name__}")
            outcome = Outcome(output)
        except Exception as error:  # whatever it is, it is this case's result, not the run's end
            outcome = Outcome.failed(error)
        outcome.calls = [call.logged() for call in llm.calls]
        return outcome

    return solver


@app.command()
def run(
    given: Annotated[str, typer.Argument(metavar="INPUT", help="Text, JSON, a file, or -.")] = "",
    solver: SolverName = "solution",
    source: Annotated[Path | None, typer.Option("--in", help="A CSV, JSONL or folder.")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV or JSONL to write for --in.")] = None,
    concurrency: AtOnce = None,
    save_case: Annotated[bool, typer.Option("--save-case", help="Keep it, to review.")] = False,
    max_cost: MaxCost = None,
    replay: Replay = False,
    live: Live = False,
    as_json: Machine = False,
) -> None:
    """Solve one input, or with --in and --out a whole file; print the answer and its cost."""
    from scaffold.project import ProjectError, closing, find, part, spent, text_of

    here = find(max_cost_usd=max_cost, concurrency=concurrency)
    solve, client = here.solve(solver), here.client(replay, live)
    if source and out:
        over = part("files", "files", "--in").over
        return over(here, solver_of(solve, client), client, source, out, solver)
    if source or out or not given:
        raise ProjectError("Pass an input, or --in FILE and --out FILE.")
    one, llm = here.input(text_of(given)), client.for_case("run")
    if save_case:
        checks = part("checks", "doctor", "--save-case")
        typer.echo(checks.save_case(here.root / "data" / "cases.jsonl", one), err=True)
    answer = asyncio.run(closing(client, solve(one, llm))).model_dump(mode="json")
    about = spent([call.logged() for call in llm.calls])
    typer.echo(json.dumps({"output": answer, **about} if as_json else answer, ensure_ascii=False))
    typer.echo(", ".join(f"{name}: {value}" for name, value in about.items()), err=True)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The run before: a folder of results/.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The run after; latest is the newest.")],
    fail_on_regression: Annotated[str, typer.Option(metavar="SCORE", help="Or all.")] = "",
    margin: Annotated[float, typer.Option(min=0, help="A loss that is no regression yet.")] = 0.0,
    as_json: Machine = False,
) -> None:
    """Hold two runs against each other, case by case; the gate exits 1 on a significant loss."""
    from scaffold import evals
    from scaffold.project import find

    here = find()
    runs = here.run(a), here.run(b)
    found = evals.compare(*runs, getattr(here.module("scoring"), "SCORES", {}))
    typer.echo(json.dumps(found) if as_json else evals.as_markdown(found, *runs))
    if fail_on_regression:
        names = () if fail_on_regression == "all" else (fail_on_regression,)
        passed, why = evals.gate(found, names, margin)
        typer.echo(f"\n{why}", err=as_json)
        raise typer.Exit(not passed)


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
