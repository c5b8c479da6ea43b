"""`takehome doctor` and `takehome recordings`: is everything in place, and what is recorded?"""

import asyncio
import json
import os
from typing import Annotated, Any

import typer


def doctor() -> None:
    """Say what is missing: key, model, price. Makes one cheap call, and says what it cost."""
    from scaffold.llm import Client, Truncated
    from scaffold.project import find

    project = find()
    client = Client(project.model, deadline_s=project.deadline_s)

    async def call() -> Any:
        async with client:
            try:
                return await client.ask("Answer with one word: ready?", max_tokens=64)
            except Truncated:  # a model that thinks first; it was reached all the same
                return client.calls[-1]

    reply = asyncio.run(call())
    unknown = "is unknown, so max_cost_usd cannot be used with it"
    price = unknown if reply.cost_usd is None else f"is known: this call cost ${reply.cost_usd}"
    typer.echo(f"{project.model} answered as {reply.model} in {reply.latency_s:.1f} s.")
    typer.echo(f"Its price {price}.")


def recordings(
    prune: Annotated[bool, typer.Option("--prune", help="Delete what no case uses.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what --prune deletes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """List what was recorded, by case; exit 1 where a file would not replay, and name it."""
    from scaffold.llm import upkeep
    from scaffold.project import find

    project = find()
    os.chdir(project.root)
    folder = project.root / "recordings"
    gone: list[str] = []
    if prune or dry_run:
        used = [case.id for case in project.module("cases").cases()]
        gone = [str(path) for path in upkeep.prune(folder, used, dry_run=dry_run)]
    rows: dict[str, dict[str, Any]] = {}
    damaged: list[str] = []
    for one in upkeep.recordings_in(folder):
        if one.damage:
            damaged.append(one.damage)
            continue
        row = rows.setdefault(one.case, {"answers": 0, "bytes": 0, "cost_usd": 0.0})
        row["answers"] += 1
        row["bytes"] += one.size
        known = row["cost_usd"] is not None and one.cost_usd is not None
        row["cost_usd"] = row["cost_usd"] + float(one.cost_usd or 0) if known else None
    if as_json:
        typer.echo(json.dumps({"cases": rows, "damaged": damaged, "pruned": gone}))
    else:
        for case, row in rows.items():
            cost = "unknown" if row["cost_usd"] is None else f"${row['cost_usd']:.4f}"
            of = f"{row['answers']} answers, {row['bytes']:,} bytes, cost {cost}"
            typer.echo(f"{case or '(outside of any case)'}: {of}")
        typer.echo(
            "\n".join(
                [*damaged, *(f"{'would delete' if dry_run else 'deleted'} {p}" for p in gone)]
            )
        )
    raise typer.Exit(bool(damaged))
