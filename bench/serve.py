"""The API against a bare FastAPI endpoint that awaits the same 50 ms; a file's rows against their bound.

    uv run python bench/serve.py [--rounds 5] [--requests 4000] [--flat 50000] [--rows 10000]

Both servers run as they would (uvicorn, one worker, their log into a file). 200 connections are kept
open by one process that speaks HTTP itself, since a client library would cost more than a server;
the sides take turns. `--flat 0` and `--rows 0` leave those parts out. Bounds: throughput and p99 at
most 1.2 times the bare endpoint's; memory flat; every call that is under way at SIGTERM is answered;
rows in at most 1.1 times what they have to take at 50 in flight, and five times as many in the same memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from peers import machine, spread, table
from rendering import own_settings, render, tagged_clone

AT_ONCE, SECONDS, BOUND = 200, 0.05, 1.2
SOLVER = f"""
import asyncio
from .schemas import Input, Output

async def solve(input: Input, llm: object) -> Output:
    await asyncio.sleep({SECONDS})
    return Output(text=input.text)
"""
BARE = f"""
import asyncio
from fastapi import FastAPI
from pydantic import BaseModel

class Text(BaseModel):
    text: str

app = FastAPI()

@app.post("/solve")
async def solve(given: Text) -> Text:
    await asyncio.sleep({SECONDS})
    return given

@app.get("/health")
async def health() -> dict[str, str]:
    return {{}}
"""


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int

    def memory_mb(self) -> float:
        """Resident memory; Linux only."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_s(self) -> float:
        """Seconds of processor so far, which other work on the machine hardly changes; Linux only."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def started(folder: Path, *command: str) -> Server:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "TAKEHOME_SOLVER": "slow"}
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    while process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return Server(process, port)
        time.sleep(0.05)
    raise SystemExit(f"it did not start: {(folder / f'{port}.log').read_text('utf-8')}")


def served(folder: Path) -> Server:
    return started(folder, "scaffold.cli", "serve", "--calls", str(AT_ONCE))


def bare(folder: Path) -> Server:
    return started(folder, "uvicorn", "bare:app", "--no-access-log", "--log-level", "warning")


async def load(port: int, requests: int, at_once: int = AT_ONCE) -> tuple[float, list[float], int]:
    """Send so many requests; return the seconds in all, each one's, and how many failed."""
    body = json.dumps({"text": "a text of some length " * 5}).encode()
    head = f"POST /solve HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
    message = head.encode() + b"content-type: application/json\r\n\r\n" + body
    left, times, failed = iter(range(requests)), list[float](), 0

    async def connection() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            begun = time.perf_counter()
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].split()[0])
            await reader.readexactly(length)
            times.append(time.perf_counter() - begun)
            failed += not answer.startswith(b"HTTP/1.1 200")
        writer.close()

    begun = time.perf_counter()
    done = await asyncio.gather(*(connection() for _ in range(at_once)), return_exceptions=True)
    failed += sum(isinstance(one, BaseException) for one in done)
    return time.perf_counter() - begun, times, failed


def compare(folder: Path, rounds: int, requests: int) -> None:
    sides = {"bare FastAPI": bare(folder), "the part api": served(folder)}
    figures: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, server in sides.items():
            before = server.cpu_s()
            took, times, failed = asyncio.run(load(server.port, requests))
            cpu = (server.cpu_s() - before) / requests * 1e6
            if failed:
                raise SystemExit(f"{name}: {failed} of {requests} failed")
            ordered = sorted(times)
            middle, late = (ordered[len(ordered) * p // 100] * 1000 for p in (50, 99))
            if number:  # the first round warms up
                figures[name].append((requests / took, middle, late, cpu))
    for server in sides.values():
        server.process.send_signal(signal.SIGTERM)
        server.process.wait()
    floors, rows = figures["bare FastAPI"], []
    for name, found in figures.items():
        rows.append([name, *(spread([one[column] for one in found]) for column in range(4))])
        slower = [floor[0] / one[0] for floor, one in zip(floors, found, strict=True)]
        later = [one[2] / floor[2] for floor, one in zip(floors, found, strict=True)]
        dearer = [one[3] / floor[3] for floor, one in zip(floors, found, strict=True)]
        rows[-1] += [spread(slower), spread(later), spread(dearer)]
    head = [
        "side",
        "requests per s",
        "p50 ms",
        "p99 ms",
        "CPU µs each",
        "throughput: times slower",
        "p99 ÷ bare",
        "CPU ÷ bare",
    ]
    table(head, rows)
    print(f"bound of throughput and p99: {BOUND}\n")


def flat(folder: Path, requests: int) -> None:
    server, rows = served(folder), []
    for part in range(6):
        if part:
            _, _, failed = asyncio.run(load(server.port, requests // 5))
            rows.append([str(requests // 5 * part), f"{server.memory_mb():.1f}", str(failed)])
        else:
            asyncio.run(load(server.port, 2000))
            rows.append(["0 (after 2000 to warm up)", f"{server.memory_mb():.1f}", "0"])
    table(["requests", "resident MB", "failed"], rows)

    async def stopped() -> int:
        calls = asyncio.create_task(load(server.port, AT_ONCE))
        await asyncio.sleep(SECONDS / 2)
        server.process.send_signal(signal.SIGTERM)
        return (await calls)[2]

    print(f"{AT_ONCE} calls under way at SIGTERM: {asyncio.run(stopped())} were not answered\n")
    server.process.wait()


def rows_of_a_file(folder: Path, rows: int) -> list[str]:
    given = folder / "rows.csv"
    given.write_text("text\n" + "".join(f"row {n}\n" for n in range(rows)), encoding="utf-8")
    command = [sys.executable, "-m", "scaffold.cli", "run", "--in", "rows.csv", "--out", "out.csv"]
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "TAKEHOME_CONCURRENCY": "50"}
    before, begun, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0.0
    process = subprocess.Popen([*command, "--solver", "slow"], cwd=folder, env=environment)
    while process.poll() is None:
        peak = max(peak, peak_mb(process.pid))
        time.sleep(0.02)
    took, least = time.perf_counter() - begun, rows * SECONDS / 50
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode:
        raise SystemExit(f"takehome run ended with {process.returncode}")
    figures = [f"{took:.2f}", f"{least:.2f}", f"{took / least:.2f}", f"{cpu:.2f}", f"{peak:.1f}"]
    return [str(rows), *figures]


def peak_mb(pid: int) -> float:
    """A process's own peak; Linux only. What wait4 tells is at least its parent's memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024 if "VmHWM" in status else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--flat", type=int, default=50_000)
    parser.add_argument("--rows", type=int, default=10_000)
    given = parser.parse_args()
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(
        f"{machine('fastapi', 'uvicorn', 'pydantic')}; load {load:.1f} on {cores} before it began\n"
    )
    with tempfile.TemporaryDirectory() as made, own_settings(Path(made)):
        parts = (
            ["api", "files"]
            if (Path(__file__).parents[1] / "template/src/scaffold/files.py").exists()
            else ["api"]
        )
        template = tagged_clone(Path(made) / "template")
        folder = render(template, Path(made) / "task", kind="blank", parts=parts)
        (folder / "src" / "task" / "slow.py").write_text(SOLVER, encoding="utf-8")
        (folder / "bare.py").write_text(BARE, encoding="utf-8")
        compare(folder, given.rounds, given.requests)
        if given.flat:
            flat(folder, given.flat)
        if given.rows:
            sizes = (given.rows, 5 * given.rows)  # memory is to be the same
            found = [rows_of_a_file(folder, rows) for rows in sizes]
            table(["rows", "seconds", "bound", "times", "CPU s", "peak MB"], found)


if __name__ == "__main__":
    main()
