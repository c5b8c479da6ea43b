"""Runs by batch against a server that speaks both protocols: rounds, failures, kills, limits."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from batch_server import SECONDS, BatchServer, batch_server
from pydantic import BaseModel

from scaffold import batch, evals
from scaffold.cli import solver_of
from scaffold.llm import BudgetExceeded, Client, LLMError, Rejected, batches
from scaffold.project import ProjectError

SOURCE = Path(batch.__file__).parents[1]
MODELS = {"anthropic": "anthropic:claude-sonnet-5-5", "openai": "openai:gpt-5.5"}


class Output(BaseModel):
    text: str


async def solve(input: Any, llm: Client) -> Output:
    reply = await llm.ask(f"What is case {input}?", returns=Output)
    return reply.output


def score(case: Any, outcome: Any) -> dict[str, Any]:
    return {"exact": outcome.output.text == "synthetic"}


def cases_of(n: int) -> list[Any]:
    return [evals.Case(str(i), i) for i in range(n)]


@pytest.fixture(params=MODELS)
def vendor(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchServer]:
    with batch_server() as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        yield server


class Desk:
    """A project's folder, and the command's two halves over it: settle, then score."""

    def __init__(self, folder: Path, model: str, solver: Any = solve, scorer: Any = score) -> None:
        self.folder, self.model, self.solver, self.scorer = folder, model, solver, scorer
        self.run, self.manifest = folder / "results" / "run", {"epochs": 1, "notes": []}
        self.here: Any = SimpleNamespace(root=folder, case_s=600, concurrency=4)

    def client(self, **options: Any) -> Client:
        return Client(self.model, recordings=self.folder / "recordings", **options)

    def settle(
        self, cases: list[Any], client: Client | None = None, as_json: bool = True
    ) -> Client | None:
        """What the run is scored with; None while answers are awaited."""
        client = client or self.client()
        self.manifest["notes"] = []

        async def attempt(case: Any, client: Client, epoch: int) -> None:
            outcome = await evals.solved(solver_of(self.solver, client), case, epoch, None)
            await evals.scored(self.scorer, case, outcome, client.for_case(case.id, epoch))

        given = (self.here, client, self.run, self.manifest, cases, attempt)
        if awaited := batch.settle(*given):
            batch.say(self.run.name, awaited, as_json)
            return None
        return client

    def score(self, cases: list[Any], client: Client | None) -> Any:
        assert client is not None
        solver = solver_of(self.solver, client)
        how: Any = {"folder": self.run, "manifest": self.manifest, "judge": client.for_case}
        return asyncio.run(evals.evaluate(cases, solver, self.scorer, resume=True, **how))

    def go(self, cases: list[Any]) -> Any:
        """Send, and score at once: for a server whose batches end when they begin."""
        assert self.settle(cases) is None
        return self.score(cases, self.settle(cases))


def said_last(body: Any) -> str:
    content = (body.get("messages") or body["input"])[-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


def number_in(body: Any) -> int:
    return int(said_last(body).removeprefix("What is case ").removesuffix("?"))


def test_batches_that_have_not_ended_are_awaited_and_nothing_is_sent_twice(
    tmp_path: Path, server: BatchServer, vendor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, cases = Desk(tmp_path, MODELS[vendor]), cases_of(3)
    for _ in range(3):
        assert desk.settle(cases) is None
        said = json.loads(capsys.readouterr().out)
        assert (said["run"], said["requests"], said["batches"][0]["id"]) == ("run", 3, "batch_1")
        assert said["batches"][0]["status"] == "in_progress"
    assert Counter(map(number_in, server.asked)) == {0: 1, 1: 1, 2: 1}
    assert not (tmp_path / "recordings").exists()
    assert desk.settle(cases, as_json=False) is None
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{MODELS[vendor]} batch_1: in_progress, 3 ")
    assert last == "3 requests in 1 batches; come back with `takehome eval --resume run`."


def test_answers_become_recordings_at_half_the_price_that_replay_without_the_batch(
    tmp_path: Path, server: BatchServer, vendor: str
) -> None:
    desk, cases = Desk(tmp_path, MODELS[vendor]), cases_of(3)
    server.ended = True
    done = desk.go(cases)
    assert (done["n"], done["errors"], done["scores"]["exact"]["mean"]) == (3, 0, 1)
    live = {"anthropic": 100 * 2 + 10 * 10, "openai": 100 * 5 + 10 * 30}[vendor] / 1e6
    assert done["cost_usd"] == pytest.approx(3 * live / 2)
    assert done["latency_s"]["p50"] == pytest.approx(SECONDS, abs=1)
    assert any("came by batch" in note for note in done["notes"])
    for file in (tmp_path / "recordings").glob("*/*.json"):
        answer = json.loads(file.read_text("utf-8"))["answer"]
        assert answer["request_id"] == ("req_9" if vendor == "openai" else "")
    asked = len(server.paths)
    replaying = desk.client(mode="replay").for_case("1")
    again = asyncio.run(replaying.ask("What is case 1?", returns=Output))
    assert (again.replayed, again.output.text, len(server.paths)) == (True, "synthetic", asked)


def test_what_failed_expired_or_was_cancelled_is_its_cases_error_and_only_that_is_sent_again(
    tmp_path: Path, server: BatchServer, vendor: str
) -> None:
    desk, cases = Desk(tmp_path, MODELS[vendor]), cases_of(8)
    fates = ("succeeded", "errored", "overloaded", "expired", "canceled")
    server.fate, server.ended = lambda body: fates[min(number_in(body), 4)], True
    if vendor == "openai":
        server.fate = lambda body: (*fates, "lost")[min(number_in(body), 5)]
    done = desk.go(cases)
    kinds = {"Rejected": 1, "TimedOut": 1, "VendorUnavailable": 5}
    assert (done["error_kinds"], done["scores"]["exact"]["n"]) == (kinds, 8)
    rows = {row["id"]: row for row in map(json.loads, (desk.run / "cases.jsonl").open())}
    assert "batch_1: invalid_request_error: it is errored; resume" in rows["1"]["error"]
    assert rows["3"]["error_kind"] == "TimedOut"
    assert len(server.batches) == 1  # the run is scored, and nothing was sent for that

    server.fate = lambda body: "succeeded"
    done = desk.go(cases)
    assert (done["n"], done["errors"], len(server.batches)) == (8, 0, 2)
    assert Counter(map(number_in, server.asked)) == {0: 1} | dict.fromkeys(range(1, 8), 2)
    assert desk.score(cases, desk.settle(cases))["errors"] == 0  # and then nothing is left to send
    assert len(server.batches) == 2


def test_a_batch_that_failed_as_a_whole_names_the_vendors_reason(
    tmp_path: Path, server: BatchServer
) -> None:
    desk, server.ended, server.status = Desk(tmp_path, MODELS["openai"]), True, "failed"
    done = desk.go(cases_of(2))
    assert done["error_kinds"] == {"VendorUnavailable": 2}
    assert "failed: too many tokens are enqueued" in (desk.run / "cases.jsonl").read_text("utf-8")


@pytest.mark.parametrize("limit", [(2, 10**9), (10**9, 900)])
def test_what_the_vendors_limits_do_not_allow_in_one_batch_goes_out_in_several(
    tmp_path: Path, server: BatchServer, vendor: str, limit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, *_ = batches.APIS[vendor]
    monkeypatch.setitem(batches.APIS, vendor, (where, *limit))
    desk, server.ended = Desk(tmp_path, MODELS[vendor]), True
    assert desk.go(cases_of(5))["errors"] == 0
    sizes = [len(one["requests"]) for one in server.batches.values()]
    assert sizes == ([2, 2, 1] if limit[0] == 2 else [1, 1, 1, 1, 1])


def test_each_batch_is_of_one_model(tmp_path: Path, server: BatchServer) -> None:
    async def either(input: Any, llm: Client) -> Output:
        model = [*MODELS.values(), "openai:gpt-5.4-mini"][input % 3]
        return (await llm.ask(f"What is case {input}?", returns=Output, model=model)).output

    desk, server.ended = Desk(tmp_path, MODELS["openai"], either), True
    assert desk.go(cases_of(7))["errors"] == 0
    models = [{body["model"] for _, body in one["requests"]} for one in server.batches.values()]
    assert sorted(map(sorted, models)) == [["claude-sonnet-5-5"], ["gpt-5.4-mini"], ["gpt-5.5"]]


KILLED = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from test_batch import Desk, batches, cases_of
batches.APIS = {name: (place, 3, 10**9) for name, (place, *_) in batches.APIS.items()}
Desk(Path(sys.argv[1]), sys.argv[2]).settle(cases_of(6))
"""


def sending(desk: Desk, server: BatchServer, path: str, n: int = 1) -> subprocess.Popen[bytes]:
    """The first command, while the vendor is silent to the n-th POST to `path`."""
    server.silent = (f"POST {path}", n)
    command = [sys.executable, "-c", KILLED, str(desk.folder), desk.model]
    places = (str(Path(__file__).parent), str(SOURCE), str(Path(__file__).parents[1]))
    process = subprocess.Popen([*command, *places])
    begun = time.monotonic()
    while server.paths.count(f"POST {path}") < n and time.monotonic() < begun + 60:
        time.sleep(0.02)
    return process


def killed(desk: Desk, server: BatchServer, path: str, n: int = 1) -> None:
    """Run the first command, and kill it there."""
    process = sending(desk, server, path, n)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    server.silent = None
    assert server.paths.count(f"POST {path}") == n


@pytest.mark.parametrize("n", [1, 2])
def test_killed_before_it_knew_the_batchs_id_a_run_finds_the_batch_and_pays_once(
    tmp_path: Path, server: BatchServer, vendor: str, n: int
) -> None:
    desk, cases = Desk(tmp_path, MODELS[vendor]), cases_of(6)
    killed(desk, server, "/v1/messages/batches" if vendor == "anthropic" else "/v1/batches", n)
    planned = json.loads((desk.run / "batch.json").read_text("utf-8"))
    assert [bool(one["shown"]) for one in planned] == [i < n - 1 for i in range(2)]
    assert [len(one["requests"]) for one in planned] == [3, 3]
    assert desk.settle(cases) is None
    server.ended = True
    found = desk.settle(cases) or desk.settle(cases)  # what was never created is sent between
    assert desk.score(cases, found)["errors"] == 0
    assert Counter(map(number_in, server.asked)) == dict.fromkeys(range(6), 1)


def test_killed_before_the_batch_was_created_a_run_sends_it(
    tmp_path: Path, server: BatchServer
) -> None:
    desk, cases, server.ended = Desk(tmp_path, MODELS["openai"]), cases_of(6), True
    killed(desk, server, "/v1/files")
    assert server.batches == {}
    assert desk.go(cases)["errors"] == 0
    assert len(server.batches) == 1


@pytest.mark.parametrize("begun", [True, False])
def test_of_two_commands_at_once_only_one_sends_and_the_other_gets_a_sentence(
    tmp_path: Path, server: BatchServer, begun: bool
) -> None:
    desk, cases, server.ended = Desk(tmp_path, MODELS["anthropic"]), cases_of(6), True
    if begun:  # a run that is resumed: of its cases, some are to be sent again
        server.fate = lambda body: ("succeeded", "expired")[number_in(body) % 2]
        assert desk.go(cases)["errors"] == 3
    path = "/v1/messages/batches"
    n = server.paths.count(f"POST {path}") + 1
    first = sending(desk, server, path, n)
    with pytest.raises(ProjectError, match="another command sends batches here"):
        desk.settle(cases)
    first.kill()
    first.wait()
    assert server.paths.count(f"POST {path}") == n
    server.silent, server.fate = None, lambda body: "succeeded"
    found = desk.settle(cases) or desk.settle(cases)  # a kill lets others in again
    assert desk.score(cases, found)["errors"] == 0
    assert Counter(map(number_in, server.asked)) == {i: 1 + (begun and i % 2) for i in range(6)}


def test_a_refused_creation_is_a_sentence_and_the_run_can_go_on(
    tmp_path: Path, server: BatchServer, vendor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk, server.ended = Desk(tmp_path, MODELS[vendor]), True
    path = "/v1/messages/batches" if vendor == "anthropic" else "/v1/batches"
    server.refuse = (f"POST {path}", 503)
    with pytest.raises(LLMError, match="not now"):
        desk.settle(cases_of(2))
    assert server.paths.count(f"POST {path}") == 1  # never tried twice
    assert "run: run" in capsys.readouterr().err
    server.refuse = None
    assert desk.go(cases_of(2))["errors"] == 0
    assert len(server.batches) == 1


def test_somebody_elses_batch_of_the_same_size_is_no_answer(
    tmp_path: Path, server: BatchServer
) -> None:
    desk, cases, server.ended = Desk(tmp_path, MODELS["anthropic"]), cases_of(2), True
    server.refuse = ("POST /v1/messages/batches", 503)
    with pytest.raises(LLMError):
        desk.settle(cases)
    server.refuse = None
    body = {"model": "claude-sonnet-5-5", "messages": [{"role": "user", "content": "theirs"}]}
    server.create([("theirs-1", body), ("theirs-2", body)])
    assert desk.go(cases)["errors"] == 0
    assert [len(one["requests"]) for one in server.batches.values()] == [2, 2]


def refusal(desk: Desk, cases: list[Any], kind: type[LLMError] = Rejected, **options: Any) -> str:
    with pytest.raises(kind) as refused:
        desk.settle(cases, desk.client(**options))
    assert not (desk.run).exists()
    return str(refused.value)


def test_a_solver_that_asks_twice_at_once_is_told_so_and_nothing_is_sent(
    tmp_path: Path, server: BatchServer
) -> None:
    async def twice(input: Any, llm: Client) -> Output:
        asking = (llm.ask(f"{input}: {which}") for which in "ab")
        return Output(text="".join(reply.text for reply in await asyncio.gather(*asking)))

    desk = Desk(tmp_path, MODELS["anthropic"], twice)
    assert "makes several calls" in refusal(desk, cases_of(1))
    assert server.paths == []


def test_a_solver_that_asks_again_with_the_answer_is_told_so_and_keeps_the_first(
    tmp_path: Path, server: BatchServer
) -> None:
    async def steps(input: Any, llm: Client) -> Output:
        first = await llm.ask(f"What is case {input}?")
        return (await llm.ask(f"What of {first.text}?", returns=Output)).output

    desk, server.ended = Desk(tmp_path, MODELS["anthropic"], steps), True
    assert desk.settle(cases_of(2)) is None
    with pytest.raises(Rejected, match="makes several calls"):
        desk.settle(cases_of(2))
    assert len(server.batches) == 1
    assert len([*(tmp_path / "recordings").glob("*/*.json")]) == 2


def test_a_solver_that_catches_errors_and_tries_again_is_one_call(
    tmp_path: Path, server: BatchServer
) -> None:
    async def stubborn(input: Any, llm: Client) -> Output:
        for _ in range(3):
            try:
                return await solve(input, llm)
            except Exception:
                continue
        return Output(text="gave up")

    desk, server.ended = Desk(tmp_path, MODELS["anthropic"], stubborn), True
    assert desk.go(cases_of(3))["scores"]["exact"]["mean"] == 1
    assert Counter(map(number_in, server.asked)) == {0: 1, 1: 1, 2: 1}


def test_an_answer_that_does_not_fit_is_corrected_by_the_next_batch(
    tmp_path: Path, server: BatchServer, vendor: str
) -> None:
    server.text = lambda body: (
        '{"text": "synthetic"}' if "does not fit" in said_last(body) else '{"no": 1}'
    )
    desk, cases, server.ended = Desk(tmp_path, MODELS[vendor]), cases_of(2), True
    assert desk.settle(cases) is None
    assert desk.settle(cases) is None
    assert desk.score(cases, desk.settle(cases))["errors"] == 0
    assert [len(one["requests"]) for one in server.batches.values()] == [2, 2]


def test_what_a_scorer_asks_goes_by_the_next_batch(tmp_path: Path, server: BatchServer) -> None:
    async def judged(case: Any, outcome: Any, ask: Any) -> dict[str, Any]:
        verdict = await ask(f"Is {outcome.output.text} right in case {case.id}?", returns=Output)
        return {"judged": verdict.output.text == "synthetic"}

    desk, cases, server.ended = Desk(tmp_path, MODELS["openai"], scorer=judged), cases_of(3), True
    assert desk.settle(cases) is None
    assert desk.settle(cases) is None
    done = desk.score(cases, desk.settle(cases))
    assert (done["errors"], done["scores"]["judged"]["mean"], done["judge"]["calls"]) == (0, 1, 3)
    assert done["judge"]["cost_usd"] == pytest.approx(done["cost_usd"])


def test_the_budget_must_hold_what_the_batches_may_cost_at_half_the_price(
    tmp_path: Path, server: BatchServer
) -> None:
    desk = Desk(tmp_path, MODELS["anthropic"])
    bound = 2 * 4096 * 10 / 1e6 / 2  # the output alone, of two cases
    told = refusal(desk, cases_of(2), BudgetExceeded, max_cost_usd=bound)
    assert "may cost $0.04" in told
    assert server.paths == []
    assert desk.settle(cases_of(2), desk.client(max_cost_usd=bound * 1.5)) is None
    server.ended = True  # what is there is taken, whatever is left of the budget
    done = desk.score(cases_of(2), desk.settle(cases_of(2), desk.client(max_cost_usd=1e-9)))
    assert (done["errors"], len(server.batches)) == (0, 1)


def test_a_budget_needs_a_known_price(tmp_path: Path, server: BatchServer) -> None:
    desk = Desk(tmp_path, "openai:never-heard-of")
    assert "no price of never-heard-of" in refusal(
        desk, cases_of(1), BudgetExceeded, max_cost_usd=9
    )


def test_a_server_without_a_batch_api_is_named(
    tmp_path: Path, server: BatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "synthetic")
    desk = Desk(tmp_path, "groq:llama-3.3-70b-versatile")
    assert refusal(desk, cases_of(1)) == "groq has no batch API here: ask it without a batch."


def test_a_stream_is_refused(tmp_path: Path, server: BatchServer) -> None:
    async def streamed(input: Any, llm: Client) -> Output:
        return Output(text="".join([piece async for piece in llm.stream(f"case {input}")]))

    assert "use ask in place of stream" in refusal(
        Desk(tmp_path, MODELS["openai"], streamed), cases_of(1)
    )


def test_neither_replay_nor_live_goes_with_a_batch(tmp_path: Path, server: BatchServer) -> None:
    for mode in ("replay", "live"):
        desk = Desk(tmp_path, MODELS["openai"])
        with pytest.raises(ProjectError, match="drop --replay and --live"):
            desk.settle(cases_of(1), desk.client(mode=mode))


def test_without_a_key_every_case_says_so_and_nothing_is_sent(
    tmp_path: Path, server: BatchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    desk = Desk(tmp_path, MODELS["openai"])
    done = desk.score(cases_of(2), desk.settle(cases_of(2)))
    assert (done["error_kinds"], server.paths) == ({"NotRecorded": 2}, [])


def test_line_separators_and_a_key_that_comes_back_are_no_harm(
    tmp_path: Path, server: BatchServer, vendor: str
) -> None:
    key = server.variables["OPENAI_API_KEY"]
    said = f"one\u2028two\x85three {key}"
    server.text = lambda body: json.dumps({"text": said}, ensure_ascii=False)
    desk, server.ended = Desk(tmp_path, MODELS[vendor]), True
    assert desk.go(cases_of(1))["errors"] == 0
    (row,) = map(json.loads, (desk.run / "cases.jsonl").read_text("utf-8").split("\n")[:-1])
    assert row["output"]["text"] == said.replace(key, "***")
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes()


def test_a_request_that_is_made_only_once_the_run_is_scored_is_an_error_and_not_sent(
    tmp_path: Path, server: BatchServer
) -> None:
    tries = iter(range(2))

    async def late(input: Any, llm: Client) -> Output:
        return await solve(input, llm) if next(tries) else Output(text="not asked")

    desk = Desk(tmp_path, MODELS["openai"], late)
    done = desk.score(cases_of(1), desk.settle(cases_of(1)))
    assert (done["error_kinds"], server.paths) == ({"Rejected": 1}, [])


def test_a_request_that_is_another_each_time_is_said_to_be_and_paid_once(
    tmp_path: Path, server: BatchServer
) -> None:
    counter = iter(range(100))

    async def varying(input: Any, llm: Client) -> Output:
        return Output(text=(await llm.ask(f"{input} {next(counter)}")).text)

    desk, server.ended = Desk(tmp_path, MODELS["openai"], varying), True
    assert desk.settle(cases_of(1)) is None
    with pytest.raises(Rejected, match="requests that nobody makes now"):
        desk.settle(cases_of(1))
    assert len(server.batches) == 1
