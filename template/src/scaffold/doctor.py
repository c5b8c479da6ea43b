"""What to ask before trusting a figure: is all in place, what would it cost, does it hold anew?"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

# Solve and score a case with a client: the outcome, and its scores
Attempt = Callable[[Any, Any], Awaitable[tuple[Any, Mapping[str, Any]]]]


def doctor() -> None:
    """Say what is missing: key, model, price. Makes one cheap call, and says what it cost."""
    from scaffold.llm import Client, Truncated
    from scaffold.project import closing, find

    here = find()
    client = Client(here.model, deadline_s=here.deadline_s)

    async def call() -> Any:
        try:
            return await client.ask("Answer with one word: ready?", max_tokens=64)
        except Truncated:  # a model that thinks first; it was reached all the same
            return client.calls[-1]

    reply = asyncio.run(closing(client, call()))
    unknown = "is unknown, so max_cost_usd cannot be used with it"
    price = unknown if reply.cost_usd is None else f"is known: this call cost ${reply.cost_usd}"
    typer.echo(f"{here.model} answered as {reply.model} in {reply.latency_s:.1f} s.")
    typer.echo(f"Its price {price}.")


def recordings(
    prune: Annotated[bool, typer.Option("--prune", help="Delete what no case uses.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what --prune deletes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """List what was recorded, by case; exit 1 where a file would not replay, and name it."""
    from scaffold.llm import upkeep
    from scaffold.project import find

    here = find()
    folder, pruned, damaged = here.root / "recordings", list[str](), list[str]()
    if prune or dry_run:
        used = [case.id for case in here.cases()]
        pruned = [str(path) for path in upkeep.prune(folder, used, dry_run=dry_run)]
    cases = dict[str, dict[str, Any]]()
    for one in upkeep.recordings_in(folder):
        if one.damage:
            damaged.append(one.damage)
            continue
        row = cases.setdefault(one.case, {"answers": 0, "bytes": 0, "cost_usd": 0.0})
        row["answers"] += 1
        row["bytes"] += one.size
        known = row["cost_usd"] is not None and one.cost_usd is not None
        row["cost_usd"] = row["cost_usd"] + float(one.cost_usd) if known else None
    if as_json:
        typer.echo(json.dumps({"cases": cases, "damaged": damaged, "pruned": pruned}))
    else:
        say({"case": case or "none", **row} for case, row in cases.items())
        say({"damaged": why} for why in damaged)
        say({"would be deleted" if dry_run else "deleted": path} for path in pruned)
    raise typer.Exit(bool(damaged))


def say(rows: Iterable[Mapping[str, Any]], as_json: bool = False) -> None:
    """Print a line for each row."""
    for row in rows:
        line = ", ".join(f"{name}: {value}" for name, value in row.items() if value is not None)
        typer.echo(json.dumps(row) if as_json else line)


async def dry_run(here: Any, cases: Any, attempt: Attempt, client: Any, epochs: int) -> list[Any]:
    """What a run takes, judged by its first case, which is asked where it is not recorded."""
    from scaffold.project import spent

    outcome, _ = await attempt(cases[0], client)
    took, tries = spent([*outcome.calls, *outcome.judge_calls]), len(cases) * epochs
    ahead = {name: value and value * tries for name, value in took.items()}  # unknown stays None
    ahead["seconds"] = ahead.pop("latency_s") / min(here.concurrency, tries)
    return [{"tries": tries, **ahead, "by": cases[0].id, "error": outcome.error}]


async def spot_check(here: Any, cases: Any, attempt: Attempt, n: int) -> list[Any]:
    """How up to `n` recorded cases, drawn at random, score as recorded and asked anew.

    Replays that agree with each other prove nothing about a model; this does. It writes nothing.
    """
    from scaffold.llm import Client
    from scaffold.project import ProjectError, spent

    limits = {"max_cost_usd": here.max_cost_usd, "deadline_s": here.deadline_s}
    recorded, rows = here.client(replay=True), list[Any]()
    async with Client(here.model, **limits) as fresh:  # without recordings it can only ask
        for case in random.sample(cases, len(cases)):
            before, was = await attempt(case, recorded)
            if before.calls and before.error_kind != "NotRecorded":
                after, now = await attempt(case, fresh)
                row = {"id": case.id, "recorded": before.error_kind or was}
                row |= {"new": after.error_kind or now}
                rows.append(row | spent([*after.calls, *after.judge_calls]))
            if len(rows) == n:
                break
    if not rows:
        raise ProjectError(f"No case is recorded with {here.solver}: choose a solver that asks.")
    return rows


def save_case(path: Path, given: Any) -> str:
    """Add an input to the cases, as one that nobody has reviewed yet; say what to do with it."""
    from scaffold.project import ProjectError

    if not path.is_file():
        raise ProjectError(f"{path} is not there yet: takehome eval makes it from your data.")
    before, text = path.read_text("utf-8"), given.model_dump_json()
    name = f"saved-{sha256(text.encode()).hexdigest()[:8]}"
    if f'"{name}"' not in before:
        case = {"id": name, "input": json.loads(text), "reviewed": False}
        line = json.dumps(case, ensure_ascii=False)
        half = path.with_suffix(".part")
        half.write_text(f"{before.rstrip()}\n{line}\n", "utf-8", newline="\n")
        half.replace(path)
    return f"{name} in {path}: give it `expected`, and delete `reviewed`."
