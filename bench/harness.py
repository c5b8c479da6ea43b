"""The harness against its bound and its peers: 2,000 cases of 50 ms, 50 in flight, so 2 s at least.

    uv run python bench/harness.py [--rounds 5] [--no-peers] [--growth]

Compared: a bare loop that writes a line for each case, `scaffold.evals` with its progress, table and
report, and pydantic-evals and inspect-ai, which uv installs into environments that are thrown away.
Every figure comes from a new process; the sides take turns, so that a busy machine slows all of
them. "Cases" is the time from the start of the first case to the end of the last one; "the rest" is
all else that the process took: its start, imports, statistics, report. `--growth` runs
`scaffold.evals` over 1,000 to 100,000 cases that take no time, for time and memory per case.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
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


def measure(
    setup: str,
    python: str,
    cases: int = CASES,
    seconds: float = SECONDS,
    in_flight: int = IN_FLIGHT,
) -> Figures:
    """Run one side in a process and a folder of its own."""
    code = SIDE.replace("{setup}", setup)
    for name, value in (("CASES", cases), ("SECONDS", seconds), ("IN_FLIGHT", in_flight)):
        code = code.replace(name, str(value))
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "120"}
    with tempfile.TemporaryDirectory() as folder:
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
            measure(setup, python, cases=20)
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
        counts = (1000, 10_000, 100_000)
        each = ((count, measure(OURS, sys.executable, count, 0, 200)) for count in counts)
        table(HEAD, (row(f"{count:,} cases of 0 s", [one]) for count, one in each))


if __name__ == "__main__":
    main()
