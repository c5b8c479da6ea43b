"""Cases in, a run's folder out: bounded concurrency, resume, an early end that still reports."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from pydantic import FiniteFloat, TypeAdapter
from pydantic_core import to_jsonable_python

from .cases import CasesError, write_whole
from .outcome import FALLBACK, Case, Outcome, Score, Scorer, Solver
from .publication import write_report
from .results import PLAIN, hold_against, summaries, summarise
from .rows import TOKENS, TRY, Row, Run, RunError

_SCORES = TypeAdapter(dict[str, FiniteFloat | None])
_jsonable = partial(to_jsonable_python, bytes_mode="base64", fallback=repr)


async def evaluate(
    cases: Collection[Case],
    solver: Solver,
    score: Scorer,
    *,
    folder: Path,
    scores: Mapping[str, Score] = {},
    manifest: Mapping[str, Any] = {},
    concurrency: int = 10,
    epochs: int = 1,
    timeout_s: float | None = None,
    resume: bool = False,
    baseline: Path | None = None,
    last_run: Path | None = None,
    judge: Callable[[str, int], Any] | None = None,  # gives `ask`, and `calls` with `logged()`
    on_progress: Callable[[list[Row], int], None] = lambda rows, total: None,
) -> dict[str, Any]:
    """Solve and score every case; write cases.jsonl, results.json, failures.csv and report.html.

    The figures are held against those of `baseline` and `last_run`, two runs' folders.
    A `score` that is `async def` takes a third argument, the `ask` of `judge(case id, epoch)`.
    Ctrl-C ends it early, with a report. Raises RunError: the folder holds a run, the disk is full.
    """
    summaries(scores)  # what is not there is said before anything is spent
    contents = ((case.id, json.dumps(_jsonable(case), sort_keys=True)) for case in cases)
    shas = {name: int(sha256(text.encode()).hexdigest()[:16], 16) for name, text in contents}
    if len(shas) < len(cases):
        raise CasesError("two cases have the same id; give each its own")
    total, stopped, lines = len(shas) * epochs, "it was interrupted", folder / "cases.jsonl"
    written = asyncio.Event()
    if lines.exists() and not resume:
        raise RunError(f"{folder} holds a run already: go on with it by --resume {folder.name}")
    try:
        run = Run.read(folder) if lines.exists() else Run(folder)
        run.manifest = {"started": str(datetime.now(UTC))} | run.manifest | dict(manifest)
        _write_json(folder / "manifest.json", run.manifest)
        run.rows = [row for row in run.rows if shas.get(row.id) == row.sha and row.epoch < epochs]
        finished = {(row.id, row.epoch) for row in run.rows}
        jobs = ((case, n) for case in cases for n in range(epochs) if (case.id, n) not in finished)
        with lines.open("ab") as file:
            file.truncate(run.end)  # a line that a crash cut off goes

            async def work() -> None:
                nonlocal stopped
                for case, epoch in jobs:
                    outcome = await solved(solver, case, epoch, timeout_s)
                    asked = judge(case.id, epoch) if judge else None
                    values = await scored(score, case, outcome, asked, timeout_s)
                    if outcome.error_kind == "BudgetExceeded":  # no result: a resume runs the case
                        stopped = str(outcome.error)
                        return
                    record = _record(case, outcome, values, scores)
                    record |= {"sha": f"{shas[case.id]:016x}", "epoch": epoch}
                    text = json.dumps(record, ensure_ascii=False) + "\n"
                    line = text.encode(errors="backslashreplace")  # for half a surrogate pair
                    if file.seek(0, os.SEEK_END) != run.end:
                        raise RunError(f"another command goes on with {folder}, too: let that end")
                    run.add(record, len(line))
                    file.write(line)
                    file.flush()
                    written.set()
                    on_progress(run.rows, total)

            async def sync() -> None:  # once for all lines that came while the last one went on
                while await written.wait():
                    written.clear()
                    await asyncio.to_thread(os.fsync, file.fileno())

            try:
                async with asyncio.TaskGroup() as group:
                    syncing = group.create_task(sync())
                    workers = [group.create_task(work()) for _ in range(concurrency)]
                    await asyncio.gather(*workers)
                    syncing.cancel()
            except asyncio.CancelledError:  # Ctrl-C: what is finished is reported below
                if this := asyncio.current_task():
                    this.uncancel()
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None
            os.fsync(file.fileno())
        shas.clear()  # of 100,000 cases: the figures need the room
        run.rows.sort(key=TRY)
        results = summarise(run, scores, total)
        if left := results["unfinished"]:
            note = f"{left} of {total} did not run: {stopped}; the figures hold for the others."
            results["notes"].append(f"{note} Go on with --resume {folder.name}.")
        hold_against(results, run, scores, {"baseline": baseline, "last_run": last_run})
        _write_json(folder / "results.json", results)
        run.manifest |= {"finished": str(datetime.now(UTC)), "models": results["models"], "seed": 0}
        _write_json(folder / "manifest.json", run.manifest)
        write_report(run, results, scores)
        return results
    except OSError as error:
        kept = f"finished cases are kept: make room, then go on with --resume {folder.name}"
        raise RunError(f"{folder} cannot be written ({error.strerror}); {kept}") from error


async def solved(solver: Solver, case: Case, epoch: int, limit_s: float | None = None) -> Outcome:
    """Whatever happens in a case is its outcome; only a cancellation of the run goes through."""
    begun, calls = time.perf_counter(), list[dict[str, Any]]()
    try:
        async with asyncio.timeout(limit_s):
            outcome = await solver(case, epoch)
        calls = outcome.calls
        json.dumps(_jsonable((outcome.output, outcome.fallback)))  # a circle ends here, not the run
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        this = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and (this is None or this.cancelling()):
            raise  # not a stray one from inside the solver
        outcome = Outcome.failed(error, calls=calls)
    if outcome.output is None and not outcome.error_kind:
        outcome.error, outcome.error_kind = "the solver returned None", "NoOutput"
    # A replayed call takes a millisecond here: what it took when it was recorded counts.
    recorded = sum(call.get("latency_s", 0.0) for call in outcome.calls if call.get("replayed"))
    outcome.latency_s = outcome.latency_s or time.perf_counter() - begun + recorded
    return outcome


async def scored(
    score: Scorer, case: Case, outcome: Outcome, judge: Any, limit_s: float | None = None
) -> dict[str, float | None]:
    """What the candidate's scorer says; its exception, or its model's, is the case's result, too."""
    if outcome.fallback is not None:  # graded apart: the model has none of these points
        outcome.output, outcome.fallback = outcome.fallback, None
        values = await scored(score, case, outcome, judge, limit_s)
        outcome.output, outcome.fallback = None, outcome.output
        first = next(iter(values), "")
        return {first: None, first + FALLBACK: values[first]} if values else {}
    if outcome.output is None:
        return {}
    try:
        if not iscoroutinefunction(score):
            return _SCORES.validate_python(score(case, outcome))
        if judge is None:
            raise TypeError("score is async, and nothing was given that it could ask")
        async with asyncio.timeout(limit_s):
            return _SCORES.validate_python(await score(case, outcome, judge.ask))
    except Exception as error:
        raised = Outcome.failed(error)
        outcome.error = f"scoring: {raised.error_kind}: {raised.error}"
        stops = raised.error_kind == "BudgetExceeded"  # which is no result, as with a solver
        outcome.error_kind = raised.error_kind if stops else "ScoringError"
        return {}
    finally:
        outcome.judge_calls = [call.logged() for call in judge.calls] if judge else []


def _spent(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """What calls cost, in US dollars (None: a price is unknown), and who answered them."""
    costs: list[Any] = [call.get("cost_usd") for call in calls]
    cost = None if None in costs else float(sum(costs))
    return {"cost_usd": cost, "models": sorted({str(call.get("model")) for call in calls})}


def _record(
    case: Case, outcome: Outcome, values: Mapping[str, float | None], scores: Mapping[str, Score]
) -> dict[str, Any]:
    """A line of cases.jsonl."""
    name, first = next(iter(values.items()), ("", None))
    up = scores.get(name, PLAIN).higher_is_better
    wrong = first is not None and (first < 1 if up else first > 0)
    calls, asked = outcome.calls, outcome.judge_calls
    return {
        **_jsonable(case),
        "cluster": case.id if case.group is None else f"group: {case.group}",
        "scores": values,
        "failed": wrong or outcome.error_kind is not None,
        **_spent(calls),
        "judge": {"calls": len(asked), **_spent(asked)} if asked else None,
        "tokens": [sum(call.get(f"{kind}_tokens", 0) for call in calls) for kind in TOKENS],
        **_jsonable(outcome),
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n")
