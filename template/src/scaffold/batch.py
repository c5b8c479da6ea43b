"""`takehome eval --batch`: a run through the vendors' Batch APIs, at half the price (part `batch`).

The first command sends what is not recorded, and leaves; `eval --resume RUN` records the answers
and scores the run like a replay. What failed in a batch is its case's error, sent again by the next
--resume. A batch stands in batch.json before it is sent: without its id, the vendor is asked for it.
"""

import asyncio
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import typer

from scaffold.llm import Client, batches
from scaffold.project import Project, ProjectError, closing


def settle(
    here: Project, client: Client, folder: Path, manifest: Any, cases: Any, attempt: Any
) -> list[batches.Batch]:
    """Look after what was sent, and send what is missing; return what is awaited."""
    if client.mode != "auto":
        raise ProjectError("--batch asks for what is not recorded: drop --replay and --live.")
    client.batch = answers = batches.Answers()
    file = folder / "batch.json"
    tries = [(case, epoch) for case in cases for epoch in range(manifest["epochs"])]

    async def under_way() -> list[batches.Batch]:
        sent = json.loads(file.read_text("utf-8")) if file.is_file() else []
        known = [batches.Batch(**one) for one in sent]
        for one in known:
            await one.look(client, {other.shown.get("id") for other in known})
        known = [one for one in known if one.shown]  # the others were never created
        if any(one.status not in batches.ENDED for one in known):
            return known
        for one in known:
            await one.collect(client, answers)
        await _ask(here, client, tries, attempt)
        answers.check(client, known)
        answers.closed = True
        left = [*known, *answers.plans] if answers.plans else []
        if sent or left:
            _write(folder, manifest, left)
        for plan in answers.plans:
            await plan.submit(client, answers.bodies)
            _write(folder, manifest, left)
        return left

    with _alone(here.root / "results"):
        awaited = asyncio.run(closing(client, under_way()))
    if file.is_file() and not awaited:
        (folder / "cases.jsonl").write_bytes(b"")  # scored anew, as what failed may have come now
        manifest["notes"].append("Answers came by batch: the latency of each is its batch's.")
    return awaited


def _alone(results: Path) -> sqlite3.Connection:
    """Keep others with --batch out, until this is left or its process is killed."""
    results.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(results / ".batch.lock", timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        return lock
    except sqlite3.OperationalError as error:
        raise ProjectError("another command sends batches here: let that end first.") from error


async def _ask(here: Project, client: Client, tries: Any, attempt: Any) -> None:
    """Take each case, and its scorer, as far as answers go; what they ask then joins the queue."""
    left = iter(tries)

    async def work() -> None:
        for case, epoch in left:
            try:
                async with asyncio.timeout(here.case_s):
                    await attempt(case, client, epoch)
            except* (batches.Queued, TimeoutError):
                pass  # who takes too long is an error where the run is scored

    async with asyncio.TaskGroup() as workers:
        for _ in range(here.concurrency):
            workers.create_task(work())
    if rest := asyncio.all_tasks() - {asyncio.current_task()}:  # who asks several things at once
        await asyncio.wait(rest, timeout=here.case_s)


def _write(folder: Path, manifest: dict[str, Any], sent: list[batches.Batch]) -> None:
    """Write batch.json, whole and onto the disk; in a new folder also what makes it a run."""
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps(manifest, default=str), "utf-8")
        (folder / "cases.jsonl").touch()
        typer.echo(f"run: {folder.name}", err=True)  # to go on with, even if this is killed
    half = folder / "batch.json.part"
    with half.open("w", encoding="utf-8") as file:
        json.dump([vars(one) for one in sent], file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    half.replace(folder / "batch.json")


def say(run: str, awaited: list[batches.Batch], as_json: bool) -> None:
    """Say how far the batches are, and how to come back."""
    rows = list[dict[str, Any]]()
    for one in awaited:
        row = {"id": one.shown["id"], "model": one.model, "requests": len(one.requests)}
        counts = one.shown.get("request_counts") or {}
        rows.append(row | {"status": one.status, "counts": counts})
        if not as_json:
            parts = "".join(f", {number} {name}" for name, number in counts.items() if number)
            typer.echo(f"{one.model} {row['id']}: {one.status}{parts}")
    n, back = sum(row["requests"] for row in rows), f"`takehome eval --resume {run}`"
    line = f"{n} requests in {len(rows)} batches; come back with {back}."
    typer.echo(json.dumps({"run": run, "requests": n, "batches": rows}) if as_json else line)
