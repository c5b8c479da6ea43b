"""What agent, sql and hybrid search asked once is replayed in another process, days later, keyless."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

TEMPLATE = Path(__file__).parents[2] / "template"
QUERY = '{"sql": "SELECT count(*) FROM ferry", "reason": ""}'
STEPS = [("get_order", {"order_id": "Q-219"}), ("refund", {"order_id": "Q-219", "cents": 1500})]


class Vendor(BaseHTTPRequestHandler):
    """Speaks just enough of three endpoints; its answers are made up for this test."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append(json.dumps(body))  # type: ignore[attr-defined]
        name = self.path.rpartition("/")[2]
        content = json.dumps(getattr(self, f"to_{name}")(body)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def script(self, body: dict[str, Any]) -> tuple[list[Any], str]:
        """Return the steps to ask for, and what to say after them; who gives no tools wants SQL."""
        return (STEPS, "Paid back.") if body.get("tools") else ([], QUERY)

    def to_messages(self, body: dict[str, Any]) -> dict[str, Any]:
        done = sum(message["role"] == "assistant" for message in body["messages"])
        steps, said = self.script(body)
        content = [{"type": "text", "text": said}]
        if done < len(steps):
            tool, arguments = steps[done]
            use = {"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex}", "name": tool}
            content = [use | {"input": arguments}]
        usage = {"input_tokens": 100, "output_tokens": 20}
        about = {"id": "msg", "type": "message", "role": "assistant", "model": body["model"]}
        reason = "tool_use" if done < len(steps) else "end_turn"
        return {**about, "content": content, "stop_reason": reason, "usage": usage}

    def to_responses(self, body: dict[str, Any]) -> dict[str, Any]:
        asked = [item for item in body["input"] if isinstance(item, dict)]
        done = sum(item.get("type") == "function_call_output" for item in asked)
        steps, said = self.script(body)
        content = [{"type": "output_text", "text": said, "annotations": []}]
        item = {"type": "message", "id": "m", "role": "assistant", "content": content}
        if done < len(steps):
            tool, arguments = steps[done]
            item = {"type": "function_call", "id": "fc", "call_id": f"call_{uuid.uuid4().hex}"}
            item |= {"name": tool, "arguments": json.dumps(arguments), "status": "completed"}
        usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
        usage |= {"input_tokens_details": {"cached_tokens": 0}}
        usage |= {"output_tokens_details": {"reasoning_tokens": 0}}
        about = {"id": "resp", "object": "response", "created_at": 1, "model": body["model"]}
        return {**about, "status": "completed", "error": None, "output": [item], "usage": usage}

    def to_embeddings(self, body: dict[str, Any]) -> dict[str, Any]:
        wet = [float(any(w in text.lower() for w in ("boat", "ship"))) for text in body["input"]]
        vectors = [[value, 1 - value] for value in wet]
        data = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
        usage = {"prompt_tokens": 9, "total_tokens": 9}
        return {"object": "list", "data": data, "model": body["model"], "usage": usage}

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def vendor() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    server.seen = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


# In every process: another day, so that what a request says of the time would differ.
LATER = """
import datetime, sys
class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(days={days})
import scaffold.llm
for name, module in list(sys.modules.items()):
    if name.startswith("scaffold.llm") and hasattr(module, "datetime"):
        module.datetime = Later
"""


def python(project: Any, script: str, days: int, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    paths = os.pathsep.join([str(TEMPLATE / "src"), str(project.folder / "src")])
    done = subprocess.run(
        [sys.executable, "-c", LATER.replace("{days}", str(days)) + script],
        cwd=project.folder,
        env={**kept, "PYTHONPATH": paths, "NO_PROXY": "127.0.0.1", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


EVAL = """
from scaffold.cli import main
sys.argv = ["takehome", "eval", "--solver", "solution", "--case", "{case}", "--json"]
sys.argv += ["--epochs", "2"]
main()
"""


@pytest.fixture(params=[("anthropic", "", "claude-sonnet-5-5"), ("openai", "/v1", "gpt-6-sol")])
def replayed(vendor: Any, request: pytest.FixtureRequest) -> Callable[[Any, str], dict[str, Any]]:
    """Give a function that runs a case, runs it again days later, and holds the two together."""
    name, path, model = request.param
    chosen = {"TAKEHOME_MODEL": f"{name}:{model}"}
    address = f"http://127.0.0.1:{vendor.server_port}{path}"
    keys = {f"{name.upper()}_API_KEY": "synthetic", f"{name.upper()}_BASE_URL": address}
    nowhere = {f"{name.upper()}_BASE_URL": "http://127.0.0.1:9"}

    def run(project: Any, case: str) -> dict[str, Any]:
        evaluate = EVAL.replace("{case}", case)
        first = json.loads(python(project, evaluate, 0, **chosen, **keys))
        asked = len(vendor.seen)
        again = json.loads(python(project, evaluate, 3, **chosen, **nowhere))
        for results in (first, again):
            for differs in ("run", "against", "latency_s"):
                results.pop(differs, None)
        assert again == first
        assert len(vendor.seen) == asked
        return first

    return run


def test_a_recorded_agent_runs_again_three_days_later_without_a_key_or_a_network(
    agent: Any, vendor: Any, replayed: Callable[[Any, str], dict[str, Any]]
) -> None:
    first = replayed(agent, "03")
    assert first["errors"] == 0
    assert first["scores"]["success"]["mean"] == 1
    sent = "\n".join(vendor.seen)
    assert len(vendor.seen) == 6  # three calls, two epochs
    runs = [json.loads(log.read_text("utf-8")) for log in agent.folder.glob("results/agent/*")]
    assert len({run["run_id"] for run in runs}) == 2  # an id of its own for each epoch
    assert all(f"receipt {run['run_id'][:8]}-Q-219" in sent for run in runs)


def test_a_recorded_query_runs_again_three_days_later_without_a_key_or_a_network(
    sql: Any, vendor: Any, replayed: Callable[[Any, str], dict[str, Any]]
) -> None:
    first = replayed(sql, "count-ferries")
    assert first["errors"] == 0
    assert first["scores"]["execution_accuracy"]["mean"] == 1
    today = datetime.now(UTC).date()
    assert len(vendor.seen) == 2  # one call, two epochs
    assert all(f"Today is {today}" in request for request in vendor.seen)


SEARCH = """
import asyncio
from pathlib import Path
from scaffold.llm import Client
from the_task import embeddings
from the_task.retrieval import Index

async def search():
    async with Client("openai:gpt-6-sol", recordings=Path("recordings")) as llm:
        index = Index(Path("docs"))
        if not embeddings.VECTORS.exists():
            await embeddings.embed(index, Client("openai:gpt-6-sol"))
        found = await embeddings.Hybrid(index, llm.for_case("1")).search("ship", 2)
        print([chunk.place for chunk in found])

asyncio.run(search())
"""


def test_a_questions_embedding_is_recorded_and_replays_without_a_key(rag: Any, vendor: Any) -> None:
    docs = rag.folder / "docs"
    docs.mkdir()
    for name, text in (("a.md", "a cat and a hat"), ("b.md", "the boat"), ("c.md", "a dog")):
        (docs / name).write_text(text, encoding="utf-8")
    keys = {"OPENAI_API_KEY": "synthetic"}
    keys |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{vendor.server_port}/v1"}
    first = python(rag, SEARCH, 0, **keys)
    assert "'b.md#1'" in first
    assert len(vendor.seen) == 2  # the documents, then the question
    assert len(list(rag.folder.glob("recordings/*/*.json"))) == 1
    (rag.folder / "data/.index.sqlite3").unlink()  # a clone does not have it
    assert python(rag, SEARCH, 3, OPENAI_BASE_URL="http://127.0.0.1:9/v1") == first
    assert len(vendor.seen) == 2
