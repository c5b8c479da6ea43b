"""`takehome agree`: a judge's labels held against people's (part `judge`)."""

import json
from pathlib import Path
from typing import Annotated

import typer


def agree(
    people: Annotated[Path, typer.Argument(help="Labels that people gave: CSV or JSONL.")],
    judge: Annotated[str, typer.Argument(help="The judge's: a file like it, or a run.")],
    score: Annotated[str, typer.Option(help="Of a run: which score is the label.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """Hold a judge against people. Kappa with its interval, confusion; columns are id and label."""
    from scaffold.evals import agree, publication
    from scaffold.project import find

    labels = Path(judge) if Path(judge).is_file() else find().run(judge)
    found = agree.agree(people, labels, score)
    typer.echo(json.dumps(found) if as_json else publication.filled("agree.md.j2", found=found))
