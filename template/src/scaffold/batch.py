"""`takehome eval --batch`: a run through the vendors' Batch APIs, at half the price (part `batch`).

The first command sends what is not recorded, and leaves. `--batch --resume RUN` looks whether the
answers are there and records them; then the run is scored like a replay. What failed in a batch is
its case's error, and the next --resume sends it again. A batch stands in the run's batch.json
before it is sent: if a kill comes before its id stands there, too, it is looked for at the vendor.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import typer

from scaffold.llm import Client, batches
from scaffold.project import Project, ProjectError, closing

NOTE = "Answers came by batch: the latency of each is how long its batch took."


def ready(
    here: Project,
    client: Client,
    folder: Path,
    manifest: dict[str, Any],
    cases: Collection[Any],
    solver: Any,
    scored: Any,
    as_json: bool,
) -> bool:
    """Send what is to be sent, or look for it; return whether the run can be scored now."""
    if client.mode != "auto":
        raise ProjectError("--batch asks for what is not recorded: drop --replay and --live.")
    file = folder / "batch.json"
    sent = json.loads(file.read_text("utf-8")) if file.is_file() else []
    tries = [(case, epoch) for case in cases for epoch in range(manifest["epochs"])]
    asking = partial(_ask, here, client, tries, solver, scored)
    awaited = asyncio.run(closing(client, _awaited(client, folder, manifest, sent, asking)))
    if awaited:
        _say(folder.name, awaited, as_json)
    elif sent:
        (folder / "cases.jsonl").write_bytes(b"")  # all is scored anew: answers may have come
        manifest["notes"].append(NOTE)
    return not awaited


async def _awaited(
    client: Client,
    folder: Path,
    manifest: dict[str, Any],
    sent: list[dict[str, Any]],
    asking: Callable[[], Awaitable[None]],
) -> list[dict[str, Any]]:
    """Look after what was sent, then send what is still to be asked; return what is under way."""
    answers = client.batch = batches.Answers()
    for one in sent:
        if not one["collected"]:
            known = [other["batch"]["id"] for other in sent if other["batch"]]
            one["batch"] = await batches.look(client, one, known)
    sent[:] = [one for one in sent if one["batch"]]  # the others were never created
    _write(folder, sent)
    under_way = [one for one in sent if not one["collected"]]
    if any(batches.status(one["batch"]) not in batches.ENDED for one in under_way):
        return under_way
    for one in under_way:
        await batches.collect(client, one, answers)
    await asking()
    queue, plans = list(answers.batches(client)), list[dict[str, Any]]()
    for requests in queue:
        plan = {"model": requests[0].model, "name": uuid4().hex, "batch": None, "collected": False}
        plan |= {"planned": datetime.now(UTC).isoformat()}
        plans.append(plan | {"requests": {one.custom_id: one.recording for one in requests}})
    if plans:
        typer.echo(f"run: {folder.name}", err=True)
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / "manifest.json").write_text(json.dumps(manifest, default=str), "utf-8")
            (folder / "cases.jsonl").touch()
        _write(folder, [*sent, *plans])
    for plan, requests in zip(plans, queue, strict=True):
        plan["batch"] = await batches.submit(client, plan["name"], requests)
        _write(folder, [*sent, *plans])
    if not plans:
        for one in under_way:
            one["collected"] = True
        _write(folder, sent)
        answers.closed = True
    return plans and under_way + plans


async def _ask(
    here: Project, client: Client, tries: Collection[Any], solver: Any, scored: Any
) -> None:
    """Take every case, and its scorer, as far as answers go; what they ask then joins the queue."""
    left = iter(tries)

    async def work() -> None:
        for case, epoch in left:
            try:
                async with asyncio.timeout(here.case_s):
                    outcome = await solver(case, epoch)
                    await scored(case, outcome, client.for_case(case.id, epoch))
            except* (batches.Queued, TimeoutError):
                pass  # a solver that takes too long is an error where it is scored

    async with asyncio.TaskGroup() as workers:
        for _ in range(here.concurrency):
            workers.create_task(work())


def _write(folder: Path, sent: list[dict[str, Any]]) -> None:
    """Write batch.json, whole, and onto the disk before anything is sent or forgotten."""
    if not sent:
        return
    half = folder / "batch.json.part"
    with half.open("w", encoding="utf-8") as file:
        json.dump(sent, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    half.replace(folder / "batch.json")


def _say(run: str, awaited: list[dict[str, Any]], as_json: bool) -> None:
    """Say how far each batch is, and how to come back."""
    rows = list[dict[str, Any]]()
    for one in awaited:
        of, counts = one["batch"], one["batch"].get("request_counts") or {}
        row = {"id": of["id"], "model": one["model"], "requests": len(one["requests"])}
        rows.append(row | {"status": batches.status(of), "counts": counts})
    requests = sum(row["requests"] for row in rows)
    if as_json:
        typer.echo(json.dumps({"run": run, "requests": requests, "batches": rows}))
        return
    for row in rows:
        counts = ", ".join(f"{n} {name}" for name, n in row["counts"].items() if n)
        typer.echo(f"{row['id']}: {row['status']} ({row['requests']} requests; {counts})")
    back = f"`takehome eval --batch --resume {run}`"
    typer.echo(f"{requests} requests in {len(rows)} batches; come back with {back}.")
