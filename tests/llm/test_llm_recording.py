"""Record, then replay: in another process, without a network, on another day."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import warnings
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from scaffold import llm
from scaffold.llm.recordings import Asked, Recordings, Scope, canonical, slug

MODELS = ("anthropic:claude-sonnet-5", "openai:gpt-5.5", "groq:llama-3.3-70b-versatile")
SOURCE = Path(llm.__file__).parents[2]


class Number(BaseModel):
    n: int


def number_in(body) -> str:
    """A text that depends on the request: the number behind the last '#'."""
    return json.dumps({"n": int(json.dumps(body).rpartition("#")[2].split('"')[0].split(" ")[0])})


# What a second process does with the recordings: the clock is three days ahead, sockets refuse.
SECOND = """
import asyncio, dataclasses, datetime, json, socket, sys, time
from pathlib import Path
from pydantic import BaseModel

def refused(*args, **kwargs):
    raise OSError("the network is refused in this test")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
asyncio.base_events.BaseEventLoop.sock_connect = refused
import scaffold.llm.client, scaffold.llm.recordings

class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(days=3)

scaffold.llm.client.datetime = scaffold.llm.recordings.datetime = Later
assert abs((Later.now() - datetime.datetime.now()).total_seconds() - 3 * 24 * 3600) < 60
real = time.time
time.time = lambda: real() + 3 * 86400

class Number(BaseModel):
    n: int

async def one(llm, i):
    case = llm.for_case(f"case-{i}")
    reply = await case.ask(f"Say #{i}", returns=Number)
    text = "".join([piece async for piece in case.stream(f"Tell #{i} now")])
    line = dataclasses.asdict(case.calls[-1])
    return {
        "output": reply.output.n, "text": reply.text, "usage": dataclasses.asdict(reply.usage),
        "cost": str(reply.cost_usd), "latency": reply.latency_s, "model": reply.model,
        "id": reply.request_id, "finish": reply.finish_reason, "attempts": reply.attempts,
        "stream": text, "now": case.now().isoformat(), "new_id": case.new_id(),
        "line": {k: str(v) for k, v in line.items() if k != "replayed"},
        "replayed": reply.replayed,
    }

async def main(folder, model, mode, count):
    from scaffold.llm import Client
    async with Client(model, recordings=Path(folder), mode=mode, concurrency=50) as llm:
        return await asyncio.gather(*(one(llm, i) for i in range(count)))
"""


def in_this_process(folder: Path, model: str, mode: str, count: int) -> list[dict]:
    names: dict = {}
    kept = SECOND.split("def refused")[0] + SECOND.partition("86400")[2]
    exec(kept, names)
    return asyncio.run(names["main"](str(folder), model, mode, count))


@pytest.mark.parametrize("model", MODELS)
def test_a_second_process_without_network_gets_equal_replies_field_by_field(
    vendors_at, tmp_path, model
):
    vendors_at.text = number_in
    live = in_this_process(tmp_path, model, "auto", 50)
    asked = len(vendors_at.seen)
    script = f"{SECOND}\nprint(json.dumps(asyncio.run(main(*sys.argv[1:4], 50))))"
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), model, "replay"],
        capture_output=True,
        encoding="utf-8",
        env={**environment, "PYTHONPATH": str(SOURCE)},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    replayed = json.loads(ran.stdout)
    assert all(reply.pop("replayed") for reply in replayed)
    assert not any(reply.pop("replayed") for reply in live)
    assert replayed == live
    assert len(vendors_at.seen) == asked == 100


def test_auto_without_a_key_is_replay(client, vendors_at, tmp_path, monkeypatch):
    reply = asyncio.run(client(recordings=tmp_path).ask("Hello", returns=Number))
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    again = asyncio.run(client(recordings=tmp_path).ask("Hello", returns=Number))
    assert (again.replayed, again.cost_usd) == (True, reply.cost_usd)
    with pytest.raises(llm.NotRecorded):
        asyncio.run(client(recordings=tmp_path).ask("Hello again", returns=Number))


def test_raw_calls_of_both_sdks_are_recorded_replayed_and_logged(client, vendors_at, tmp_path):
    async def go(mode: str) -> list:
        async with client(recordings=tmp_path, mode=mode) as one:
            case = one.for_case("raw")
            message = await case.anthropic.messages.create(
                model="claude-sonnet-5", max_tokens=9, messages=[{"role": "user", "content": "x"}]
            )
            response = await case.openai.responses.create(model="gpt-5.5", input="x")
            return [message.content[0].text, message._request_id, response.output_text, *case.calls]

    live, replay = asyncio.run(go("auto")), asyncio.run(go("replay"))
    assert live[:3] == replay[:3] == ['{"n": 7}', "req_42", '{"n": 7}']
    assert [call.cost_usd for call in live[3:]] == [call.cost_usd for call in replay[3:]]
    assert all(call.cost_usd and not call.replayed for call in live[3:])
    assert len(vendors_at.seen) == 2


def test_raw_streams_of_both_sdks_are_recorded_replayed_priced_and_logged(
    client, vendors_at, tmp_path
):
    vendors_at.text = lambda body: "one two three"

    async def go(mode: str) -> list:
        async with client(recordings=tmp_path, mode=mode, max_cost_usd=1) as one:
            case, asked = one.for_case("raw"), [{"role": "user", "content": "x"}]
            said = dict[str, str]()
            options = {"model": "claude-sonnet-5", "max_tokens": 9, "messages": asked}
            async with case.anthropic.messages.stream(**options) as stream:
                said["helper"] = "".join([piece async for piece in stream.text_stream])
            raw = await case.openai.responses.create(
                model="gpt-5.5", max_output_tokens=9, input="x", stream=True
            )
            deltas = [getattr(event, "delta", "") async for event in raw]
            said["events"] = "".join(deltas)
            chunks = await case.openai.chat.completions.create(
                model="gpt-5.5", max_completion_tokens=9, messages=asked, stream=True
            )
            parts = [
                chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices
            ]
            said["chunks"] = "".join(parts)
            assert set(said.values()) == {"one two three"}
            return case.calls

    live, replayed = asyncio.run(go("auto")), asyncio.run(go("replay"))
    assert [call.text for call in live] == ["one two three"] * 3
    assert all(call.cost_usd for call in live)
    assert [call.cost_usd for call in live] == [call.cost_usd for call in replayed]
    assert [call.replayed for call in (*live, *replayed)] == [False] * 3 + [True] * 3
    assert len(vendors_at.seen) == 3


def test_a_raw_call_without_a_recording_says_so_at_once(client, vendors_at, tmp_path):
    import anthropic

    started = time.monotonic()
    raw = client(recordings=tmp_path, mode="replay", max_retries=2).anthropic
    messages = [{"role": "user", "content": "x"}]
    with pytest.raises(anthropic.APIStatusError, match="Nothing is recorded"):
        asyncio.run(raw.messages.create(model="m", max_tokens=9, messages=messages))
    assert time.monotonic() - started < 5
    assert not vendors_at.seen


def test_live_replaces_only_its_own_scopes_answers(client, vendors_at, tmp_path):
    async def go(mode: str, case: str) -> int:
        async with client(recordings=tmp_path, mode=mode) as one:
            return (await one.for_case(case).ask("Hello", returns=Number)).output.n

    vendors_at.text = lambda body: '{"n": 1}'
    assert asyncio.run(go("live", "a")) == asyncio.run(go("live", "b")) == 1
    vendors_at.text = lambda body: '{"n": 2}'
    assert asyncio.run(go("live", "b")) == 2
    assert [asyncio.run(go("replay", case)) for case in "ab"] == [1, 2]


def test_another_epoch_is_asked_and_another_case_with_the_same_request_is_not(
    client, vendors_at, tmp_path
):
    async def go() -> None:
        async with client(recordings=tmp_path) as one:
            for case, epoch in (("a", 0), ("b", 0), ("a", 1), ("a", 1)):
                await one.for_case(case, epoch).ask("Hello", returns=Number)

    asyncio.run(go())
    assert len(vendors_at.seen) == 2


def test_parallel_identical_calls_keep_their_answers_by_sample(client, vendors_at, tmp_path):
    answers = iter(range(100))
    vendors_at.text = lambda body: json.dumps({"n": next(answers)})

    async def go(mode: str) -> list[int]:
        async with client(recordings=tmp_path, mode=mode) as one:
            case = one.for_case("votes")
            asks = [case.ask("Vote", returns=Number, sample=i) for i in range(8)]
            return [reply.output.n for reply in await asyncio.gather(*asks)]

    live = asyncio.run(go("auto"))
    assert sorted(live) == list(range(8))
    assert asyncio.run(go("replay")) == live
    assert len({path.parent for path in tmp_path.glob("*/*.json")}) == 1


def test_the_nth_identical_call_in_a_scope_replays_as_the_nth(client, vendors_at, tmp_path):
    answers = iter(range(100))
    vendors_at.text = lambda body: json.dumps({"n": next(answers)})

    async def go(mode: str) -> list[int]:
        async with client(recordings=tmp_path, mode=mode) as one:
            case = one.for_case("again")
            return [(await case.ask("Roll", returns=Number)).output.n for _ in range(3)]

    assert asyncio.run(go("auto")) == asyncio.run(go("replay")) == [0, 1, 2]


def test_a_missing_recording_names_case_nearest_difference_and_what_does_run(
    client, vendors_at, tmp_path
):
    async def record() -> None:
        async with client(recordings=tmp_path) as one:
            for i in range(4):
                await one.for_case(f"case-{i}").ask(f"How much is {i} EUR?", returns=Number)

    asyncio.run(record())
    case = client(recordings=tmp_path, mode="replay").for_case("case-2")
    with pytest.raises(llm.NotRecorded) as caught:
        asyncio.run(case.ask("How much is 2 USD?", returns=Number))
    said = str(caught.value)
    assert "case 'case-2'" in said
    assert "How much is 2 EUR?" in said
    assert "How much is 2 USD?" in said
    assert "case-0, case-1, case-2" in said


def test_headers_and_the_machine_do_not_change_a_recording_but_the_prompt_does(
    client, vendors_at, tmp_path, monkeypatch
):
    asyncio.run(client(recordings=tmp_path).ask("Hello", returns=Number))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another-synthetic-key")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://localhost:1")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x-new: 1")
    one = client(recordings=tmp_path, mode="replay", timeout_s=3, max_retries=7)
    assert asyncio.run(one.ask("Hello", returns=Number)).replayed
    with pytest.raises(llm.NotRecorded):
        asyncio.run(one.ask("Hello.", returns=Number))


@pytest.mark.parametrize("model", MODELS)
def test_another_machine_behind_a_gateway_replays_calls_and_streams(
    client, vendors_at, tmp_path, monkeypatch, model
):
    async def go(mode: str, **options) -> list:
        async with client(model, recordings=tmp_path, mode=mode, **options) as one:
            case = one.for_case("a/b: c?")
            reply = await case.ask("Hello", returns=Number)
            text = "".join([piece async for piece in case.stream("Tell", sample=3)])
            return [reply.output, text, *(call.cost_usd for call in case.calls)]

    live = asyncio.run(go("auto"))
    name = model.partition(":")[0].upper()
    monkeypatch.setenv(f"{name}_BASE_URL", "https://gateway.invalid/proxy/v9")
    monkeypatch.delenv(f"{name}_API_KEY")
    monkeypatch.setattr("platform.system", lambda: "Windows")
    for package in ("anthropic", "openai"):
        monkeypatch.setattr(import_module(f"{package}._client"), "__version__", "999.0.1")
    assert asyncio.run(go("auto")) == asyncio.run(go("replay", timeout_s=1, max_retries=9)) == live
    assert len(vendors_at.seen) == 2


def test_files_are_readable_stable_and_hold_no_header(client, vendors_at, tmp_path):
    async def go(folder: Path) -> None:
        async with client(recordings=folder) as one:
            await one.for_case("größe").ask("Wie groß?", returns=Number)

    for name in "ab":
        asyncio.run(go(tmp_path / name))
    first, second = (path.read_bytes() for path in sorted(tmp_path.glob("*/*/*.json")))
    assert "Wie groß?".encode() in first
    parts = [json.loads(one) for one in (first, second)]
    assert [part["answer"].pop("latency_s") > 0 for part in parts] == [True, True]
    assert parts[0] == parts[1]
    assert not {"headers", "authorization", "user-agent"} & set(canonical(parts[0]).split('"'))


def test_an_attachment_is_stored_as_its_name_and_hash(client, vendors_at, tmp_path):
    scan = llm.Document("scan.pdf", b"%PDF-1.7 synthetic " + bytes(range(256)) * 20)
    for model in MODELS:
        folder = tmp_path / model.partition(":")[0]
        one = client(model, recordings=folder)
        asyncio.run(one.ask("Read this", attachments=[scan], returns=Number))
        (path,) = folder.glob("*/*.json")
        record = json.loads(path.read_bytes())
        assert "scan.pdf" in json.dumps(record["request"])
        assert scan.base64[:300] not in path.read_text("utf-8")
        assert scan.base64 in json.dumps(vendors_at.seen[-1])


@pytest.mark.parametrize("model", MODELS)
def test_an_image_is_stored_by_its_name_too_although_no_protocol_has_one(
    client, vendors_at, tmp_path, model
):
    scan = llm.Document("scan.png", bytes(range(256)) * 20)
    one = client(model, recordings=tmp_path)
    asyncio.run(one.ask("Read this", attachments=[scan, llm.Document("a.csv", b"x;y")]))
    (path,) = tmp_path.glob("*/*.json")
    assert json.loads(path.read_bytes())["answer"]["attachments"] == ["scan.png"]
    assert scan.base64[:300] not in path.read_text("utf-8")


def test_a_replay_needs_no_price_list(client, vendors_at, tmp_path):
    asyncio.run(client(recordings=tmp_path).ask("Hello"))
    script = f"""
import asyncio, sys
from scaffold.llm import Client
reply = asyncio.run(Client({MODELS[0]!r}, recordings={str(tmp_path)!r}, mode="replay").ask("Hello"))
print(reply.usage.input_tokens, reply.cost_usd, "genai_prices" in sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    said = subprocess.check_output([sys.executable, "-c", script], env=environment)
    assert said.decode().split() == ["130", "0.000406", "False"]


def test_todays_date_or_a_fresh_uuid_in_a_body_is_named_but_not_the_clients_own(
    client, vendors_at, tmp_path
):
    async def go() -> None:
        async with client(recordings=tmp_path) as one:
            case = one.for_case("stable")
            await case.ask(f"Today is {case.now():%Y-%m-%d}, you are {case.new_id()}")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(go())
    with pytest.warns(UserWarning, match=r"llm\.new_id"):
        asyncio.run(client(recordings=tmp_path).ask("I am 0b4e9c5e-31f4-4c6b-9a55-6b1c1c1f0a11"))


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows keeps its time zone")
@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Etc/GMT-14"])
def test_the_date_is_named_where_the_user_is_too(client, vendors_at, tmp_path, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        today = datetime.now().astimezone().date()
        with pytest.warns(UserWarning, match=f"holds {today}"):
            asyncio.run(client(recordings=tmp_path).ask(f"Today is {today}."))
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_a_key_is_found_nowhere_even_where_the_server_echoes_it(
    client, vendors_at, tmp_path, monkeypatch, caplog
):
    secret = "sk-planted-0123456789"
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GROQ_API_KEY"):
        monkeypatch.setenv(name, secret)
    caplog.set_level("DEBUG")
    said = []
    for model in MODELS:
        vendors_at.script = ["echo_headers", "refuse_with_headers"]
        one = client(model, recordings=tmp_path)

        async def go(one: llm.Client = one) -> None:
            async with one:
                await one.ask("Hello", returns=Number)
                await one.ask("Hello, again", returns=Number)

        with pytest.raises(llm.Rejected) as caught:
            asyncio.run(go())
        said += [str(caught.value), repr(caught.value), repr(one), repr(one.calls)]
        said += [repr(vars(one)), repr(one.scope)]
    said += [path.read_text("utf-8") for path in tmp_path.rglob("*.json")]
    assert len(list(tmp_path.rglob("*.json"))) == 3
    assert secret not in "".join(said) + caplog.text


@pytest.mark.parametrize("blank", ["{}\n", " {} ", "{}\r\n"])
def test_a_key_with_a_blank_or_a_line_break_works_and_is_not_shown(
    client, vendors_at, monkeypatch, caplog, blank
):
    secret = "sk-planted-0123456789"
    caplog.set_level("DEBUG")
    for model in MODELS:
        name = f"{model.partition(':')[0].upper()}_API_KEY"
        monkeypatch.setenv(name, blank.format(secret))
        one = client(model)
        assert asyncio.run(one.ask("Hello")).text
        assert f"Bearer {secret}" in vendors_at.headers[-1].values()
        assert secret not in repr(one.calls) + caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(JSON, JSON)
def test_two_requests_share_a_key_exactly_when_their_canonical_bodies_are_equal(one, other):
    first, second = (
        Asked.read("POST", "/v1/x", json.dumps(body).encode()) for body in (one, other)
    )
    assert (first.key == second.key) == (canonical(one) == canonical(other))


@given(st.dictionaries(st.text(), JSON), st.randoms())
def test_the_order_and_the_blanks_of_a_body_do_not_change_its_key(body, chance):
    items = list(body.items())
    chance.shuffle(items)
    written = [json.dumps(body).encode(), json.dumps(dict(items), indent=3).encode()]
    assert len({Asked.read("POST", "/v1/x", content).key for content in written}) == 1


@given(st.text(), st.text())
def test_two_cases_never_share_a_file_not_even_where_case_does_not_count(one, other):
    assert (slug(one).lower() == slug(other).lower()) == (one == other)


def test_the_boundary_of_a_multipart_body_does_not_change_the_key():
    keys = set()
    for boundary in ("abc123", "xyz789"):
        body = f"--{boundary}\r\nfile\r\n--{boundary}--".encode()
        keys.add(Asked.read("POST", "/v1/files", body, f"multipart; boundary={boundary}").key)
    assert len(keys) == 1


def test_a_damaged_recording_is_named_and_hides_no_other(client, vendors_at, tmp_path):
    asyncio.run(client(recordings=tmp_path).ask("Hello", returns=Number))
    (path,) = tmp_path.glob("*/*.json")
    path.write_text("{", "utf-8")
    one = client(recordings=tmp_path, mode="replay")
    with pytest.raises(llm.NotRecorded, match="is damaged; restore it"):
        asyncio.run(one.ask("Hello", returns=Number))


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_that_cannot_be_recorded_is_asked_once_and_its_text_is_not_lost(
    client, vendors_at, tmp_path, model
):
    (tmp_path / "a file").write_text("in the place of the folder", "utf-8")
    one = client(model, recordings=tmp_path / "a file", max_retries=2)
    with pytest.raises(llm.LLMError, match=r"^Cannot write to .*a file.*; make room") as caught:
        asyncio.run(one.ask("Hello"))
    assert caught.value.text == '{"n": 7}'
    assert len(vendors_at.seen) == 1
    assert one.calls[0].cost_usd == one.spent_usd > 0


def test_replay_reads_the_recordings_of_one_request_only(tmp_path):
    store = Recordings(tmp_path)
    for i in range(3):
        store.save(Asked("POST", "/v1/messages", {"i": i}), Scope(f"case-{i}"), 0, {"i": i})
    for i in (0, 2):
        (path,) = (tmp_path / Asked("POST", "/v1/messages", {"i": i}).key).glob("*.json")
        path.write_text("damaged: reading it would raise", "utf-8")
    found = store.find(Asked("POST", "/v1/messages", {"i": 1}), Scope("case-1"), 0, ".json")
    assert found == {"i": 1}


# Imports and asks once, as both take longer than recording; then forks for each number it reads.
WRITERS = """
import asyncio, os, signal, sys
from pathlib import Path
from scaffold.llm import Client

async def one(llm, i):
    await llm.for_case(f"case-{i}").ask(f"Say #{i} please")
    os.write(1, f"answered {i}\\n".encode())  # one write: eight processes share this file

async def main(folder, number):
    async with Client("anthropic:claude-sonnet-5", recordings=Path(folder), concurrency=6) as llm:
        await asyncio.gather(*(one(llm, number * 1000 + i) for i in range(60)))

asyncio.run(Client("anthropic:claude-sonnet-5").ask("Hello #0"))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for number in sys.stdin:
    if process := os.fork():
        os.write(1, f"started {process}\\n".encode())
    else:
        asyncio.run(main(sys.argv[1], int(number)))
        os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="32 processes are too slow without a fork")
def test_killed_while_8_processes_record_every_file_is_whole_and_no_answer_is_lost(
    vendors_at, tmp_path
):
    vendors_at.text = number_in
    vendors_at.delay_s = 0.01
    chance = random.Random(7)
    said = (tmp_path / "said").open("w+", encoding="utf-8")
    folder = tmp_path / "recordings"
    parent = subprocess.Popen(
        [sys.executable, "-c", WRITERS, str(folder)],
        stdin=subprocess.PIPE,
        stdout=said,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        encoding="utf-8",
    )
    assert parent.stdin is not None

    def numbers(word: str) -> list[int]:
        text = (tmp_path / "said").read_text("utf-8")
        return [int(number) for number in re.findall(rf"^{word} (\d+)\n", text, re.MULTILINE)]

    def start(*writers: int) -> None:
        parent.stdin.write("".join(f"{number}\n" for number in writers))
        parent.stdin.flush()

    for turn in range(4):  # 32 kills, each process at a moment of its own
        before = len(numbers("answered"))
        start(*range(turn * 8, turn * 8 + 8))
        while len(numbers("answered")) < before + 8:
            time.sleep(0.01)  # until they are in the midst of it
        for process in numbers("started")[-8:]:
            time.sleep(chance.random() * 0.05)
            with contextlib.suppress(ProcessLookupError):  # it was through already
                os.kill(process, signal.SIGKILL)
    answered = {f"case-{i}" for i in numbers("answered")}
    cases = [json.loads(path.read_bytes())["case"] for path in folder.glob("*/*.json")]
    assert answered <= set(cases)
    assert len(vendors_at.seen) > len(cases)  # some were killed in the middle of a call
    asked = len(vendors_at.seen)
    start(0)  # the next run continues with what is missing
    parent.communicate()
    while not {f"case-{i}" for i in range(60)} <= {f"case-{i}" for i in numbers("answered")}:
        time.sleep(0.05)
    sent = [re.search(r"Say #(\d+) ", str(body)) for body in vendors_at.seen[asked:]]
    # What a killed process of the last turn had sent may arrive late.
    again = [f"case-{found[1]}" for found in sent if found and int(found[1]) < 60]
    assert sorted(again) == sorted({f"case-{i}" for i in range(60)} - set(cases))
    said.close()


def test_two_bodies_of_other_bytes_do_not_share_a_key():
    keys = {Asked.read("POST", "/v1/files", bytes([0x80 + i, 0xFF])).key for i in range(3)}
    assert len(keys) == 3


def test_auto_without_a_key_begins_with_the_missing_key(client, vendors_at, tmp_path, no_keys):
    with pytest.raises(llm.NotRecorded, match=r"^ANTHROPIC_API_KEY is not set, and nothing is"):
        asyncio.run(client(recordings=tmp_path).for_case("a").ask("Hello"))
    assert client(recordings=tmp_path).now()
    assert not list(tmp_path.glob("*/*"))


def test_a_server_that_cannot_stream_loses_no_text(client, vendors_at, tmp_path):
    vendors_at.script = ["says:whole at once"]

    async def go(mode):
        async with client(recordings=tmp_path, mode=mode) as one:
            return "".join([piece async for piece in one.stream("Hello")])

    assert asyncio.run(go("auto")) == asyncio.run(go("replay")) == "whole at once"
