"""The harness against its bound and its peers: 2,000 cases of 50 ms, 50 in flight, so 2 s at least.

    uv run python bench/harness.py [--rounds 5] [--no-peers] [--growth]

Compared: a bare loop that writes a line for each case, `scaffold.evals` with its progress, table and
report, and pydantic-evals and inspect-ai, which uv installs into environments that are thrown away.
Every figure comes from a new process; the sides take turns, so that a busy machine slows all of
them. "Cases" is the time from the start of the first case to the end of the last one; "the rest" is
all else that the process took: its start, imports, statistics, report. `--growth` runs
`scaffold.evals` alone over 1,000 to 100,000 cases that take no time: a baseline, a run, and a run held
against both of these. Its cases are made one by one and thrown away, so that all memory is the harness's.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from peers import SOURCE, installed, machine, spread, table

CASES, IN_FLIGHT, SECONDS = 2000, 50, 0.05

# Each side defines `main()` and calls `wait()` in every case; the rest is the same for all.
SIDE = """
import asyncio, json, sys, time
times = []
async def wait():
    times.append(time.perf_counter())
    await asyncio.sleep(SECONDS)
    times.append(time.perf_counter())
{setup}
asyncio.run(main())
import resource
used = resource.getrusage(resource.RUSAGE_SELF)
peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
figures = [max(times) - min(times), used.ru_utime + used.ru_stime, peak]
open("figures.json", "w", encoding="utf-8").write(json.dumps(figures))
"""
BARE = """
async def main():
    gate, file = asyncio.Semaphore(IN_FLIGHT), open("bare.jsonl", "w", encoding="utf-8")
    async def one(i):
        async with gate:
            await wait()
            file.write(json.dumps({"id": i, "right": i % 5 > 0}) + "\\n")
            file.flush()
    await asyncio.gather(*(one(i) for i in range(CASES)))
"""
OURS = """
from pathlib import Path
from scaffold.evals import Case, Outcome, evaluate
from scaffold.evals.publication import results_table
from scaffold.evals.terminal import progress
async def solve(case, epoch):
    await wait()
    return Outcome({"right": int(case.id) % 5 > 0})
def score(case, outcome):
    return {"exact": outcome.output["right"]}
async def main():
    cases = [Case(str(i), {"i": i}, {"right": True}) for i in range(CASES)]
    with progress() as show:
        results = await evaluate(cases, solve, score, folder=Path("run"),
                                 concurrency=IN_FLIGHT, on_progress=show)
    print(results_table(results))
    assert results["n"] == CASES and not results["errors"]
"""
GROWTH = """
from pathlib import Path
from scaffold.evals import Case, Outcome, evaluate
class Cases:
    def __len__(self):
        return CASES
    def __iter__(self):
        for i in range(CASES):
            yield Case(f"case-{i:06}", {"i": i}, {"right": True}, ("long",) if i % 2 else ("short",))
async def solve(case, epoch):
    i = case.input["i"]
    if i in (0, CASES - 1):
        await wait()
    call = {"model": "m-1", "input_tokens": 300 + i % 5000, "output_tokens": 20 + i % 700,
            "cost_usd": i / 1e6}
    return Outcome({"right": i % WRONG > 0}, calls=[call])
def score(case, outcome):
    return {"exact": outcome.output["right"], "share": case.input["i"] / CASES}
async def main():
    others = {other: Path(other) for other in ("baseline", "last_run") if "RUN" == "held"}
    results = await evaluate(Cases(), solve, score, folder=Path("RUN"),
                             concurrency=IN_FLIGHT, **others)
    assert results["n"] == CASES and results["against"].keys() == others.keys()
"""
PYDANTIC_EVALS = """
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import EqualsExpected
async def solve(i):
    await wait()
    return i % 5 > 0
async def main():
    cases = [Case(name=str(i), inputs=i, expected_output=True) for i in range(CASES)]
    dataset = Dataset(name="bench", cases=cases, evaluators=[EqualsExpected()])
    report = await dataset.evaluate(solve, max_concurrency=IN_FLIGHT)
    report.print()
"""
INSPECT = """
from inspect_ai import Task, eval_async
from inspect_ai.dataset import Sample
from inspect_ai.scorer import exact
from inspect_ai.solver import solver
@solver
def waits():
    async def solve(state, generate):
        await wait()
        state.output.completion = "yes" if int(state.sample_id) % 5 else "no"
        return state
    return solve
async def main():
    samples = [Sample(id=str(i), input=str(i), target="yes") for i in range(CASES)]
    task = Task(dataset=samples, solver=waits(), scorer=exact())
    logs = await eval_async(task, model="mockllm/model", max_samples=IN_FLIGHT, log_dir="log")
    assert logs[0].status == "success"
"""
SIDES = {"bare loop": BARE, "scaffold.evals": OURS}
PEERS = {"pydantic-evals": PYDANTIC_EVALS, "inspect-ai": INSPECT}
HEAD = ["side", "whole process s", "cases s", "the rest s", "CPU s", "peak MB"]

Figures = tuple[float, float, float, float, float]  # in the order of HEAD


def measure(setup: str, python: str, **constants: float | str) -> Figures:
    """Run one side in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return measure_in(folder, setup, python, **constants)


def measure_in(folder: str, setup: str, python: str, **constants: float | str) -> Figures:
    """Run one side in a process of its own, with the constants of its code filled in."""
    code = SIDE.replace("{setup}", setup)
    usual = {"CASES": CASES, "SECONDS": SECONDS, "IN_FLIGHT": IN_FLIGHT}
    for name, value in (usual | constants).items():
        code = code.replace(name, str(value))
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "120"}
    Path(folder, "side.py").write_text(code, "utf-8")
    begun = time.perf_counter()
    done = subprocess.run(
        [python, "side.py"], cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )
    whole = time.perf_counter() - begun
    if done.returncode:
        sys.exit(f"A side failed:\n{done.stderr[-2000:]}")
    spent, cpu, peak = json.loads(Path(folder, "figures.json").read_text("utf-8"))
    return whole, spent, whole - spent, cpu, peak


def growth(counts: Sequence[int]) -> Iterator[list[str]]:
    """For each number of cases: what two runs took alone, and a third one held against both."""
    first: dict[str, tuple[int, float]] = {}
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            for run, wrong in (("baseline", 3), ("last_run", 7), ("held", 9)):
                constants = {"CASES": count, "SECONDS": 0, "IN_FLIGHT": 200, "WRONG": wrong}
                found = measure_in(folder, GROWTH, sys.executable, RUN=run, **constants)
                whole, _, _, cpu, peak = found
                fewest, least = first.setdefault(run, (count, peak))
                more = (peak - least) * 1024 / max(1, count - fewest)
                name = "held against both" if run == "held" else "alone"
                yield [
                    f"{count:,}",
                    name,
                    f"{whole:.1f}",
                    f"{cpu:.1f}",
                    f"{peak:.1f}",
                    f"{more:.2f}",
                ]


def row(name: str, found: list[Figures]) -> list[str]:
    *seconds, peak = zip(*found, strict=True)
    return [name, *(spread(values) for values in seconds), f"{max(peak):.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--growth", action="store_true")
    chosen = parser.parse_args()
    print(machine("pydantic"))
    with tempfile.TemporaryDirectory() as scratch:
        sides = [(name, setup, sys.executable) for name, setup in SIDES.items()]
        for name, setup in {} if chosen.no_peers else PEERS.items():
            if peer := installed(name, Path(scratch)):
                sides.append((name, setup, peer[0]))
                print(peer[1])
        for _, setup, python in sides:  # uncounted: it compiles what is imported
            measure(setup, python, CASES=20)
        found: dict[str, list[Figures]] = {name: [] for name, _, _ in sides}
        for _ in range(chosen.rounds):
            for name, setup, python in sides:
                found[name].append(measure(setup, python))
    print(
        f"\n{CASES} cases of {SECONDS} s, {IN_FLIGHT} in flight, {chosen.rounds} rounds:", end=" "
    )
    print("median (minimum to maximum)")
    table(HEAD, (row(name, figures) for name, figures in found.items()))
    if chosen.growth:
        head = ["cases of 0 s", "run", "whole process s", "CPU s", "peak MB", "more, kB a case"]
        table(head, growth((1000, 10_000, 100_000)))


if __name__ == "__main__":
    main()
