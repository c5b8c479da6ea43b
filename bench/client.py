"""The client wrapper against the bare SDK and against peers, on one local server.

    uv run python bench/client.py [--rounds 5] [--calls 400] [--peers]

The server is a process of its own; the sides alternate within one run, so that a busy machine
slows both. Wall and CPU seconds are those of the client's process. `--peers` makes a venv for
each peer with uv and does the same structured call there.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "template" / "src"

SERVER = """
import asyncio, json
text = json.dumps({"number": "INV-1", "total": 12.5, "lines": [{"name": "x", "price": 1.5}] * 5})
A = {"id": "m", "type": "message", "role": "assistant", "model": "claude-sonnet-5",
     "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None,
     "usage": {"input_tokens": 100, "output_tokens": 50}}
body = json.dumps(A).encode()
events = [{"type": "message_start", "message": {**A, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": A["usage"]},
    {"type": "message_stop"}]
said = "".join(f"event: {e['type']}\\ndata: {json.dumps(e)}\\n\\n" for e in events).encode()
head = b"HTTP/1.1 200 OK\\r\\ncontent-type: %s\\r\\ncontent-length: %d\\r\\n\\r\\n"
answer = head % (b"application/json", len(body)) + body
stream = head % (b"text/event-stream", len(said)) + said

async def serve(reader, writer):
    try:
        while True:
            lines = await reader.readuntil(b"\\r\\n\\r\\n")
            length = next(int(l.split(b":")[1]) for l in lines.lower().split(b"\\r\\n")
                          if l.startswith(b"content-length"))
            asked = json.loads(await reader.readexactly(length))
            writer.write(stream if asked.get("stream") else answer)  # pydantic-ai streams
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""

# Each side defines `one(i)`; the rest is the same for all.
SIDE = """
import asyncio, json, os, resource, sys, time
started, cpu = time.perf_counter(), time.process_time()
from pydantic import BaseModel

class Line(BaseModel):
    name: str
    price: float

class Invoice(BaseModel):
    number: str
    total: float
    lines: list[Line]

calls, rounds, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
PROMPT = "Read this invoice, number %d. " + "It has five lines. " * 100
{setup}

async def main():
    gate = asyncio.Semaphore(50)

    async def gated(i):
        async with gate:
            assert (await one(i)).total == 12.5

    await gated(0)
    for n in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(gated(n * calls + i) for i in range(calls)))
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        spent = (time.perf_counter() - wall, time.process_time() - cpu, rss)
        print(json.dumps([spent[0] / calls * 1e3, spent[1] / calls * 1e3, rss]), flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""

BARE = """
import anthropic
sdk = anthropic.AsyncAnthropic()
async def one(i):
    message = await sdk.messages.parse(model="claude-sonnet-5", max_tokens=4096,
        messages=[{"role": "user", "content": PROMPT % i}], output_format=Invoice)
    return message.parsed_output
"""
WRAPPED = """
from scaffold.llm import Client
llm = Client("anthropic:claude-sonnet-5", concurrency=50, RECORDINGS)
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
IMPORTS = {
    "scaffold.llm": "import scaffold.llm",
    "anthropic + openai": "import anthropic, openai",
    "instructor (used)": "import instructor; instructor.from_anthropic",
    "pydantic-ai": "import pydantic_ai",
}


@contextmanager
def server() -> Generator[dict[str, str]]:
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    try:
        yield {
            **os.environ,
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "synthetic",
            "PYTHONPATH": str(SOURCE),
        }
    finally:
        process.kill()


class Side:
    """One process per side; they take turns, a round each."""

    def __init__(self, setup: str, calls: int, rounds: int, folder: str, **how) -> None:
        code = SIDE.replace("{setup}", setup)
        python, environment = how["python"], how["environment"]
        command = [python, "-c", code, str(calls), str(rounds), folder]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def round(self) -> tuple[float, float, float]:
        assert self.process.stdout
        wall, cpu, rss = json.loads(self.process.stdout.readline())
        return wall, cpu, rss

    def go_on(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()


def table(title: str, head: list[str], rows: list[list[str]]) -> None:
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def calls(setups: dict[str, tuple[str, str]], count: int, rounds: int, scratch: str) -> None:
    with server() as environment:
        how = {"environment": environment}
        measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in setups}
        for turn in range(rounds):
            for name, (setup, python) in setups.items():
                folder = str(Path(scratch, f"{name}-{turn}"))
                side = Side(setup, count, 1, folder, python=python, **how)
                measured[name].append(side.round())
                side.go_on()
                side.process.wait()
    middle = {
        name: [statistics.median(one[i] for one in rows) for i in range(3)]
        for name, rows in measured.items()
    }
    floor = next(iter(middle.values()))
    rows = [
        [name, *(f"{x:.2f}" for x in (wall, cpu, wall / floor[0], cpu / floor[1])), f"{rss:.0f}"]
        for name, (wall, cpu, rss) in middle.items()
    ]
    head = ["side", "wall ms per call", "CPU ms per call", "wall ÷ bare", "CPU ÷ bare", "RSS MB"]
    table(f"A structured call, 50 in flight, {count} calls, median of {rounds}", head, rows)


def replay(scratch: str) -> None:
    """Record 20,000 answers, then replay them in one process, in ten parts."""
    folder = str(Path(scratch, "many"))
    with server() as environment:
        setup = WRAPPED.replace("RECORDINGS", "recordings=folder")
        side = Side(setup, 20_000, 1, folder, python=sys.executable, environment=environment)
        side.round()
        side.go_on()
        side.process.wait()
    environment.pop("ANTHROPIC_API_KEY")
    setup = WRAPPED.replace("RECORDINGS", "recordings=folder, mode='replay'")
    side = Side(setup, 2_000, 10, folder, python=sys.executable, environment=environment)
    parts = []
    for _ in range(10):
        parts.append(side.round())
        side.go_on()
    rows = [
        [str((i + 1) * 2_000), f"{1000 / wall:.0f}", f"{rss:.1f}"]
        for i, (wall, _, rss) in enumerate(parts)
    ]
    table("Replay in one process", ["replayed so far", "calls per second", "peak RSS MB"], rows)


def imports(pythons: dict[str, str]) -> None:
    rows = []
    for name, python in pythons.items():
        code = (
            "import resource, time; t = time.perf_counter(); "
            f"{IMPORTS[name]}; "
            "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        command = [python, "-c", code]
        said = [
            subprocess.check_output(command, env=environment, text=True).split() for _ in range(6)
        ][1:]
        seconds = statistics.median(float(one[0]) for one in said)
        rss = statistics.median(float(one[1]) for one in said) / 1024
        rows.append([name, f"{seconds:.2f}", f"{rss:.0f}"])
    table("Import, median of 5", ["import", "seconds", "RSS MB"], rows)


def peer(name: str, scratch: str) -> tuple[str, str]:
    """A venv with one peer; its Python, and its size and versions."""
    folder = Path(scratch, name.replace("[", "-").rstrip("]"))
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    packages = name.split("+")
    install = ["uv", "pip", "install", "--quiet", "--python", python, *packages]
    subprocess.run(install, check=True)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink())
    code = (
        "import importlib.metadata as m; print(', '.join(f'{d.name} {d.version}' for d in "
        "m.distributions() if d.name in ('anthropic', 'openai', 'instructor', 'pydantic-ai-slim')))"
    )
    versions = subprocess.check_output([python, "-c", code], text=True).strip()
    return python, f"{size / 1e6:.0f} MB ({versions})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    names = ("anthropic", "openai", "httpx2", "pydantic", "genai-prices")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; {versions}")
    here = sys.executable
    with tempfile.TemporaryDirectory() as scratch:
        setups = {
            "anthropic SDK, messages.parse": (BARE, here),
            "scaffold.llm": (WRAPPED.replace("RECORDINGS", ""), here),
            "scaffold.llm, recording": (WRAPPED.replace("RECORDINGS", "recordings=folder"), here),
        }
        pythons = {"scaffold.llm": here, "anthropic + openai": here}
        if options.peers:
            wrapper = "anthropic+openai+pydantic+genai-prices+httpx2"
            sizes = {"scaffold.llm": peer(wrapper, scratch)[1]}
            python, sizes["instructor"] = peer("instructor[anthropic]", scratch)
            setups["instructor"] = (INSTRUCTOR, python)
            pythons["instructor (used)"] = python
            python, sizes["pydantic-ai"] = peer("pydantic-ai-slim[anthropic,openai]", scratch)
            setups["pydantic-ai"] = (PYDANTIC_AI, python)
            pythons["pydantic-ai"] = python
            table("Installed", ["what", "size"], [[name, size] for name, size in sizes.items()])
        calls(setups, options.calls, options.rounds, scratch)
        imports(pythons)
        replay(scratch)


if __name__ == "__main__":
    main()
