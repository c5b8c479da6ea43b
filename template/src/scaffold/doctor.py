"""What to ask before trusting a figure: is all in place, what would it cost, does it hold anew?"""

import asyncio
import json
import random
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer


def doctor() -> None:
    """Say what is missing: key, model, price. Makes one cheap call, and says what it cost."""
    from scaffold.project import closing, find

    here = find()
    client = here.client(recorded=False)
    answer = client.ask("Answer with one word: ready?", max_tokens=2048)  # some think first
    reply = asyncio.run(closing(client, answer))
    unknown = "its price is unknown, so max_cost_usd cannot be used with it"
    price = unknown if reply.cost_usd is None else f"the call cost ${reply.cost_usd}"
    typer.echo(f"{here.model} answered as {reply.model} in {reply.latency_s:.1f} s; {price}.")


def recordings(
    prune: Annotated[bool, typer.Option("--prune", help="Delete what no case uses.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what --prune deletes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
) -> None:
    """List what was recorded, by case. Exits 1 where a file would not replay, and names it."""
    from scaffold.llm.recordings import prune_in, recordings_in
    from scaffold.project import find

    here = find()
    folder, gone = here.root / "recordings", list[Path]()
    if prune or dry_run:
        gone = prune_in(folder, (case.id for case in here.cases()), dry_run=dry_run)
    found, cases = list(recordings_in(folder)), dict[str, dict[str, Any]]()
    damaged = [one.damage for one in found if one.damage]
    for one in (one for one in found if not one.damage):
        row = cases.setdefault(one.case, {"answers": 0, "bytes": 0, "cost_usd": 0})
        row |= {"answers": row["answers"] + 1, "bytes": row["bytes"] + one.size}
        costs: Any = row["cost_usd"], one.cost_usd
        row["cost_usd"] = None if None in costs else sum(costs)
    if as_json:
        say([{"cases": cases, "damaged": damaged, "pruned": [*map(str, gone)]}], as_json)
    else:
        say({"case": case or "none", **row} for case, row in cases.items())
        say({"damaged": why} for why in damaged)
        say({"would be deleted" if dry_run else "deleted": path} for path in gone)
    raise typer.Exit(bool(damaged))


def say(rows: Iterable[Mapping[str, Any]], as_json: bool = False) -> None:
    """Print a line for each row."""
    for row in rows:
        line = ", ".join(f"{name}: {value}" for name, value in row.items() if value is not None)
        typer.echo(json.dumps(row, default=float) if as_json else line)


async def dry_run(here: Any, cases: Any, attempt: Any, llm: Any, epochs: int, batch: bool) -> Any:
    """What a run takes, judged by its first case, which is asked where it is not recorded."""
    from scaffold.project import part, spent

    outcome, _ = await attempt(cases[0], llm)
    took, tries = spent([*outcome.calls, *outcome.judge_calls]), len(cases) * epochs
    took |= {"cost_usd": None} if outcome.error else {}  # what a case costs, one that fails hides
    ahead = {name: value and value * tries for name, value in took.items()}  # unknown stays None
    ahead["seconds"] = ahead.pop("latency_s") / min(here.concurrency, tries)
    if batch:  # which takes up to a day, however many cases there are
        half = float(part("batch", "batch", "--batch").batches.SHARE)
        ahead |= {"cost_usd": ahead["cost_usd"] and half * ahead["cost_usd"], "seconds": None}
        ahead["price"] = "half of the recorded or live one (half already if it came by batch)"
    return [{"tries": tries, **ahead, "by": cases[0].id, "error": outcome.error}]


async def spot_check(here: Any, cases: Any, attempt: Any, n: int) -> list[Any]:
    """How up to `n` recorded cases, drawn at random, score as recorded and asked anew.

    Replays that agree with each other prove nothing about a model; this does. It writes nothing.
    """
    from scaffold.project import ProjectError, spent

    recorded, rows = here.client(replay=True), list[Any]()
    async with here.client(recorded=False) as fresh:
        for case in random.sample(cases, len(cases)):
            before, was = await attempt(case, recorded)
            if before.calls and before.error_kind != "NotRecorded":
                after, now = await attempt(case, fresh)
                row = {"recorded": before.error_kind or was, "new": after.error_kind or now}
                rows.append({"id": case.id, **row, **spent([*after.calls, *after.judge_calls])})
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
        line = f'{{"id": "{name}", "input": {text}, "reviewed": false}}'
        half = path.with_suffix(".part")
        half.write_text(f"{before.rstrip()}\n{line}\n", "utf-8", newline="\n")
        half.replace(path)
    return f"{name} in {path}: give it `expected`, and delete `reviewed`."
