"""The harness against its bound and its peers: 2,000 cases of 50 ms, 50 in flight.

    python bench/harness.py            # ours and a bare loop
    python bench/harness.py --peers    # also inspect-ai and pydantic-evals, which uv installs
    python bench/harness.py --growth   # also from 1,000 to 100,000 cases

Each line is a process of its own: whole wall time, time inside the run, CPU, peak memory, import.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "template" / "src"
CASES, IN_FLIGHT, SECONDS = 2000, 50, 0.05

BARE = """
import asyncio, json
async def main():
    gate, file = asyncio.Semaphore(IN_FLIGHT), open("bare.jsonl", "w", encoding="utf-8")
    async def one(i):
        async with gate:
            await asyncio.sleep(SECONDS)
            file.write(json.dumps({"id": i, "right": i % 5 > 0}) + "\\n")
            file.flush()
    await asyncio.gather(*(one(i) for i in range(CASES)))
"""
OURS = """
import asyncio
from pathlib import Path
from scaffold.evals import Case, Outcome, RunOptions, evaluate
from scaffold.evals.terminal import progress, results_table
async def solve(case, epoch):
    await asyncio.sleep(SECONDS)
    return Outcome({"right": int(case.id) % 5 > 0})
def score(case, outcome):
    return {"exact": outcome.output["right"]}
async def main():
    cases = [Case(str(i), {"i": i}, {"right": True}) for i in range(CASES)]
    with progress() as show:
        results = await evaluate(cases, solve, score, folder=Path("run"),
                                 options=RunOptions(concurrency=IN_FLIGHT), on_progress=show)
    print(results_table(results), file=sys.stderr)
"""
PYDANTIC_EVALS = """
import asyncio
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import EqualsExpected
async def solve(i):
    await asyncio.sleep(SECONDS)
    return i % 5 > 0
async def main():
    cases = [Case(name=str(i), inputs=i, expected_output=True) for i in range(CASES)]
    dataset = Dataset(name="bench", cases=cases, evaluators=[EqualsExpected()])
    report = await dataset.evaluate(solve, max_concurrency=IN_FLIGHT)
    report.print()
"""
INSPECT = """
import asyncio
from inspect_ai import Task, eval_async
from inspect_ai.dataset import Sample
from inspect_ai.scorer import exact
from inspect_ai.solver import solver
@solver
def waits():
    async def solve(state, generate):
        await asyncio.sleep(SECONDS)
        state.output.completion = "yes" if int(state.sample_id) % 5 else "no"
        return state
    return solve
async def main():
    samples = [Sample(id=str(i), input=str(i), target="yes") for i in range(CASES)]
    task = Task(dataset=samples, solver=waits(), scorer=exact())
    await eval_async(task, model="mockllm/model", max_samples=IN_FLIGHT, log_dir="log")
"""
FRAME = """
import sys, time
begun = time.perf_counter()
{body}
imported = time.perf_counter() - begun
begun = time.perf_counter()
asyncio.run(main())
ran = time.perf_counter() - begun
import json, resource
used = resource.getrusage(resource.RUSAGE_SELF)
peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
figures = {{"run_s": ran, "import_s": imported, "cpu_s": used.ru_utime + used.ru_stime, "peak_mib": peak}}
open("figures.json", "w", encoding="utf-8").write(json.dumps(figures))
"""


def measure(
    body: str, command: list[str], cases: int, seconds: float, in_flight: int
) -> dict[str, float]:
    for name, value in (("CASES", cases), ("SECONDS", seconds), ("IN_FLIGHT", in_flight)):
        body = body.replace(name, str(value))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "work.py").write_text(FRAME.format(body=body), "utf-8")
        begun = time.perf_counter()
        done = subprocess.run(
            [*command, "work.py"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "120"},
            capture_output=True,
            encoding="utf-8",
        )
        wall = time.perf_counter() - begun
        if done.returncode:
            sys.exit(f"{command} failed:\n{done.stderr[-2000:]}")
        return {"wall_s": wall, **json.loads((Path(folder) / "figures.json").read_text("utf-8"))}


def peer(package: str, folder: str) -> tuple[list[str], float]:
    """Install a package into an environment of its own; return its Python and its size in MB."""
    place = Path(folder) / package
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(place)], check=True)
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [
        "uv",
        "pip",
        "install",
        "-q",
        "--link-mode",
        "copy",
        "--python",
        str(python),
        package,
    ]
    subprocess.run(install, check=True)
    size = sum(f.stat().st_size for f in place.rglob("*") if f.is_file() and not f.is_symlink())
    return [str(python)], size / 1e6


def show(name: str, runs: list[dict[str, float]], note: str = "") -> None:
    middle = sorted(runs, key=lambda run: run["wall_s"])[len(runs) // 2]
    cells = "  ".join(f"{key} {value:8.2f}" for key, value in middle.items())
    print(f"{name:28}{cells}  {note}", flush=True)


def main() -> None:
    work = (CASES, SECONDS, IN_FLIGHT)
    print(
        f"{CASES} cases of {SECONDS} s, {IN_FLIGHT} at once: bound {CASES * SECONDS / IN_FLIGHT} s"
    )
    print("the median of three processes by wall time")
    show("bare loop", [measure(BARE, [sys.executable], *work) for _ in range(3)])
    show("scaffold.evals", [measure(OURS, [sys.executable], *work) for _ in range(3)])
    if "--peers" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            for package, body in (("pydantic-evals", PYDANTIC_EVALS), ("inspect-ai", INSPECT)):
                python, size = peer(package, folder)
                runs = [measure(body, python, *work) for _ in range(3)]
                show(package, runs, f"install {size:.0f} MB")
    if "--growth" in sys.argv:
        for cases in (1000, 10_000, 100_000):
            show(f"scaffold.evals, {cases:,}", [measure(OURS, [sys.executable], cases, 0, 200)])


if __name__ == "__main__":
    main()
