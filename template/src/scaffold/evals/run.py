"""Cases in, a run's folder out: bounded concurrency, resume, an early end that still reports."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from .compare import compare
from .failures import write_failures
from .journal import Journal, Row, Run, RunError, digest, disk_told, record_of, row_of, write_json
from .outcome import Case, Outcome, Score, Scorer, Solver
from .results import Results, seen_test_split, summarise
from .rows import CasesError


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Cases at once, tries and seconds per case, US dollars in all; runs to compare with."""

    concurrency: int = 10
    epochs: int = 1
    timeout_s: float | None = None
    max_cost_usd: Decimal | float | None = None
    resume: bool = False
    baseline: Path | None = None
    last: Path | None = None


@dataclass(slots=True)
class Progress:
    """The state of a run while it goes, for whoever shows it."""

    total: int | None
    scores: Mapping[str, Score]
    rows: list[Row] = field(default_factory=list)
    asked: int = 0
    resumed: int = 0
    cost_usd: Decimal = Decimal(0)
    cost_unknown: bool = False
    started: float = field(default_factory=time.monotonic)

    def add(self, row: Row) -> None:
        """Count a finished row."""
        self.rows.append(row)
        self.cost_usd += row.cost_usd or 0
        self.cost_unknown |= row.cost_usd is None


async def evaluate(
    cases: Iterable[Case[Any, Any]],
    solver: Solver,
    score: Scorer,
    *,
    folder: Path,
    options: RunOptions | None = None,
    scores: Mapping[str, Score] | None = None,
    manifest: Mapping[str, Any] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Solve and score every case; write cases.jsonl, results.json, failures.csv and report.html.

    Ctrl-C (a cancellation) ends the run early and reports what is finished. Raises RunError where
    the folder holds a run already (`options.resume` goes on with it) or the disk is full.
    """
    options, scores = options or RunOptions(), scores or {}
    before = _opened(folder, options.resume)
    about = {**(manifest or {}), "started": before.manifest.get("started", _now())}
    write_json(folder / "manifest.json", about)
    total = len(cases) * options.epochs if isinstance(cases, Sized) else None
    state = Progress(total, scores)
    jobs = _jobs(cases, options.epochs, before.rows, state)
    journal = Journal(folder / "cases.jsonl")

    async def work() -> None:
        for case, sha, position, epoch in jobs:
            outcome = await _solve(solver, case, epoch, options.timeout_s)
            values = _scored(score, case, outcome)
            more = {"epoch": epoch, "sha": sha, "position": position, "scores": values}
            record = record_of(case, outcome, **more)
            state.add(row_of(record, journal.write(record)))
            await journal.sync()
            if on_progress:
                on_progress(state)
            if options.max_cost_usd is not None and state.cost_usd >= options.max_cost_usd:
                return

    try:
        interrupted = await _together([work() for _ in range(options.concurrency)])
    finally:
        journal.close()
    for _ in jobs:  # what is left after an early end is counted, and finished rows are found
        pass
    run = Run(folder, about, sorted(state.rows, key=lambda row: (row.position, row.epoch)))
    results = summarise(run, scores)
    if unfinished := state.asked - len(state.rows):
        why = "it was interrupted" if interrupted else f"${options.max_cost_usd} are spent"
        results["notes"].append(
            f"{unfinished} of {state.asked} did not run because {why}; the figures hold for the "
            f"others. Go on with --resume {folder.name}."
        )
    with disk_told(folder):
        _finish(run, results, scores, options)
    return results


def _opened(folder: Path, resume: bool) -> Run:
    with disk_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "cases.jsonl").exists():
        return Run(folder, {}, [])
    if not resume:
        raise RunError(f"{folder} holds a run already: go on with it by --resume {folder.name}")
    return Run.read(folder)


def _finish(run: Run, results: Results, scores: Mapping[str, Score], options: RunOptions) -> None:
    """Write everything that is made from the rows of a run."""
    from .report import write_report  # Jinja2 is loaded only where a report is written

    results["notes"] += seen_test_split(run)
    run.manifest |= {"finished": _now(), "models": results["models"]}
    write_json(run.folder / "manifest.json", run.manifest)
    write_json(run.folder / "results.json", results)
    for label, other in (("baseline", options.baseline), ("last", options.last)):
        if other and other != run.folder:
            try:
                results["against"][label] = compare(other, run.folder, scores).to_json()
            except RunError as error:
                results["notes"].append(f"No comparison with {label}: {error}.")
    write_json(run.folder / "results.json", results)
    write_failures(run, scores)
    write_report(run, results, scores)


def _jobs(
    cases: Iterable[Case[Any, Any]], epochs: int, rows: list[Row], state: Progress
) -> Iterator[tuple[Case[Any, Any], str, int, int]]:
    """Yield what is to run; count what a run before has finished of the very same cases."""
    finished = {(row.id, row.sha, row.epoch): row for row in rows}
    seen: set[str] = set()
    for position, case in enumerate(cases):
        if case.id in seen:
            raise CasesError(f"two cases have the id {case.id!r}; give each its own")
        seen.add(case.id)
        sha = digest(case)
        for epoch in range(epochs):
            state.asked += 1
            if row := finished.get((case.id, sha, epoch)):
                row.position = position
                state.resumed += 1
                state.add(row)
            else:
                yield case, sha, position, epoch


async def _together(workers: list[Coroutine[Any, Any, None]]) -> bool:
    """Run the workers to their end; tell whether a cancellation (Ctrl-C) ended them early."""
    tasks = [asyncio.create_task(worker) for worker in workers]
    try:
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        if this := asyncio.current_task():
            this.uncancel()
        return True
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return False


async def _solve(
    solver: Solver, case: Case[Any, Any], epoch: int, timeout_s: float | None
) -> Outcome[Any]:
    """Whatever happens in a case is its outcome; only a cancellation of the run goes through."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            outcome = await solver(case, epoch)
    except (Exception, SystemExit) as error:
        outcome = Outcome.failed(error)
    except asyncio.CancelledError as error:
        this = asyncio.current_task()
        if this is None or this.cancelling():
            raise
        outcome = Outcome.failed(error)  # a stray one, from inside the solver
    if outcome.output is None and not outcome.error_kind:
        outcome.error, outcome.error_kind = "the solver returned None", "NoOutput"
    # A replayed call takes a millisecond here: what it took when it was recorded counts.
    recorded = sum(call.latency_s for call in outcome.calls if call.replayed)
    outcome.latency_s = outcome.latency_s or time.perf_counter() - begun + recorded
    return outcome


def _scored(score: Scorer, case: Case[Any, Any], outcome: Outcome[Any]) -> dict[str, float | None]:
    """Call the candidate's scorer; an exception in it is the case's result as well."""
    if outcome.output is None:
        return {}
    try:
        given = score(case, outcome)
        values = {name: None if v is None else float(v) for name, v in given.items()}
        if wrong := [name for name, v in values.items() if v is not None and not math.isfinite(v)]:
            raise ValueError(f"the score {wrong[0]!r} is not a finite number")
        return values
    except Exception as error:
        failed = Outcome.failed(error)
        outcome.error = f"scoring: {failed.error_kind}: {failed.error}"
        outcome.error_kind = "ScoringError"
        return {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
