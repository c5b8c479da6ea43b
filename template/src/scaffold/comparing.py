"""`takehome compare` and `takehome agree`: two runs, or two labellings, held against each other."""

import json
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

Machine = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


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

    project = find()
    runs = project.run(a), project.run(b)
    found = evals.compare(*runs, getattr(project.module("scoring"), "SCORES", {}))
    typer.echo(json.dumps(found) if as_json else evals.as_markdown(found, *runs))
    if fail_on_regression:
        names = () if fail_on_regression == "all" else (fail_on_regression,)
        passed, why = evals.gate(found, names, margin)
        typer.echo(f"\n{why}", err=as_json)
        raise typer.Exit(not passed)


def agree(
    people: Annotated[Path, typer.Argument(help="Labels that people gave: CSV or JSONL.")],
    judge: Annotated[str, typer.Argument(help="The judge's: a file like it, or a run.")],
    score: Annotated[str, typer.Option(help="Of a run: which score is the label.")] = "",
    as_json: Machine = False,
) -> None:
    """Say how far a judge agrees with people: kappa with its interval, confusion matrix.

    A file of labels has the columns `id` and `label`. Needs the part `judge`.
    """
    from scaffold.evals.publication import filled
    from scaffold.project import ProjectError, find

    try:
        part = import_module("scaffold.evals.agree")
    except ModuleNotFoundError as error:
        how = "add it with `copier update --trust -d 'parts=[judge]'`, beside those that you have"
        raise ProjectError(f"agree needs the part judge: {how}.") from error
    labels = Path(judge) if Path(judge).is_file() else find().run(judge)
    found = part.agree(people, labels, score)
    typer.echo(json.dumps(found) if as_json else filled("agree.md.j2", found=found))
