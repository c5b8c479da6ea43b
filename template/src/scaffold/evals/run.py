"""Cases in, a run's folder out: bounded concurrency, resume, an early end that still reports."""

import asyncio
import json
import math
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from .cases import CasesError
from .compare import compare
from .outcome import Case, Outcome, Score, Scorer, Solver
from .publication import write_report
from .results import PLAIN, TOKENS, Results, Run, RunError, row_of, summarise
from .terminal import Progress

AnyCase = Case[Any, Any]
AnyOutcome = Outcome[Any]
_jsonable = partial(to_jsonable_python, bytes_mode="base64", fallback=repr)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Cases at once, tries and seconds per case; runs to compare with."""

    concurrency: int = 10
    epochs: int = 1
    timeout_s: float | None = None
    resume: bool = False
    baseline: Path | None = None
    last: Path | None = None


async def evaluate(
    cases: Collection[Case[Any, Any]],
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
    contents = ((case.id, json.dumps(_jsonable(case), sort_keys=True)) for case in cases)
    shas = {name: sha256(text.encode()).hexdigest()[:16] for name, text in contents}
    if len(shas) < len(cases):
        raise CasesError("two cases have the same id; give each its own")
    try:
        run = _opened(folder, options.resume)
        run.manifest = {"started": _now()} | run.manifest | dict(manifest or {})
        _write_json(folder / "manifest.json", run.manifest)
        run.rows = [r for r in run.rows if shas.get(r.id) == r.sha and r.epoch < options.epochs]
        state = Progress(len(cases) * options.epochs, scores, run.rows, len(run.rows))
        finished = {(row.id, row.epoch) for row in run.rows}
        tries = ((case, epoch) for case in cases for epoch in range(options.epochs))
        jobs = ((case, epoch) for case, epoch in tries if (case.id, epoch) not in finished)
        with (folder / "cases.jsonl").open("ab") as file:
            file.seek(file.truncate(run.end))  # a line that a crash cut off goes

            stopped: list[str] = []

            async def work() -> None:
                for case, epoch in jobs:
                    outcome = await _solve(solver, case, epoch, options.timeout_s)
                    if outcome.error_kind == "BudgetExceeded":
                        # Says nothing of this case: a resume runs it, with more to spend.
                        return stopped.append(str(outcome.error))
                    record = _record(case, outcome, score, scores)
                    record |= {"epoch": epoch, "sha": shas[case.id]}
                    run.rows.append(row_of(record, file.tell()))
                    # Half a surrogate pair is no UTF-8: its escape is the same JSON.
                    line = json.dumps(record, ensure_ascii=False) + "\n"
                    file.write(line.encode(errors="backslashreplace"))
                    file.flush()
                    if on_progress:
                        on_progress(state)
                    await asyncio.to_thread(os.fsync, file.fileno())

            workers = [asyncio.create_task(work()) for _ in range(options.concurrency)]
            try:
                await asyncio.gather(*workers)
            except asyncio.CancelledError:  # Ctrl-C: what is finished is reported below
                if this := asyncio.current_task():
                    this.uncancel()
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        run.rows.sort()
        results = summarise(run, scores)
        results["unfinished"] = state.total - len(run.rows)
        if left := results["unfinished"]:
            why = stopped[0] if stopped else "it was interrupted"
            results["notes"].append(
                f"{left} of {state.total} did not run: {why}; the figures hold for the others. "
                f"Go on with --resume {folder.name}."
            )
        run.manifest |= {"finished": _now(), "models": results["models"]}
        _write_json(folder / "manifest.json", run.manifest)
        for label, other in (("baseline", options.baseline), ("last", options.last)):
            if other and other != folder:
                try:
                    results["against"][label] = compare(other, run, scores).to_json()
                except RunError as error:
                    results["notes"].append(f"No comparison with {label}: {error}.")
        _write_json(folder / "results.json", results)
        write_report(run, results, scores)
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written ({error.strerror}); the cases finished before are kept: "
            f"make room, then go on with --resume {folder.name}"
        ) from error
    return results


def _opened(folder: Path, resume: bool) -> Run:
    lines = folder / "cases.jsonl"
    if lines.exists() and not resume:
        raise RunError(f"{folder} holds a run already: go on with it by --resume {folder.name}")
    folder.mkdir(parents=True, exist_ok=True)
    lines.touch()
    return Run.read(folder)


async def _solve(solver: Solver, case: AnyCase, epoch: int, timeout_s: float | None) -> AnyOutcome:
    """Whatever happens in a case is its outcome; only a cancellation of the run goes through."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            outcome = await solver(case, epoch)
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        this = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and (this is None or this.cancelling()):
            raise  # not a stray one from inside the solver
        outcome = Outcome[Any].failed(error)
    if outcome.output is None and not outcome.error_kind:
        outcome.error, outcome.error_kind = "the solver returned None", "NoOutput"
    # A replayed call takes a millisecond here: what it took when it was recorded counts.
    recorded = sum(call.latency_s for call in outcome.calls if call.replayed)
    outcome.latency_s = outcome.latency_s or time.perf_counter() - begun + recorded
    return outcome


def _record(
    case: AnyCase, outcome: AnyOutcome, score: Scorer, scores: Mapping[str, Score]
) -> dict[str, Any]:
    """A line of cases.jsonl; an exception of the candidate's scorer is the case's result as well."""
    values: dict[str, float | None] = {}
    try:
        given = {} if outcome.output is None else score(case, outcome)
        if any(v is not None and not math.isfinite(v) for v in given.values()):
            raise ValueError(f"a score must be a finite number: {given}")
        values = {name: None if v is None else float(v) for name, v in given.items()}
    except Exception as error:
        failed = Outcome[Any].failed(error)
        outcome.error = f"scoring: {failed.error_kind}: {failed.error}"
        outcome.error_kind = "ScoringError"
    name, first = next(iter(values.items()), ("", None))
    up = scores.get(name, PLAIN).higher_is_better
    wrong = first is not None and (first < 1 if up else first > 0)
    calls, costs = outcome.calls, [call.cost_usd for call in outcome.calls]
    return {
        **_jsonable(case),
        "cluster": case.id if case.group is None else f"group: {case.group}",
        "scores": values,
        "failed": wrong or outcome.error_kind is not None,
        "cost_usd": None if None in costs else float(sum(filter(None, costs))),
        "tokens": [sum(getattr(call, f"{kind}_tokens") for call in calls) for kind in TOKENS],
        "models": sorted({call.model for call in calls}),
        **_jsonable(outcome),
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file that appears whole or not at all."""
    half = path.with_name(path.name + ".part")
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    half.write_text(text + "\n", "utf-8", errors="backslashreplace", newline="\n")
    half.replace(path)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
