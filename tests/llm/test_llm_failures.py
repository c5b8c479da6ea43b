"""Whatever a server does ends in an answer or a typed failure, in time."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel

from scaffold import llm

from .conftest import events

MODELS = ("anthropic:claude-sonnet-5", "openai:gpt-5.5", "groq:llama-3.3-70b-versatile")


class Number(BaseModel):
    n: int


async def ask(client, text="How many?", **options):
    async with client:
        return await client.ask(text, **{"returns": Number, **options})


async def read(client, text="How many?"):
    async with client:
        return [piece async for piece in client.stream(text)]


TREATED = {
    "status:429": llm.RateLimited,
    "status:500": llm.VendorUnavailable,
    "status:529": llm.VendorUnavailable,
    "status:400": llm.Rejected,
    "status:401": llm.Rejected,
    "status:403": llm.Rejected,
    "status:404": llm.Rejected,
    "status:413": llm.Rejected,
    "dropped": llm.ConnectionBroken,
    "malformed": llm.BadResponse,
    "html": llm.BadResponse,
    "foreign": llm.BadResponse,
    "refused": llm.Refused,
    "truncated": llm.Truncated,
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("treatment", "failure"), TREATED.items())
def test_what_a_server_does_wrong_is_a_typed_failure_in_one_sentence(
    client, vendors_at, tmp_path, model, treatment, failure
):
    vendors_at.script = [treatment]
    with pytest.raises(failure) as caught:
        asyncio.run(ask(client(model, recordings=tmp_path)))
    assert type(caught.value) is failure
    assert str(caught.value).rstrip().endswith((".", "WiFi</body></html>", "[", "}"))
    assert "\n" not in str(caught.value)
    whole = treatment in ("refused", "truncated")  # these are answers, if unwelcome ones
    assert len(list(tmp_path.glob("*/*.json"))) == int(whole)


@pytest.mark.parametrize("model", MODELS)
def test_a_failure_carries_the_text_the_usage_and_the_request_id(client, vendors_at, model):
    vendors_at.script = ["truncated"]
    with pytest.raises(llm.Truncated) as caught:
        asyncio.run(ask(client(model)))
    assert caught.value.text == '{"n": 1'
    assert caught.value.usage is not None
    assert caught.value.usage.input_tokens == 130
    assert caught.value.request_id == "req_42"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("treatment", ["hang", "dribble"])
def test_a_server_that_takes_forever_meets_the_deadline(client, vendors_at, model, treatment):
    vendors_at.script = [treatment]
    started = time.monotonic()
    with pytest.raises(llm.TimedOut, match=r"TimeoutError; its deadline has passed"):
        asyncio.run(ask(client(model, deadline_s=0.6, max_retries=2)))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("model", MODELS)
def test_a_retry_after_of_1000_seconds_ends_at_the_deadline_or_at_once(client, vendors_at, model):
    vendors_at.script = ["status:429,1000"] * 3
    started = time.monotonic()
    with pytest.raises((llm.TimedOut, llm.RateLimited)):
        asyncio.run(ask(client(model, deadline_s=1, max_retries=2)))
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("model", MODELS)
def test_a_retry_after_is_obeyed_and_the_attempts_are_counted(client, vendors_at, model, tmp_path):
    vendors_at.script = ["status:429,0.1", "status:500,0.1"]
    make = client(model, max_retries=2, recordings=tmp_path)
    reply = asyncio.run(ask(make))
    assert (reply.output, reply.attempts) == (Number(n=7), 3)
    # Retries are one call: the answer lies in the first place, where a replay looks for it.
    assert [path.name for path in tmp_path.glob("*/*.json")] == ["_-e0-0.json"]
    again = asyncio.run(ask(client(model, recordings=tmp_path, mode="replay")))
    assert (again.attempts, again.replayed) == (3, True)


@pytest.mark.parametrize("model", MODELS)
def test_the_time_per_read_is_the_sdks_and_is_typed_too(client, vendors_at, model):
    vendors_at.script = ["hang"]
    with pytest.raises(llm.TimedOut, match="timeout_s"):
        asyncio.run(ask(client(model, timeout_s=0.3)))


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_answer_is_invalid_output_with_and_without_a_type(client, vendors_at, model):
    vendors_at.script = ["empty", "empty"]
    with pytest.raises(llm.InvalidOutput):
        asyncio.run(ask(client(model)))
    vendors_at.script = ["empty"]
    with pytest.raises(llm.InvalidOutput, match="empty"):
        asyncio.run(ask(client(model), returns=str))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("treatment", ["gzipped", "unknown", "big"])
def test_odd_but_whole_answers_are_read_and_replay(client, vendors_at, tmp_path, model, treatment):
    vendors_at.script = [treatment]
    reply = asyncio.run(ask(client(model, recordings=tmp_path)))
    assert reply.output == Number(n=7)
    again = asyncio.run(ask(client(model, recordings=tmp_path, mode="replay")))
    assert (again.output, again.usage, again.text) == (reply.output, reply.usage, reply.text)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("treatment", "failure"),
    {
        "status:500": llm.VendorUnavailable,
        "status:429": llm.RateLimited,
        "dropped": llm.ConnectionBroken,
        "halfway": llm.ConnectionBroken,
        "error_event": llm.VendorUnavailable,
        "html": llm.BadResponse,
        "foreign": llm.BadResponse,
    }.items(),
)
def test_a_stream_that_goes_wrong_is_a_typed_failure_and_not_recorded(
    client, vendors_at, tmp_path, model, treatment, failure
):
    vendors_at.text = lambda body: "one two three four five six"
    vendors_at.script = [treatment]
    with pytest.raises(failure):
        asyncio.run(read(client(model, recordings=tmp_path)))
    assert not list(tmp_path.glob("*/*.json"))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("treatment", "failure"),
    {"refused": llm.Refused, "truncated": llm.Truncated, "empty": llm.InvalidOutput}.items(),
)
def test_an_unwelcome_answer_is_the_same_failure_when_it_was_to_be_streamed(
    client, vendors_at, model, treatment, failure
):
    vendors_at.script = [treatment]
    one = client(model)
    with pytest.raises(failure):
        asyncio.run(read(one))
    assert one.calls[-1].error


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_that_hangs_meets_the_deadline_but_a_slow_reader_does_not(
    client, vendors_at, model
):
    asyncio.run(read(client(model)))  # imports the SDK, which may take longer than the deadline
    vendors_at.script = ["hang"]
    with pytest.raises(llm.TimedOut):
        asyncio.run(read(client(model, deadline_s=0.5)))
    assert len(vendors_at.seen) == 2

    async def slowly() -> str:
        text = ""
        async with client(model, deadline_s=30) as one:
            async for piece in one.stream("Hello"):
                await asyncio.sleep(0.01)
                text += piece
        return text

    vendors_at.text = lambda body: "one two three"
    assert asyncio.run(slowly()) == "one two three"


@pytest.mark.parametrize("model", MODELS)
def test_a_line_separator_in_a_streamed_text_ends_no_line(client, vendors_at, tmp_path, model):
    text = "one\u2028two\u0085three \u2029four"  # JSON may hold these as they are
    vendors_at.text = lambda body: text
    vendors_at.ascii = False
    for mode in ("auto", "replay"):
        pieces = asyncio.run(read(client(model, recordings=tmp_path, mode=mode)))
        assert "".join(pieces) == text


@pytest.mark.parametrize("model", MODELS)
def test_half_a_surrogate_pair_in_a_prompt_is_rejected_before_it_is_sent(client, vendors_at, model):
    with pytest.raises(llm.Rejected, match="surrogates not allowed; take that character out"):
        asyncio.run(ask(client(model), "half \ud83d of a smile"))
    assert not vendors_at.seen


def test_a_refusal_that_is_streamed_is_refused_in_chat_completions_too(
    client, vendors_at, monkeypatch
):
    def refusing(self, body, _):
        deltas = [{"role": "assistant", "content": ""}, {"refusal": "not "}, {"refusal": "this"}]
        choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        said = ({"model": "m", "choices": [choice]} for choice in choices)
        data = "".join(f"data: {json.dumps(event)}\n\n" for event in said)
        self.send(f"{data}data: [DONE]\n\n".encode(), "text/event-stream")

    monkeypatch.setattr(vendors_at.RequestHandlerClass, "refusing", refusing, raising=False)
    vendors_at.script = ["refusing"]
    with pytest.raises(llm.Refused, match="not this"):
        asyncio.run(read(client(MODELS[2])))


@pytest.mark.parametrize("model", MODELS)
def test_a_proxys_page_of_several_lines_is_told_in_one(client, vendors_at, monkeypatch, model):
    def gateway(self, body, _):
        page = b"<html>\r\n<title>502 Bad Gateway</title>\r\n<center>nginx</center>\r\n</html>\r\n"
        self.send(page, "text/html", status=502)

    monkeypatch.setattr(vendors_at.RequestHandlerClass, "gateway", gateway, raising=False)
    vendors_at.script = ["gateway"]
    with pytest.raises(llm.VendorUnavailable) as caught:
        asyncio.run(ask(client(model)))
    assert "502" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("model", MODELS)
def test_the_deadline_strikes_in_the_midst_of_a_stream_too(
    client, vendors_at, tmp_path, monkeypatch, model
):
    def slowly(self, body, _):
        said = [f"data: {json.dumps(event)}\n\n" for event in events(self.path, "a " * 100)]
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len("".join(said))))
        self.end_headers()
        for line in said:  # every single read is in time
            self.wfile.write(line.encode())
            self.wfile.flush()
            if vendors_at.released.wait(0.05):
                return

    monkeypatch.setattr(vendors_at.RequestHandlerClass, "slowly", slowly, raising=False)
    vendors_at.script = ["ok", "slowly"]
    pieces = list[str]()
    one = client(model, recordings=tmp_path, concurrency=1, max_cost_usd=1)

    async def tell() -> None:
        async for piece in one.stream("Tell", deadline_s=1.5):
            pieces.append(piece)

    async def go() -> None:
        async with one:
            await one.ask("Hello")  # importing the SDK takes its time
            with pytest.raises(llm.TimedOut, match="deadline"):
                await tell()
            assert (await one.ask("Tell")).text  # its slot was given back

    asyncio.run(go())
    assert 1 <= len(pieces) < 60
    assert len(list(tmp_path.rglob("*.*"))) == 2  # of the two others


@pytest.mark.parametrize("model", MODELS)
def test_the_deadline_holds_for_all_retries_together(client, vendors_at, model):
    asyncio.run(ask(client(model)))  # importing the SDK takes its time
    vendors_at.script = ["status:500,0.3"] * 20
    started = time.monotonic()
    with pytest.raises(llm.TimedOut, match="deadline"):
        asyncio.run(ask(client(model, deadline_s=1, max_retries=20)))
    assert time.monotonic() - started < 3
    assert 3 <= len(vendors_at.seen) < 8


def test_no_server_at_all_is_a_broken_connection(client, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(llm.ConnectionBroken, match="check the network"):
        asyncio.run(ask(client()))


def test_somebody_elses_timeout_is_not_taken_for_the_deadline(client, vendors_at):
    vendors_at.script = ["hang"]

    async def go() -> None:
        async with client(deadline_s=30) as one, asyncio.timeout(0.3):
            await one.ask("Hello")

    with pytest.raises(TimeoutError):
        asyncio.run(go())


def test_a_setting_that_the_vendor_does_not_take_is_rejected(client):
    with pytest.raises(llm.Rejected, match="temperature"):
        asyncio.run(ask(client(MODELS[0]), temperature=0))


def test_a_setting_that_the_vendor_takes_goes_out_by_its_own_name(client, vendors_at):
    asyncio.run(ask(client(MODELS[1]), temperature=0.5, service_tier="flex"))
    assert vendors_at.seen[-1]["temperature"] == 0.5
    assert vendors_at.seen[-1]["service_tier"] == "flex"
    asyncio.run(ask(client(MODELS[0]), output_config={"effort": "low"}))
    assert vendors_at.seen[-1]["output_config"]["effort"] == "low"
    assert vendors_at.seen[-1]["output_config"]["format"]["type"] == "json_schema"


def test_an_unknown_vendor_and_an_absent_one_are_said_in_a_sentence(monkeypatch):
    with pytest.raises(llm.Rejected, match="no vendor 'acme'"):
        asyncio.run(llm.Client("acme:x").ask("Hello"))
    absent = replace(llm.vendors.VENDORS["openai"], name="acme", module="acme")
    monkeypatch.setitem(llm.vendors.VENDORS, "acme", absent)
    with pytest.raises(llm.Rejected, match=r"made without acme; .*copier update --trust -d '"):
        asyncio.run(llm.Client("acme:x").ask("Hello"))


def test_no_key_is_said_with_the_variable(no_keys, tmp_path):
    with pytest.raises(llm.NoKey, match="ANTHROPIC_API_KEY is not set"):
        asyncio.run(llm.Client(MODELS[0]).ask("Hello"))
    with pytest.raises(llm.NoKey):
        asyncio.run(llm.Client(MODELS[0], recordings=tmp_path, mode="live").ask("Hello"))


def test_every_failure_is_logged_with_its_prompt(client, vendors_at):
    vendors_at.script = ["status:500"]
    one = client().for_case("case-1")
    with pytest.raises(llm.VendorUnavailable):
        asyncio.run(ask(one, system="Be brief."))
    (line,) = one.calls
    assert line.error is not None
    assert "it is 500" in line.error
    assert line.prompt == "[system]\nBe brief.\n\n[user]\nHow many?"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", ["ask", "stream"])
def test_a_cancelled_call_is_logged_as_such_and_leaves_nothing_behind(
    client, vendors_at, tmp_path, model, how
):
    vendors_at.script = ["hang"]
    one = client(model, recordings=tmp_path, concurrency=1, max_cost_usd=1)

    def asked() -> None:
        while not vendors_at.under_way:
            time.sleep(0.01)

    async def go() -> None:
        task = asyncio.create_task(one.ask("Hello") if how == "ask" else read(one))
        await asyncio.to_thread(asked)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        vendors_at.released.set()
        async with one:
            await one.ask("Hello again")

    asyncio.run(go())
    assert one.calls[0].error == "cancelled before it was answered"
    assert one.spent_usd == one.calls[1].cost_usd
    assert len(list(tmp_path.rglob("*.*"))) == 1


def test_the_module_begins_with_the_tree_and_the_tree_names_every_failure():
    text = Path(llm.errors.__file__).read_text("utf-8")
    head = text.split('"""')[1]
    for kind in llm.LLMError.__subclasses__():
        assert kind.__name__ in head
