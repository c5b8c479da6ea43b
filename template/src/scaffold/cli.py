"""The command `takehome`: the only place where the client, the harness and your code meet."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scaffold.project import Project, ProjectError, Solve, find
from scaffold.runs import find_run, manifest, new_folder, newest

if TYPE_CHECKING:
    from scaffold.evals import Case, Outcome, Results, Solver
    from scaffold.llm import Client

app = typer.Typer(
    help="Score, run and publish this take-home. Each command explains itself with --help.",
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich's help alone would double the time that --help takes
    pretty_exceptions_enable=False,
    add_completion=False,
)
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
    replay: Replay = False,
    live: Live = False,
    as_json: Machine = False,
) -> None:
    """Score a solver on the cases, and draw the report.

    Without --solver it is the one in [tool.takehome] of pyproject.toml. All goes to results/<run>/:
    report.html, results.json, cases.jsonl (what was sent and answered), failures.csv, manifest.json.
    """
    from scaffold import evals
    from scaffold.evals.publication import results_table
    from scaffold.evals.terminal import progress

    project = find()
    os.chdir(project.root)  # your cases() names its files from there
    results = project.root / "results"
    name, which = solver or project.solver, None if split == "all" else split
    chosen: dict[str, Any] = {"split": which, "tags": tag or [], "ids": case or [], "limit": limit}
    if resume or like:
        begun = evals.Run.read(find_run(results, resume or like)).manifest
        name, epochs, chosen = begun["solver"], begun["epochs"], begun["chosen"]
    folder = find_run(results, resume) if resume else new_folder(results, name)
    cases = evals.select(project.module("cases").cases(), **chosen)
    if not cases:
        raise ProjectError(
            "No case is left: see --split, --tag and your cases() for what there is."
        )
    solve, scoring = project.solver_named(name), project.module("scoring")
    client, settings = _client(project, replay, live, max_cost)
    scores = getattr(scoring, "SCORES", {})
    about = manifest(project, run=folder.name, solver=name, epochs=epochs, chosen=chosen)

    async def go() -> Results:
        with progress(scores) as show:
            async with client as llm:
                return await evals.evaluate(
                    cases,
                    _bound(solve, llm),
                    scoring.score,
                    folder=folder,
                    scores=scores,
                    manifest=about,
                    on_progress=show,
                    concurrency=concurrency or settings.concurrency,
                    epochs=epochs,
                    timeout_s=settings.case_s,
                    resume=bool(resume),
                    baseline=None if name == "baseline" else newest(results, "baseline"),
                )

    done = asyncio.run(go())
    typer.echo(json.dumps(done, ensure_ascii=False) if as_json else results_table(done))
    typer.echo(f"report: {(folder / 'report.html').as_uri()}", err=True)
    if done["errors"] >= len(cases) * epochs:
        first = (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()[0]
        typer.echo(f"takehome: no case has an answer: {json.loads(first)['error']}", err=True)
    raise typer.Exit(bool(done["unfinished"]) or done["errors"] >= len(cases) * epochs)


def _bound(solve: Solve, llm: Client) -> Solver:
    """Give the candidate's `solve(input, llm)` the harness's shape: a case in, an outcome out."""
    from scaffold.evals import Outcome

    async def solver(case: Case[Any, Any], epoch: int) -> Outcome[Any]:
        bound = llm.for_case(case.id, epoch)
        try:
            outcome = Outcome(await solve(case.input, bound))
        except Exception as error:  # whatever it is, it is this case's result, not the run's end
            outcome = Outcome[Any].failed(error)
        outcome.calls = [call.logged() for call in bound.calls]
        return outcome

    return solver


@app.command()
def run(
    given: Annotated[
        str, typer.Argument(metavar="INPUT", help="Text, Input as JSON, a file, or -.")
    ],
    solver: SolverName = "solution",
    max_cost: MaxCost = None,
    replay: Replay = False,
    live: Live = False,
    as_json: Machine = False,
) -> None:
    """Solve one input; print the answer and its cost."""
    from scaffold.inputs import read_input

    project = find()
    one = read_input(given, project.module("schemas").Input)
    solve = project.solver_named(solver)
    client, _ = _client(project, replay, live, max_cost)

    async def go() -> tuple[Any, list[Any]]:
        async with client as llm:
            bound = llm.for_case("run")
            return await solve(one, bound), bound.calls

    output, calls = asyncio.run(go())
    costs = [call.cost_usd for call in calls]
    about = {"calls": len(calls), "cost_usd": None if None in costs else float(sum(costs))}
    about["latency_s"] = round(sum(call.latency_s for call in calls), 3)
    answer = output.model_dump(mode="json")
    typer.echo(json.dumps({"output": answer, **about} if as_json else answer, ensure_ascii=False))
    typer.echo(", ".join(f"{name}: {value}" for name, value in about.items()), err=True)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The run before: a folder of results/.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The run after; latest is the newest.")],
    fail_on_regression: Annotated[str, typer.Option(metavar="SCORE", help="Or all.")] = "",
    as_json: Machine = False,
) -> None:
    """Hold two runs against each other, case by case; the gate exits 1 on a significant loss."""
    from scaffold import evals

    project = find()
    results, scores = project.root / "results", getattr(project.module("scoring"), "SCORES", {})
    before, after = find_run(results, a), find_run(results, b)
    found = evals.compare(before, after, scores)
    typer.echo(json.dumps(found) if as_json else evals.as_markdown(found, before, after))
    if fail_on_regression:
        names = () if fail_on_regression == "all" else (fail_on_regression,)
        passed, why = evals.gate(found, names)
        typer.echo(f"\n{why}", err=as_json)
        raise typer.Exit(not passed)


@app.command()
def publish(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or latest.")],
    force: Annotated[bool, typer.Option(help="Also if the code has changed since.")] = False,
) -> None:
    """Hand a run in: results/submitted/, README's blocks."""
    from scaffold.publish import publish as publish_run

    project = find()
    said = publish_run(project, find_run(project.root / "results", name), force)
    typer.echo("\n".join(said))


def _client(project: Project, replay: bool, live: bool, cost: float | None) -> tuple[Client, Any]:
    from scaffold.llm import Client
    from scaffold.settings import load

    if replay and live:
        raise ProjectError("--replay and --live exclude each other: take one of them.")
    settings = load(project.root)
    client = Client(
        settings.model or project.model,
        recordings=project.root / "recordings",
        mode="replay" if replay else "live" if live else "auto",
        max_cost_usd=settings.max_cost_usd if cost is None else cost,
        deadline_s=settings.deadline_s,
    )
    return client, settings


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
