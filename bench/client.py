"""The client against the bare SDKs and against its peers, on one local server.

    uv run python bench/client.py [--rounds 5] [--calls 400] [--recordings 20000] [--no-peers]

Compared, at 50 calls in flight: the same structured call by Anthropic's and OpenAI's SDKs as they
are, by `scaffold.llm` with and without recording, by instructor and by pydantic-ai, which uv
installs into environments that are thrown away. The server is a process of its own. Every figure
comes from a new process; the sides take turns, so that a busy machine slows all of them, and each
is divided by the bare SDK of its own round. Wall and CPU seconds are those of the client's process,
after a first call, whose time from the import on stands apart. Before it: what importing each takes.
After it: answers are recorded, and replayed in one process, in ten parts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from peers import SOURCE, installed, machine, spread, table

# Each side defines `one(i)`; the rest is the same for all.
SIDE = """
import asyncio, json, resource, sys, time
from pydantic import BaseModel

class Line(BaseModel):
    name: str
    price: float

class Invoice(BaseModel):
    number: str
    total: float
    lines: list[Line]

calls, parts, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
begun = time.perf_counter()
PROMPT = "Read this invoice, number %d. " + "It has five lines. " * 100
{setup}

async def main():
    gate = asyncio.Semaphore(50)

    async def gated(i):
        async with gate:
            assert (await one(i)).total == 12.5

    await gated(0)
    first = time.perf_counter() - begun
    for part in range(parts):
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(gated(part * calls + i) for i in range(calls)))
        spent = [time.perf_counter() - wall, time.process_time() - cpu]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak /= 2**20 if sys.platform == "darwin" else 2**10
        print(json.dumps([*(one / calls * 1e3 for one in spent), peak, first]), flush=True)

asyncio.run(main())
"""
ANTHROPIC = """
import anthropic
sdk = anthropic.AsyncAnthropic()
async def one(i):
    message = await sdk.messages.parse(model="claude-sonnet-5", max_tokens=4096,
        messages=[{"role": "user", "content": PROMPT % i}], output_format=Invoice)
    return message.parsed_output
"""
OPENAI = """
import openai
sdk = openai.AsyncOpenAI()
async def one(i):
    response = await sdk.responses.parse(model="gpt-5", max_output_tokens=4096,
        input=[{"role": "user", "content": PROMPT % i}], text_format=Invoice)
    return response.output_parsed
"""
OURS = """
from scaffold.llm import Client
llm = Client("MODEL", concurrency=50, HOW)
async def one(i):
    return (await llm.for_case(str(i)).ask(PROMPT % i, returns=Invoice)).output
"""
INSTRUCTOR = """
import anthropic, instructor
side = instructor.from_anthropic(anthropic.AsyncAnthropic(), mode=instructor.Mode.ANTHROPIC_JSON)
async def one(i):
    return await side.messages.create(model="claude-sonnet-5", max_tokens=4096,
        messages=[{"role": "user", "content": PROMPT % i}], response_model=Invoice)
"""
PYDANTIC_AI = """
from pydantic_ai import Agent, PromptedOutput
agent = Agent("anthropic:claude-sonnet-5", output_type=PromptedOutput(Invoice))
async def one(i):
    return (await agent.run(PROMPT % i)).output
"""
CLAUDE, GPT = (
    OURS.replace("MODEL", name) for name in ("anthropic:claude-sonnet-5", "openai:gpt-5")
)
RECORDING, REPLAYING = "recordings=folder", "recordings=folder, mode='replay'"
# A side's name: what runs, and whose figures it is divided by.
SIDES = {
    "anthropic SDK": (ANTHROPIC, "anthropic SDK"),
    "scaffold.llm, Anthropic": (CLAUDE.replace("HOW", ""), "anthropic SDK"),
    "the same, recording": (CLAUDE.replace("HOW", RECORDING), "anthropic SDK"),
    "instructor": (INSTRUCTOR, "anthropic SDK"),
    "pydantic-ai-slim": (PYDANTIC_AI, "anthropic SDK"),
    "openai SDK": (OPENAI, "openai SDK"),
    "scaffold.llm, OpenAI": (GPT.replace("HOW", ""), "openai SDK"),
}
PEERS = {"instructor": "instructor[anthropic]", "pydantic-ai-slim": "pydantic-ai-slim[anthropic]"}
OWN = "anthropic genai-prices"  # what scaffold.llm needs for this job; pydantic comes with them

# What a module that uses it imports. scaffold.llm and instructor import their SDK later.
IMPORTS = {
    "anthropic SDK": "import anthropic",
    "scaffold.llm, Anthropic": "import scaffold.llm",
    "instructor": "import instructor",
    "pydantic-ai-slim": "import pydantic_ai",
}
IMPORTING = """
import json, resource, sys, time
begun = time.perf_counter()
{imports}
took = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([took, peak / (2**20 if sys.platform == "darwin" else 2**10)]))
"""


@contextmanager
def server() -> Generator[dict[str, str]]:
    """Start the server; the environment in which the sides find it."""
    script = str(Path(__file__).with_name("server.py"))
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    urls = {"ANTHROPIC_BASE_URL": url, "OPENAI_BASE_URL": f"{url}/v1"}
    keys = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY"), "synthetic")
    try:
        yield {**os.environ, **urls, **keys, "PYTHONPATH": str(SOURCE)}
    finally:
        process.kill()


Part = tuple[float, float, float, float]  # wall and CPU ms per call, peak MB, s to the first answer


def parts(
    setup: str,
    folder: Path,
    environment: dict[str, str],
    calls: int,
    count: int = 1,
    python: str = "",
) -> list[Part]:
    """Run one side in a process of its own; its figures, part by part."""
    arguments = ["-c", SIDE.replace("{setup}", setup), str(calls), str(count), str(folder)]
    command = [python or sys.executable, *arguments]
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return [tuple(json.loads(line)) for line in said.splitlines()]


def compare(pythons: dict[str, str], scratch: Path, calls: int, rounds: int) -> None:
    found: dict[str, list[Part]] = {name: [] for name in pythons}
    with server() as environment:
        for turn in range(rounds + 1):
            for name, python in pythons.items():
                folder = scratch / f"{turn}-{name}"
                many = calls if turn else 1
                mine = parts(SIDES[name][0], folder, environment, many, python=python)
                found[name] += mine if turn else []
    rows = []
    for name, mine in found.items():
        pairs = list(zip(mine, found[SIDES[name][1]], strict=True))
        absolute = (spread([one[i] for one in mine]) for i in (0, 1))
        relative = (spread([one[i] / bare[i] for one, bare in pairs]) for i in (0, 1))
        peak = f"{max(one[2] for one in mine):.0f}"
        rows.append([name, *absolute, *relative, peak, spread([one[3] for one in mine])])
    print(f"\n{calls} calls, 50 in flight, {rounds} rounds: median (minimum to maximum)")
    head = ["side", "wall ms", "CPU ms", "wall ÷ bare", "CPU ÷ bare", "peak MB", "first answer s"]
    table(head, rows)


def imports(pythons: dict[str, str], rounds: int) -> None:
    """What importing each takes, by turns, each time in a new process."""
    sides = {name: python for name, python in pythons.items() if name in IMPORTS}
    found: dict[str, list[list[float]]] = {name: [] for name in sides}
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    for turn in range(rounds + 1):
        for name, python in sides.items():
            command = [python, "-c", IMPORTING.replace("{imports}", IMPORTS[name])]
            said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
            if turn:
                found[name].append(json.loads(said.stdout))
    rows = [
        [name, spread([took for took, _ in mine], 3), spread([peak for _, peak in mine], 0)]
        for name, mine in found.items()
    ]
    table(["side", "import s", "peak MB"], rows)


def replay(scratch: Path, count: int) -> None:
    folder = scratch / "many"
    with server() as environment:
        parts(CLAUDE.replace("HOW", RECORDING), folder, environment, count)
    setup = CLAUDE.replace("HOW", REPLAYING)
    found = parts(setup, folder, environment, count // 10, 10)  # the server is gone
    rows = [
        [str((index + 1) * count // 10), f"{1e3 / wall:.0f}", f"{peak:.1f}"]
        for index, (wall, _, peak, _) in enumerate(found)
    ]
    print(f"Replay, calls per second: {spread([1e3 / wall for wall, *_ in found], 0)}")
    table(["replayed so far", "calls per second", "peak MB"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--recordings", type=int, default=20_000, help="0 leaves the replay out")
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    print(machine("anthropic", "openai", "httpx2", "pydantic", "genai-prices"))
    with tempfile.TemporaryDirectory() as folder:
        # All sides find their modules compiled, but in their first run, which does not count.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "compiled")
        pythons = {name: sys.executable for name in SIDES if name not in PEERS}
        for name, package in {} if chosen.no_peers else PEERS.items():
            if peer := installed(package, Path(folder)):
                pythons[name] = peer[0]
                print(peer[1])
        if not chosen.no_peers and (own := installed(OWN, Path(folder))):
            print(f"scaffold.llm with {own[1]}")
        imports(pythons, chosen.rounds)
        compare(pythons, Path(folder), chosen.calls, chosen.rounds)
        if chosen.recordings:
            replay(Path(folder), chosen.recordings)


if __name__ == "__main__":
    main()
