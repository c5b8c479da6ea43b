"""The command `takehome`: the only place where the client, the harness and your code meet."""

import asyncio
import json
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from scaffold import comparing, doctor

app = typer.Typer(
    help="Score, run and publish this take-home. Each command explains itself with --help.",
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich's help alone would double the time that --help takes
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (comparing.compare, comparing.agree, doctor.recordings, doctor.doctor):
    app.command()(command)
if find_spec("scaffold.serving"):  # the part `api`
    app.command()(import_module("scaffold.serving.command").serve)
SolverName = Annotated[str, typer.Option(help="baseline, solution, or module:function.")]
Replay = Annotated[bool, typer.Option("--replay", help="Recorded answers only, no network.")]
Live = Annotated[bool, typer.Option("--live", help="Ask the vendor again, and record anew.")]
Machine = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
MaxCost = Annotated[float | None, typer.Option(min=0, help="US dollars to spend at most.")]


@app.command("eval")
def evaluate(
    solver: SolverName = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many cases.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only cases with it; repeatable.")] = None,
    split: Annotated[str, typer.Option(help="dev, test or all.")] = "dev",
    case: Annotated[list[str] | None, typer.Option(help="Only this id; repeatable.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each case is solved.")] = 1,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Cases at once.")] = None,
    max_cost: MaxCost = None,
    resume: Annotated[str, typer.Option(metavar="RUN", help="Go on with a run.")] = "",
    like: Annotated[str, typer.Option(metavar="RUN", help="Same solver and cases.")] = "",
    failed_from: Annotated[str, typer.Option(metavar="RUN", help="Only what failed in it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take.")] = False,
    spot_check: Annotated[int, typer.Option(min=0, help="Ask so many recorded cases anew.")] = 0,
    replay: Replay = False,
    live: Live = False,
    as_json: Machine = False,
) -> None:
    """Score a solver (else pyproject.toml's) on the cases; all goes to results/<run>/.

    There are report.html, results.json, failures.csv, and cases.jsonl: what was sent and answered.
    """
    from scaffold import evals, solving
    from scaffold.evals.publication import results_table
    from scaffold.evals.terminal import progress
    from scaffold.project import ProjectError, find

    project = find()
    os.chdir(project.root)  # your cases() names its files from there
    ids = [*(case or []), *(project.failed(failed_from) if failed_from else [])]
    chosen: dict[str, Any] = {"split": None if split == "all" else split, "tags": tag or []}
    chosen |= {"ids": ids, "limit": limit}
    name, at_once = solver or project.solver, concurrency or project.concurrency
    if resume or like:
        if solver or limit or tag or ids:
            raise ProjectError("--resume and --like repeat a run's solver and cases: name neither.")
        begun = evals.Run.read(project.run(resume or like)).manifest
        name, epochs, chosen = begun["solver"], begun["epochs"], begun["chosen"]
    folder = project.run(resume) if resume else project.new_run(name)
    if not (cases := evals.select(project.module("cases").cases(), **chosen)):
        raise ProjectError("No case is left: see --split, --tag and your cases().")
    scoring, client = project.module("scoring"), _client(project, replay, live, max_cost)
    solve = solving.solver_of(project.solve(name), client)
    if dry_run:
        told = solving.dry_run(cases, solve, epochs, at_once)
        return _say([asyncio.run(_closing(client, told))], as_json)
    if spot_check:
        fresh = _client(project, max_cost=max_cost, recorded=False)  # so it can only ask
        both = (_client(project, replay=True), fresh)
        sides = (solving.solver_of(project.solve(name), one) for one in both)
        checked = solving.spot_check(cases, *sides, scoring.score, spot_check)
        if not (rows := asyncio.run(_closing(fresh, checked))):
            raise ProjectError(f"No case is recorded with {name}: choose a solver that asks.")
        return _say(rows, as_json)
    scores = getattr(scoring, "SCORES", {})
    with progress(scores) as show:
        work = evals.evaluate(
            cases,
            solve,
            scoring.score,
            folder=folder,
            scores=scores,
            manifest=project.manifest(run=folder.name, solver=name, epochs=epochs, chosen=chosen),
            concurrency=at_once,
            epochs=epochs,
            timeout_s=project.case_s,
            resume=bool(resume),
            baseline=None if name == "baseline" else project.newest("baseline"),
            on_progress=show,
        )
        done = asyncio.run(_closing(client, work))
    typer.echo(json.dumps(done, ensure_ascii=False) if as_json else results_table(done))
    typer.echo(f"report: {(folder / 'report.html').as_uri()}", err=True)
    if failed := done["errors"] >= len(cases) * epochs:
        first = (folder / "cases.jsonl").read_text("utf-8").partition("\n")[0]
        typer.echo(f"takehome: no case has an answer: {json.loads(first)['error']}", err=True)
    raise typer.Exit(failed or bool(done["unfinished"]))


@app.command()
def run(
    given: Annotated[str, typer.Argument(metavar="INPUT", help="Text, JSON, a file, or -.")],
    solver: SolverName = "solution",
    save_case: Annotated[bool, typer.Option("--save-case", help="Keep it, to review.")] = False,
    max_cost: MaxCost = None,
    replay: Replay = False,
    live: Live = False,
    as_json: Machine = False,
) -> None:
    """Solve one input; print the answer and its cost."""
    from scaffold import solving
    from scaffold.project import find

    project = find()
    one, solve = project.input(given), project.solve(solver)
    if save_case:
        typer.echo(solving.save_case(project.root / "data" / "cases.jsonl", one), err=True)
    client = _client(project, replay, live, max_cost)
    llm = client.for_case("run")
    answer = asyncio.run(_closing(client, solve(one, llm))).model_dump(mode="json")
    costs = [call.cost_usd for call in llm.calls]
    about = {"calls": len(costs), "cost_usd": None if None in costs else float(sum(costs))}
    about["latency_s"] = round(sum(call.latency_s for call in llm.calls), 3)
    typer.echo(json.dumps({"output": answer, **about} if as_json else answer, ensure_ascii=False))
    typer.echo(", ".join(f"{name}: {value}" for name, value in about.items()), err=True)


@app.command()
def publish(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or latest.")],
    force: Annotated[bool, typer.Option(help="Also if the code has changed since.")] = False,
) -> None:
    """Hand a run in: results/submitted/, README's blocks."""
    from scaffold.project import find
    from scaffold.publish import publish as publish_run

    project = find()
    typer.echo(publish_run(project, project.run(name), force))


def _client(
    project: Any,
    replay: bool = False,
    live: bool = False,
    max_cost: float | None = None,
    recorded: bool = True,
) -> Any:
    from scaffold.llm import Client
    from scaffold.project import ProjectError

    if replay and live:
        raise ProjectError("--replay and --live exclude each other: take one of them.")
    return Client(
        project.model,
        recordings=project.root / "recordings" if recorded else None,
        mode="replay" if replay else "live" if live else "auto",
        max_cost_usd=project.max_cost_usd if max_cost is None else max_cost,
        deadline_s=project.deadline_s,
    )


def _say(rows: list[dict[str, Any]], as_json: bool) -> None:
    for row in rows:
        line = ", ".join(f"{name}: {value}" for name, value in row.items() if value is not None)
        typer.echo(json.dumps(row, default=float) if as_json else line)


async def _closing(client: Any, work: Any) -> Any:
    async with client:
        return await work


def main() -> None:
    """Run the command; what goes wrong for a known reason is one sentence, and exit code 2."""
    try:
        app()
    except Exception as error:
        if not type(error).__module__.startswith("scaffold."):
            raise
        typer.echo(f"takehome: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
