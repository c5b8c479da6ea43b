"""The part `api` over a real socket: every endpoint, every failure, limits, shutdown, workers."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

SECRET = "anna.example@mail.example"


def problem(response: httpx2.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    assert told["request_id"] == response.headers["x-request-id"]
    return told


def events_of(response: httpx2.Response) -> list[tuple[str, Any]]:
    found = [
        dict(line.split(": ", 1) for line in event.split("\n"))
        for event in response.text.split("\n\n")
        if event
    ]
    return [(event["event"], json.loads(event["data"])) for event in found]


def test_straight_after_copying_the_baseline_answers(plain: Any) -> None:
    about = plain.get("/health").json()
    model = "anthropic:claude-sonnet-5-5"
    assert about == {"status": "ready", "solver": "baseline", "model": model}
    answer = plain.post("/solve", "two   blanks").json()
    assert answer.pop("latency_s") < 5
    known = {"answered_by": "baseline", "calls": 0, "cost_usd": 0}
    assert answer == {"output": {"text": "two blanks"}, **known}
    assert httpx2.get(plain.url, follow_redirects=True).url.path == "/page/"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *(("NoKey", 503), ("NotRecorded", 503), ("BudgetExceeded", 503), ("RateLimited", 503)),
        *(("TimedOut", 504), ("Refused", 422), ("Rejected", 502), ("VendorUnavailable", 502)),
        *(
            ("ConnectionBroken", 502),
            ("BadResponse", 502),
            ("Truncated", 502),
            ("InvalidOutput", 502),
        ),
    ],
)
def test_each_failure_of_the_client_has_its_status_and_its_sentence(
    scripted: Any, kind: str, status: int
) -> None:
    response = scripted.post("/solve", f"fail:{kind}")
    assert problem(response, status)["detail"] == f"{kind} happened; do this next."
    assert ("retry-after" in response.headers) == (status == 503)


def test_an_unforeseen_error_shows_neither_its_text_nor_a_traceback(scripted: Any) -> None:
    response = scripted.post("/solve", f"crash:{SECRET}")
    told, line = problem(response, 500), scripted.line(response)
    assert line["error"].startswith("ValueError at ")
    assert "scripted.py:" in line["error"]
    for text in (told["detail"], scripted.log_file.read_text(), scripted.errors.read_text()):
        assert SECRET not in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"text": 5}', "body.text: Input should be a valid string"),
        ("{}", "body.text: Field required"),
        ('{"text": ', "JSON decode error"),
        ('{"text": "\\ud800"}', "surrogates not allowed"),
        ("", "body: Field required"),
    ],
)
def test_an_input_that_does_not_fit_is_told_where(scripted: Any, body: str, said: str) -> None:
    headers = {"content-type": "application/json"}
    told = problem(httpx2.post(f"{scripted.url}/solve", content=body, headers=headers), 422)
    assert said in told["detail"]


def test_what_takes_longer_than_the_limit_ends_there(scripted: Any) -> None:
    begun = time.perf_counter()
    told = problem(scripted.post("/solve", "slow:20"), 504)
    assert time.perf_counter() - begun < 6
    assert "longer than is allowed" in told["detail"]


def test_other_paths_and_methods_are_problems_as_well(scripted: Any) -> None:
    problem(scripted.get("/nosuch"), 404)
    problem(scripted.get("/runs/nosuch"), 404)
    problem(scripted.get("/../../pyproject.toml"), 404)
    problem(httpx2.delete(f"{scripted.url}/solve"), 405)


def test_a_body_beyond_the_limit_is_refused_whether_its_length_is_declared_or_not(
    scripted: Any,
) -> None:
    headers = {"content-type": "application/json"}
    body = b'{"text": "' + b"x" * 1_000_001 + b'"}'
    for content in (body, iter([body[:600_000], body[600_000:]])):
        refused = httpx2.post(f"{scripted.url}/solve", content=content, headers=headers)
        assert "larger than 1000000 bytes" in problem(refused, 413)["detail"]


def test_events_come_as_the_solver_makes_them(scripted: Any) -> None:
    arrived: list[tuple[str, float]] = []
    with httpx2.stream(
        "POST", f"{scripted.url}/solve/stream", json={"text": "stream:one two three"}
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        begun = time.perf_counter()
        kinds = (line[7:] for line in response.iter_lines() if line.startswith("event: "))
        arrived.extend((kind, time.perf_counter() - begun) for kind in kinds)
    assert [kind for kind, _ in arrived] == ["step", "text", "text", "text", "answer"]
    assert arrived[-1][1] - arrived[1][1] > 0.3  # not all at the end
    events = events_of(scripted.post("/solve/stream", "stream:one two"))
    assert [data for kind, data in events if kind == "text"] == ["ONE ", "TWO"]
    step = events[0][1]
    assert set(step) == {"model", "tool_calls", "cost_usd", "latency_s", "replayed"}
    assert events[-1][1]["output"] == {"text": "ONE TWO"}
    assert events[-1][1]["calls"] == 2


def test_a_failure_in_a_stream_is_its_last_event(scripted: Any) -> None:
    [(kind, told)] = events_of(scripted.post("/solve/stream", "fail:TimedOut"))
    assert (kind, told["status"]) == ("problem", 504)
    [(kind, told)] = events_of(scripted.post("/solve/stream", f"crash:{SECRET}"))
    assert (kind, told["status"]) == ("problem", 500)
    assert SECRET not in told["detail"]


def test_nobody_pays_for_an_answer_that_nobody_waits_for(scripted: Any) -> None:
    url, patience = f"{scripted.url}/solve/stream", httpx2.Timeout(5, read=0.5)
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.post(url, json={"text": "slow:2.5"}, timeout=patience)
    ends = time.monotonic() + 1.5  # sooner than it would have been done
    while not (scripted.folder / "cancelled").exists():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_run_is_begun_now_and_fetched_later(scripted: Any) -> None:
    created = scripted.post("/runs", "stream:a b c d")
    assert created.status_code == 201
    run_id = created.json()["run_id"]
    assert created.json()["status"] == "pending"
    seen = [created.json()]
    while seen[-1]["status"] in ("pending", "running"):
        time.sleep(0.05)
        seen.append(scripted.get(f"/runs/{run_id}").json())
    assert "running" in {run["status"] for run in seen}
    last = seen[-1]
    assert last["status"] == "completed"
    assert last["answer"]["output"] == {"text": "A B C D"}
    assert [step["model"] for step in last["steps"]] == ["synthetic"]
    assert last["created_at"] < last["completed_at"]
    assert last["problem"] is None


def test_a_run_that_fails_keeps_its_problem(scripted: Any) -> None:
    run_id = scripted.post("/runs", "fail:RateLimited").json()["run_id"]
    time.sleep(0.3)
    run = scripted.get(f"/runs/{run_id}").json()
    assert (run["status"], run["problem"]["status"], run["answer"]) == ("failed", 503, None)


def test_the_reply_says_when_the_baseline_answered_in_place_of_the_model(scripted: Any) -> None:
    answer = scripted.post("/solve", "fallback:  two   blanks").json()
    assert (answer["answered_by"], answer["calls"]) == ("baseline", 1)
    assert answer["output"] == {"text": "fallback: two blanks"}
    late = scripted.post("/solve", "late: model")  # the fallback has the last fifth of the 3 s
    assert (late.status_code, late.json()["answered_by"]) == (200, "baseline")
    assert scripted.line(late)["error"] == "TimedOut"
    assert scripted.post("/solve", "x").json()["answered_by"] == "scripted"


def test_the_log_has_a_line_of_json_for_each_request_and_no_input(scripted: Any) -> None:
    responses = [scripted.post("/solve", text) for text in (SECRET, SECRET, "another")]
    responses.append(scripted.get(f"/runs/{SECRET}"))
    one, two, other, fetched = map(scripted.line, responses)
    assert (one["method"], one["path"], one["status"]) == ("POST", "/solve", 200)
    assert (one["calls"], one["answered_by"]) == (0, "scripted")
    assert one["input"] == two["input"] != other["input"]
    assert fetched["path"] == "/runs/{run_id}"
    assert SECRET not in scripted.log_file.read_text()


@pytest.mark.parametrize(
    ("given", "taken"),
    [("0af7-6519cd", "0af7-6519cd"), ("x" * 65, "x" * 64), ('a"b', None), ("--", None)],
)
def test_a_request_id_that_comes_along_is_kept_where_it_is_one(
    scripted: Any, given: str, taken: str | None
) -> None:
    response = scripted.post("/solve", "fail:RateLimited", headers={"x-request-id": given})
    known = problem(response, 503)["request_id"]
    assert known == taken if taken else len(known) == 16
    assert scripted.line(response)["status"] == 503


def test_inputs_are_in_the_log_where_that_is_asked_for(plain: Any) -> None:
    line = plain.line(plain.post("/solve", SECRET))
    assert json.loads(line["input"]) == {"text": SECRET}


def test_calls_beyond_the_limit_are_told_to_come_again_and_the_rest_goes_on(
    folder: Path, serve: Callable[..., Any]
) -> None:
    with (
        serve(folder, "--calls", "2", TAKEHOME_SOLVER="scripted") as server,
        ThreadPoolExecutor() as many,
    ):
        under_way = [
            many.submit(server.post, "/solve", "slow:1"),
            many.submit(server.post, "/runs", "slow:1"),
        ]
        time.sleep(0.5)
        for path in ("/solve", "/solve/stream", "/runs"):
            refused = server.post(path, "x")
            assert "2 calls are under way" in problem(refused, 429)["detail"]
            assert refused.headers["retry-after"] == "1"
        assert server.get("/health").status_code == 200
        assert server.get("/runs/nosuch").status_code == 404
        assert [one.result().status_code for one in under_way] == [200, 201]
        time.sleep(1)
        assert server.post("/solve", "x").status_code == 200


def test_two_workers_share_runs_recordings_and_the_limit(
    folder: Path, serve: Callable[..., Any], vendor: dict[str, str]
) -> None:
    inputs = [f"ask:question {number}" for number in range(10)]
    options = ("--workers", "2", "--calls", "40")
    with (
        serve(folder, *options, TAKEHOME_SOLVER="scripted", **vendor) as server,
        ThreadPoolExecutor(20) as many,
    ):
        answers = list(many.map(server.post, ["/solve"] * 20, inputs * 2))
        begun = [server.post("/runs", "x").json()["run_id"] for _ in range(8)]
        fetched = list(many.map(server.get, [f"/runs/{run_id}" for run_id in begun] * 3))
    assert {answer.status_code for answer in answers} == {200}
    assert {run.status_code for run in fetched} == {200}
    recorded = [json.loads(file.read_text()) for file in (folder / "recordings").glob("*/*.json")]
    assert len(recorded) == 10
    nowhere = vendor | {"COMPATIBLE_BASE_URL": "http://127.0.0.1:9/v1"}
    with serve(folder, "--replay", TAKEHOME_SOLVER="scripted", **nowhere) as server:
        again = [server.post("/solve", text).json()["output"] for text in inputs]
    assert again == [answer.json()["output"] for answer in answers[:10]]


def test_more_workers_than_calls_take_no_more_calls(
    folder: Path, serve: Callable[..., Any]
) -> None:
    options = ("--workers", "3", "--calls", "1")
    with (
        serve(folder, *options, TAKEHOME_SOLVER="scripted") as server,
        ThreadPoolExecutor(40) as many,
    ):
        first = many.submit(server.post, "/solve", "slow:5")
        time.sleep(0.5)
        others = list(many.map(server.post, ["/solve"] * 80, ["x"] * 80))
        assert not first.done()
    assert first.result().status_code == 200
    assert {answer.status_code for answer in others} == {429}


def test_a_port_that_is_taken_is_said_before_a_page_is_promised(
    folder: Path, serve: Callable[..., Any]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        wrong = r"^it did not start: takehome: .*ddress already in use.*\n$"
        with pytest.raises(pytest.fail.Exception, match=wrong), serve(folder, "--port", port):
            pass


def test_fifty_calls_that_are_under_way_at_sigterm_are_all_answered(
    folder: Path, serve: Callable[..., Any]
) -> None:
    options = ("--workers", "2", "--calls", "200")
    with (
        serve(folder, *options, TAKEHOME_SOLVER="scripted") as server,
        ThreadPoolExecutor(50) as many,
    ):
        calls = [many.submit(server.post, "/solve", "slow:2") for _ in range(45)]
        runs = [server.post("/runs", "slow:2").json()["run_id"] for _ in range(5)]
        time.sleep(1)
        server.stop()
        assert [call.result().status_code for call in calls] == [200] * 45
    rows = sqlite3.connect(folder / "results" / "api.sqlite").execute("SELECT id, state FROM runs")
    states = {run_id: json.loads(state)["status"] for run_id, state in rows}
    assert states == dict.fromkeys(runs, "completed")


def test_a_run_that_was_killed_is_interrupted_and_not_under_way_for_ever(
    folder: Path, serve: Callable[..., Any]
) -> None:
    with serve(folder, TAKEHOME_SOLVER="scripted") as server:
        run_id = server.post("/runs", "slow:20").json()["run_id"]
        done = server.post("/runs", "x").json()["run_id"]
        while server.get(f"/runs/{run_id}").json()["status"] == "pending":
            time.sleep(0.05)
        server.process.kill()
    with serve(folder, "--timeout", "0.1") as server:
        ends = time.monotonic() + 10
        while (run := server.get(f"/runs/{run_id}").json())["status"] != "interrupted":
            assert time.monotonic() < ends
            time.sleep(0.1)
        assert run["answer"] is None
        assert server.get(f"/runs/{done}").json()["status"] == "completed"


WARM_UP = """
def open_index() -> None:
    time.sleep(1)
    Path("warm").touch()


service = Service(warm_up=open_index)
"""


def test_it_takes_no_connection_before_it_is_warm(folder: Path, serve: Callable[..., Any]) -> None:
    api = folder / "src" / "task" / "api.py"
    text = api.read_text("utf-8").replace("\nservice = Service()\n", WARM_UP)
    imports = "from __future__ import annotations\nimport time\nfrom pathlib import Path\n"
    text = text.replace("from __future__ import annotations\n", imports)
    api.write_text(text, encoding="utf-8")
    with serve(folder) as server:
        assert (folder / "warm").exists()
        assert server.get("/health").json()["status"] == "ready"


def test_without_cases_it_serves_without_samples(folder: Path, serve: Callable[..., Any]) -> None:
    (folder / "data" / "cases.jsonl").unlink()
    with serve(folder) as server:
        assert server.post("/solve", "x").status_code == 200
        described = server.get("/openapi.json").json()["paths"]["/solve"]["post"]["requestBody"]
        assert "examples" not in described["content"]["application/json"]


def test_without_routes_it_says_in_a_sentence_what_is_missing(
    folder: Path, serve: Callable[..., Any]
) -> None:
    (folder / "src" / "task" / "api.py").unlink()
    wrong = r"takehome: There is no src/task/api\.py: write it, or pass --solver\.\n$"
    with pytest.raises(pytest.fail.Exception, match=wrong), serve(folder):
        pass


def test_the_examples_in_the_description_are_the_sample_cases(scripted: Any) -> None:
    described = scripted.get("/openapi.json").json()
    content = described["paths"]["/solve"]["post"]["requestBody"]["content"]["application/json"]
    first = json.loads((scripted.folder / "data" / "cases.jsonl").read_text("utf-8").split("\n")[0])
    assert content["examples"][first["id"]] == {"value": first["input"]}
    answers = described["paths"]["/solve"]["post"]["responses"]
    assert list(answers["4XX"]["content"]) == ["application/problem+json"]
    assert "Answer_Output_" in answers["200"]["content"]["application/json"]["schema"]["$ref"]


def test_schemathesis_finds_no_500_and_nothing_that_is_not_described(plain: Any) -> None:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    options = ["--max-examples", "10", "--seed", "7", "--suppress-health-check", "all"]
    done = subprocess.run(
        [*command, f"{plain.url}/openapi.json", *options],
        cwd=plain.folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
