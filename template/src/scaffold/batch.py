"""`takehome eval --batch`: a run through the vendors' Batch APIs, at half the price (part `batch`).

The first command sends what is not recorded, and leaves. `--batch --resume RUN` looks whether the
answers are there and records them; then the run is scored like a replay. What failed in a batch is
its case's error, and the next --resume sends it again. A batch stands in the run's batch.json
before it is sent: if a kill comes before its id stands there, too, it is looked for at the vendor.
"""

import asyncio
import json
import os
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from scaffold.llm import Client, batches
from scaffold.project import Project, ProjectError, closing

Sent = list[dict[str, Any]]  # batches with model, time of plan, requests, and what the vendor shows


def settle(
    here: Project,
    client: Client,
    folder: Path,
    manifest: dict[str, Any],
    cases: Collection[Any],
    solver: Any,
    scored: Any,
    as_json: bool,
) -> None:
    """Look after what was sent, and send what is missing; typer.Exit while answers are awaited."""
    if client.mode != "auto":
        raise ProjectError("--batch asks for what is not recorded: drop --replay and --live.")
    client.batch = answers = batches.Answers()
    file = folder / "batch.json"
    sent: Sent = json.loads(file.read_text("utf-8")) if file.is_file() else []
    tries = [(case, epoch) for case in cases for epoch in range(manifest["epochs"])]

    async def under_way() -> Sent:
        known = {one["batch"]["id"] for one in sent if one["batch"]}
        for one in sent:
            if batch := await batches.look(client, one, known):
                known.add(batch["id"])
            one["batch"] = batch
        left = [one for one in sent if one["batch"]]  # the others were never created
        if any(batches.status(one["batch"]) not in batches.ENDED for one in left):
            return left
        for one in left:
            await batches.collect(client, one, answers)
        await _ask(here, client, tries, solver, scored)
        queue, new = list(answers.batches(client)), Sent()
        for requests in queue:
            plan = {"planned": datetime.now(UTC).isoformat(), "model": requests[0].model}
            names = {one.custom_id: one.recording for one in requests}
            new.append({**plan, "batch": None, "requests": names})
        if sent or new:
            _write(folder, manifest, left + new if new else [])
        for plan, requests in zip(new, queue, strict=True):
            plan["batch"] = await batches.submit(client, plan["planned"], requests)
            _write(folder, manifest, left + new)
        answers.closed = True
        return left + new if new else []

    if awaited := asyncio.run(closing(client, under_way())):
        _say(folder.name, awaited, as_json)
        raise typer.Exit
    if file.is_file():
        (folder / "cases.jsonl").write_bytes(b"")  # scored anew, as what failed may have come now
        manifest["notes"].append("Answers came by batch: the latency of each is its batch's.")


async def _ask(
    here: Project, client: Client, tries: Collection[Any], solver: Any, scored: Any
) -> None:
    """Take each case, and its scorer, as far as answers go; what they ask then joins the queue."""
    left = iter(tries)

    async def work() -> None:
        for case, epoch in left:
            try:
                async with asyncio.timeout(here.case_s):
                    outcome = await solver(case, epoch)
                    await scored(case, outcome, client.for_case(case.id, epoch))
            except* (batches.Queued, TimeoutError):
                pass  # who takes too long is an error where the run is scored

    async with asyncio.TaskGroup() as workers:
        for _ in range(here.concurrency):
            workers.create_task(work())


def _write(folder: Path, manifest: dict[str, Any], sent: Sent) -> None:
    """Write batch.json, whole and onto the disk; in a new folder also what makes it a run."""
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps(manifest, default=str), "utf-8")
        (folder / "cases.jsonl").touch()
        typer.echo(f"run: {folder.name}", err=True)  # before a kill: one has to know it to go on
    half = folder / "batch.json.part"
    with half.open("w", encoding="utf-8") as file:
        json.dump(sent, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    half.replace(folder / "batch.json")


def _say(run: str, awaited: Sent, as_json: bool) -> None:
    """Say how far the batches are, and how to come back."""
    rows, requests = Sent(), sum(len(one["requests"]) for one in awaited)
    for one in awaited:
        batch = one["batch"]
        about = {"id": batch["id"], "model": one["model"], "requests": len(one["requests"])}
        rows.append({**about, "status": batches.status(batch), "counts": batch["request_counts"]})
    if as_json:
        typer.echo(json.dumps({"run": run, "requests": requests, "batches": rows}))
        return
    for row in rows:
        typer.echo(", ".join(f"{name}: {value}" for name, value in row.items()))
    back = f"`takehome eval --batch --resume {run}`"
    typer.echo(f"{requests} requests in {len(rows)} batches; come back with {back}.")
