"""What `ask` gives back: outputs, tools, limits, prices, and the scripted stand-in."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from pydantic import BaseModel, Field, RootModel, SecretStr, computed_field

from scaffold import llm
from scaffold.llm.messages import parse

from .conftest import answer, events

MODELS = ("anthropic:claude-sonnet-5", "openai:gpt-5.5", "groq:llama-3.3-70b-versatile")


class Number(BaseModel):
    n: int


class Free(BaseModel):
    counts: dict[str, int]


class Anything(BaseModel):
    value: Any


class Pair(BaseModel):
    pair: tuple[int, str]


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


async def look_up(name: str) -> dict[str, str]:
    """Look a name up."""
    if name == "nobody":
        raise KeyError(name)
    return {"name": name}


@pytest.mark.parametrize("model", MODELS)
def test_a_reply_has_output_usage_cost_latency_and_ids(client, vendors_at, model):
    reply = asyncio.run(client(model).ask("How many?", returns=Number))
    assert reply.output == Number(n=7)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (130, 20)
    assert reply.usage.cached_tokens == 30
    assert reply.usage.reasoning_tokens == (5 if model.startswith("openai") else 0)
    assert isinstance(reply.cost_usd, Decimal)
    assert reply.cost_usd > 0
    assert reply.latency_s > 0
    assert (reply.request_id, reply.attempts, reply.replayed) == ("req_42", 1, False)
    assert reply.model == model.partition(":")[2]


def test_the_cost_is_that_of_the_price_list(client, vendors_at):
    from genai_prices import Usage, calc_price

    reply = asyncio.run(client().ask("How many?", returns=Number))
    usage = Usage(input_tokens=130, output_tokens=20, cache_read_tokens=30)
    expected = calc_price(usage, "claude-sonnet-5", provider_id="anthropic").total_price
    assert reply.cost_usd == expected


def test_a_model_without_a_price_costs_unknown_and_is_refused_under_a_limit(client, vendors_at):
    keys, urls = {"compatible": SecretStr("synthetic")}, {"compatible": f"{vendors_at.url}/v1"}
    one = client("compatible:homemade-1", api_keys=keys, base_urls=urls)
    assert asyncio.run(one.ask("Hello")).cost_usd is None
    limited = client("openai:homemade-1", max_cost_usd=1)
    with pytest.raises(llm.BudgetExceeded, match="no price of homemade-1"):
        asyncio.run(limited.ask("Hello"))


def test_a_free_server_needs_no_key_and_no_price(client, vendors_at, no_keys):
    reply = asyncio.run(client("ollama:homemade-1", max_cost_usd=0).ask("Hi", returns=Number))
    assert (reply.output, reply.cost_usd) == (Number(n=7), 0)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("returns", "text", "output"),
    [
        (list[int], '{"value": [1, 2]}', [1, 2]),
        (Literal["yes", "no"], '{"value": "no"}', "no"),
        (Number | None, '{"value": {"n": 3}}', Number(n=3)),
        (int, 'So: {"value": 0}.', 0),
    ],
)
def test_a_type_that_is_no_model_is_wrapped_for_the_vendor_and_unwrapped_again(
    client, vendors_at, model, returns, text, output
):
    vendors_at.script = [f"says:{text}"]
    assert asyncio.run(client(model).ask("Which?", returns=returns)).output == output
    assert '"value"' in json.dumps(vendors_at.seen[-1])


class Names(RootModel[list[Number]]):
    pass


@pytest.mark.parametrize("model", MODELS)
def test_a_root_model_is_wrapped_too_since_vendors_want_an_object(client, vendors_at, model):
    vendors_at.text = lambda body: '{"value": [{"n": 1}, {"n": 2}]}'
    reply = asyncio.run(client(model).ask("Which?", returns=Names))
    assert reply.output == Names([Number(n=1), Number(n=2)])
    body = vendors_at.seen[-1]
    form = body.get("output_config") or body.get("text") or body["response_format"]
    schema = (form.get("format") or form["json_schema"])["schema"]
    assert (schema["type"], [*schema["properties"]]) == ("object", ["value"])


def test_an_answer_in_several_blocks_is_one_text_in_chat_completions_too(
    client, vendors_at, monkeypatch
):
    said = [{"type": "thinking", "thinking": []}, {"type": "text", "text": '{"n": '}]
    message = {"role": "assistant", "content": [*said, {"type": "text", "text": "7}"}]}
    answer = {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}

    def blocks(self, body, _):
        self.send(json.dumps(answer).encode())

    monkeypatch.setattr(vendors_at.RequestHandlerClass, "blocks", blocks, raising=False)
    vendors_at.script = ["blocks"]
    assert asyncio.run(client(MODELS[2]).ask("How many?", returns=Number)).output == Number(n=7)


@pytest.mark.parametrize("model", MODELS)
def test_what_does_not_fit_is_asked_again_once_and_both_attempts_count(client, vendors_at, model):
    vendors_at.script = ['says:{"n": "many"}', 'says:{"n": 7}']
    one = client(model)
    reply = asyncio.run(one.ask("How many?", returns=Number))
    assert (reply.output, reply.attempts) == (Number(n=7), 2)
    assert reply.usage.input_tokens == 260
    assert "valid integer" in json.dumps(vendors_at.seen[1])
    assert '{\\"n\\": \\"many\\"}' in json.dumps(vendors_at.seen[1]).replace("\\\\", "\\")
    (line,) = one.calls
    assert (line.attempts, line.cost_usd) == (2, reply.cost_usd)


@pytest.mark.parametrize("model", MODELS)
def test_what_does_not_fit_twice_is_invalid_output_with_its_text(client, vendors_at, model):
    vendors_at.script = ["says:no", "says:still no"]
    with pytest.raises(llm.InvalidOutput) as caught:
        asyncio.run(client(model).ask("How many?", returns=Number))
    assert caught.value.text == "still no"


@pytest.mark.parametrize(
    "text",
    ['{"n": 7}', 'Here it is:\n```json\n{"n": 7}\n```', 'It is {"n": 7}, as asked.'],
)
def test_json_is_found_in_prose_and_fences(text):
    assert parse(text, Number) == Number(n=7)


@pytest.mark.parametrize("model", MODELS[:2])
@pytest.mark.parametrize("returns", [Free, Anything, Pair])
def test_a_schema_that_a_vendor_would_change_in_silence_is_refused(
    client, vendors_at, model, returns
):
    if (model, returns) == (MODELS[1], Anything):
        pytest.skip("OpenAI's transform keeps Any")
    with pytest.raises(llm.Rejected, match=returns.__name__):
        asyncio.run(client(model).ask("Which?", returns=returns))
    assert not vendors_at.seen


@pytest.mark.parametrize("model", MODELS)
def test_tools_are_called_together_and_give_the_messages_to_continue_with(
    client, vendors_at, model, monkeypatch
):
    wanted = [
        ("1", "add", {"a": 2, "b": 3}),
        ("2", "look_up", {"name": "nobody"}),
        ("3", "add", {"a": "x"}),
        ("4", "nothing", {}),
    ]
    if model.startswith("anthropic"):
        blocks = [{"type": "tool_use", "id": i, "name": n, "input": a} for i, n, a in wanted]
        thinking = {"type": "thinking", "thinking": "hm", "signature": "sig"}
        changes = {"content": [thinking, *blocks], "stop_reason": "tool_use"}
    elif model.startswith("openai"):
        items = [
            {
                "type": "function_call",
                "id": "fc",
                "call_id": i,
                "name": n,
                "arguments": json.dumps(a),
            }
            for i, n, a in wanted
        ]
        changes = {"output": [{"type": "reasoning", "id": "rs", "summary": []}, *items]}
    else:
        functions = [
            {"id": i, "type": "function", "function": {"name": n, "arguments": json.dumps(a)}}
            for i, n, a in wanted
        ]
        message = {"role": "assistant", "content": None, "tool_calls": functions}
        changes = {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
    handler = vendors_at.RequestHandlerClass

    def calls(self, body, _):
        whole = {"status": "completed", "usage": {"input_tokens": 1, "output_tokens": 1}}
        self.send(json.dumps({"model": "m", **whole, **changes}).encode())

    monkeypatch.setattr(handler, "calls", calls, raising=False)
    vendors_at.script = ["calls"]

    async def go() -> tuple[Any, list[Any], Any]:
        async with client(model) as one:
            start = llm.Message("user", "Go")
            step = await one.ask([start], tools=[add, look_up])
            more = await step.run_tools()
            end = await one.ask([start, *more], tools=[add, look_up], returns=Number)
            return step, more, end

    step, more, end = asyncio.run(go())
    assert step.tool_calls[0].arguments == {"a": 2, "b": 3}
    results = more[1].parts
    assert [result.is_error for result in results] == [False, True, True, True]
    assert results[0].text == "5"
    assert "KeyError" in results[1].text
    assert "a: Input should be a valid integer" in results[2].text
    assert "There is no tool 'nothing'; there are: add, look_up" in results[3].text
    assert end.output == Number(n=7)
    sent = json.dumps(vendors_at.seen[0]["tools"])
    assert "Add two numbers." in sent
    again = json.dumps(vendors_at.seen[1])
    assert ("signature" in again) == model.startswith("anthropic")
    assert ("reasoning" in again) == model.startswith("openai")


def test_a_tool_without_types_is_rejected(client):
    def untyped(x):
        """Do something."""

    with pytest.raises(llm.Rejected, match="parameter 'x' of the tool untyped"):
        asyncio.run(client().ask("Go", tools=[untyped]))


def test_the_budget_holds_with_50_calls_in_flight(client, vendors_at):
    vendors_at.delay_s = 0.02
    limit = Decimal("0.005")

    async def go() -> list[Any]:
        async with client(max_cost_usd=limit, concurrency=50, max_tokens=100) as one:
            asks = [one.for_case(str(i)).ask(f"Hello {i}") for i in range(50)]
            done = await asyncio.gather(*asks, return_exceptions=True)
            assert one.spent_usd <= limit
            return done

    done = asyncio.run(go())
    spent = sum(reply.cost_usd for reply in done if isinstance(reply, llm.Reply))
    refused = [one for one in done if isinstance(one, llm.BudgetExceeded)]
    assert spent <= limit
    assert len(refused) + sum(isinstance(one, llm.Reply) for one in done) == 50
    assert refused
    # Reservations alone refuse nobody: many more get through than fit at once.
    assert sum(isinstance(one, llm.Reply) for one in done) >= 8


@pytest.mark.parametrize("model", MODELS[:2])
def test_the_budget_holds_for_calls_streams_and_raw_calls_together(client, vendors_at, model):
    vendors_at.delay_s = 0.02
    limit = Decimal("0.02")

    async def go() -> list[Any]:
        async with client(model, max_cost_usd=limit, concurrency=50, max_tokens=200) as one:

            async def stream(i: int) -> str:
                return "".join([piece async for piece in one.for_case(f"s{i}").stream(f"Tell {i}")])

            async def raw(i: int) -> Any:
                case, asked = one.for_case(f"r{i}"), [{"role": "user", "content": f"Say {i}"}]
                if model.startswith("openai"):
                    made = case.openai.responses
                    return await made.create(model="gpt-5.5", max_output_tokens=200, input=asked)
                made = case.anthropic.messages
                return await made.create(model="claude-sonnet-5", max_tokens=200, messages=asked)

            asks = [one.for_case(f"a{i}").ask(f"Hello {i}") for i in range(20)]
            tasks = [*asks, *map(stream, range(20)), *map(raw, range(20))]
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert 0 < one.spent_usd <= limit
            return done

    done = asyncio.run(go())
    refused = [one for one in done if isinstance(one, Exception)]
    assert all("this may cost" in str(one) for one in refused)
    assert len(refused) < 60
    assert len(vendors_at.seen) == 60 - len(refused)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", ["ask", "stream"])
def test_an_answer_without_usage_has_no_known_cost_in_any_protocol(
    client, vendors_at, monkeypatch, model, how
):
    if (how, model) == ("stream", MODELS[0]):
        pytest.skip("usage is a part of Anthropic's stream")

    def silent(self, body, _):
        if not body.get("stream"):
            self.send(json.dumps({**answer(self.path, "Hello"), "usage": None}).encode())
            return
        said = [{**event, "usage": None} for event in events(self.path, "Hello")]
        for event in said:
            event.get("response", {})["usage"] = None
        data = "".join(f"data: {json.dumps(event)}\n\n" for event in said)
        self.send(data.encode(), "text/event-stream")

    monkeypatch.setattr(vendors_at.RequestHandlerClass, "silent", silent, raising=False)
    vendors_at.script = ["silent"]
    one = client(model, max_cost_usd=1)

    async def go() -> None:
        if how == "ask":
            await one.ask("Hello")
        else:
            assert "".join([piece async for piece in one.stream("Hello")]) == "Hello"

    asyncio.run(go())
    assert one.calls[0].cost_usd is None
    assert one.spent_usd > 0  # its bound


def test_a_replay_costs_no_budget(client, vendors_at, tmp_path):
    asyncio.run(client(recordings=tmp_path).ask("Hello"))
    free = client(recordings=tmp_path, max_cost_usd=0)
    assert asyncio.run(free.ask("Hello")).cost_usd
    assert free.spent_usd == 0


def test_concurrency_is_limited_per_model(client, vendors_at):
    vendors_at.delay_s = 0.05

    async def go() -> None:
        async with client(concurrency=3) as one:
            await asyncio.gather(*(one.ask(f"Hello {i}") for i in range(12)))

    asyncio.run(go())
    assert vendors_at.most_under_way == 3


def test_a_model_does_not_wait_for_the_slots_of_another(client, vendors_at):
    vendors_at.script = ["hang"] * 2

    def both_hang() -> None:
        while len(vendors_at.seen) < 2:
            time.sleep(0.01)

    async def go() -> None:
        async with client(concurrency=2) as one:
            waiting = [asyncio.create_task(one.ask(f"Hello {i}")) for i in range(3)]
            await asyncio.to_thread(both_hang)
            assert (await one.ask("Hello", model=MODELS[1], deadline_s=5)).text
            assert len(vendors_at.seen) == 3
            for one_of_them in waiting:
                one_of_them.cancel()
            vendors_at.released.set()
            await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(go())


def test_a_failed_or_cancelled_call_gives_slot_and_reservation_back(client, vendors_at):
    vendors_at.script = ["status:500", "hang", "dropped"]

    async def go() -> None:
        async with client(concurrency=1, max_cost_usd=0.1, deadline_s=0.5) as one:
            for _ in range(3):
                with pytest.raises(llm.LLMError):
                    await one.ask("Hello")
            assert (await one.ask("Hello", deadline_s=30)).text

    asyncio.run(go())


@pytest.mark.parametrize("model", MODELS)
def test_a_client_goes_on_in_a_second_event_loop(client, vendors_at, model):
    vendors_at.delay_s = 0.02
    one = client(model, concurrency=2)

    async def go() -> None:
        await asyncio.gather(*(one.ask(f"Hello {i}") for i in range(14)))  # they wait for slots
        assert "".join([piece async for piece in one.stream("Tell")])

    for _ in range(3):
        asyncio.run(go())
    assert len(one.calls) == 45

    async def close() -> None:
        async with one:
            pass

    asyncio.run(close())


def test_calls_wait_for_reservations_in_every_event_loop(client, vendors_at):
    vendors_at.delay_s = 0.02
    one = client(MODELS[1], max_cost_usd=0.3)  # a reservation is 0.12

    async def go() -> None:
        await asyncio.gather(*(one.ask(f"Hello {i}") for i in range(6)))

    asyncio.run(go())
    asyncio.run(go())
    assert one.spent_usd < Decimal("0.02")


def test_another_model_shares_the_budget(client, vendors_at):
    async def go() -> Decimal:
        async with client(max_cost_usd=1) as one:
            first = await one.ask("Hello")
            second = await one.ask("Hello", model=MODELS[1])
            assert one.spent_usd == first.cost_usd + second.cost_usd
            return one.spent_usd

    assert asyncio.run(go()) > 0


def test_a_conversation_with_attachments_reaches_every_vendor(client, vendors_at):
    messages = [
        llm.Message("user", "Who are you?"),
        llm.Message("assistant", "A model."),
        llm.Message("user", "Read."),
    ]
    files = [llm.Document("a.png", b"png" * 300), llm.Document("a.csv", b"x;y\n1;2\n")]
    for model in MODELS:
        asyncio.run(client(model).ask(messages, attachments=files, system="Be brief."))
        sent = json.dumps(vendors_at.seen[-1])
        assert files[0].base64 in sent
        assert "<document name='a.csv'>" in sent
        assert "Be brief." in sent
        assert sent.index("A model.") < sent.index(files[0].base64) < sent.index("Read.")


def test_a_file_that_no_vendor_reads_is_rejected(tmp_path):
    with pytest.raises(llm.Rejected, match=r"scaffold\.documents"):
        _ = llm.Document("a.docx", b"\xff\xfe\x00").text
    with pytest.raises(llm.Rejected, match="check the path"):
        llm.Document(tmp_path / "missing.pdf")


def test_a_key_given_to_the_client_is_used(client, vendors_at, no_keys):
    keys = {"anthropic": SecretStr("synthetic-given")}
    asyncio.run(client(api_keys=keys).ask("Hello"))
    assert "synthetic-given" in json.dumps(vendors_at.headers[-1])


def test_anthropics_auth_token_is_a_key_too_and_the_api_key_goes_before_it(
    client, vendors_at, no_keys, monkeypatch
):
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "synthetic-token")
    assert asyncio.run(client().ask("Hello")).text
    assert vendors_at.headers[-1]["Authorization"] == "Bearer synthetic-token"
    monkeypatch.setenv("ANTHROPIC_API_KEY", "synthetic-key")
    assert asyncio.run(client().ask("Hello")).text
    assert vendors_at.headers[-1]["Authorization"] == "Bearer synthetic-key"


@pytest.mark.parametrize("code", ["scaffold.llm", f"scaffold.llm.Client({MODELS[0]!r})"])
def test_neither_the_package_nor_a_client_that_nobody_asked_imports_an_sdk(code, no_keys):
    code = f"import sys, scaffold.llm; {code}; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["anthropic", "openai", "httpx2", "genai_prices"]
    source = str(Path(llm.__file__).parents[2])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {code}", *heavy]
    assert subprocess.check_output(command).decode().strip() == "[]"


def test_scripted_replies_come_in_order_and_requests_can_be_inspected():
    model = llm.ScriptedModel(["Hello", Number(n=3), llm.RateLimited("Busy; wait.")])

    async def go() -> None:
        assert (await model.for_case("a").ask("One")).output == "Hello"
        assert (await model.ask("Two", returns=Number, system="S")).output == Number(n=3)
        with pytest.raises(llm.RateLimited):
            await model.ask("Three")
        with pytest.raises(llm.LLMError, match="no reply 4"):
            await model.ask("Four")

    asyncio.run(go())
    assert str(model.requests[1].messages[0]) == "[user]\nTwo"
    assert model.requests[1].system == "S"
    assert len(model.calls) == 3


def test_a_scripted_object_may_have_aliases_and_computed_fields():
    class Invoice(BaseModel, extra="forbid"):
        net: Decimal = Field(alias="Net amount")

        @computed_field
        def gross(self) -> Decimal:
            return self.net * 2

    said = Invoice.model_validate({"Net amount": "1.50"})
    assert asyncio.run(llm.ScriptedModel([said]).ask("?", returns=Invoice)).output == said


def test_no_arguments_may_come_as_an_empty_text():
    from scaffold.llm.tools import checked, tool_of

    def now() -> str:
        """Tell the time."""
        return "noon"

    called = checked(llm.ToolCall("1", "now", cast(Any, "")), [tool_of(now)])
    assert (called.arguments, called.error) == ({}, None)


def test_a_script_can_be_a_function_call_tools_stream_and_be_corrected():
    def reply(request: Any) -> Any:
        last = str(request.messages[-1])
        if "tools" in last:
            return llm.ToolCall("1", "add", {"a": 1})
        return "no JSON" if "number" in last else '{"n": 4}'

    model = llm.ScriptedModel(reply)

    async def go() -> None:
        step = await model.ask("tools", tools=[add])
        (result,) = (await step.run_tools())[1].parts
        assert isinstance(result, llm.ToolResult)
        assert result.text == "2"
        assert (await model.ask("number", returns=Number)).attempts == 2
        assert "".join([piece async for piece in model.stream("x")]) == '{"n": 4}'

    asyncio.run(go())


def test_a_long_prompt_costs_what_its_tier_costs():
    from scaffold.llm.limits import billed
    from scaffold.llm.vendors import vendor_of

    def of(tokens: int) -> Decimal:
        usage = {"input_tokens": tokens, "output_tokens": 0}
        answer = {"model": "claude-haiku-5-5", "usage": usage}
        _, found = billed(vendor_of("anthropic"), answer, "x")
        assert found is not None
        return found

    assert of(1_500_000) > 15 * of(100_000)


def test_the_bound_of_a_dearer_service_tier_is_higher():
    from scaffold.llm.limits import upper_bound
    from scaffold.llm.vendors import vendor_of

    body = {"model": "gpt-5.5", "max_output_tokens": 100}
    plain = upper_bound(vendor_of("openai"), body, 50)
    assert upper_bound(vendor_of("openai"), {**body, "service_tier": "priority"}, 50) > plain


def test_an_answer_without_usage_costs_unknown_but_its_bound_is_spent(
    client, vendors_at, monkeypatch
):
    def silent(self, body, _):
        answer = {"model": "claude-sonnet-5", "stop_reason": "end_turn", "usage": None}
        answer["content"] = [{"type": "text", "text": "Hello"}]
        self.send(json.dumps(answer).encode())

    monkeypatch.setattr(vendors_at.RequestHandlerClass, "silent", silent, raising=False)
    vendors_at.script = ["silent"]
    one = client(max_cost_usd=1)
    assert asyncio.run(one.ask("Hello")).cost_usd is None
    assert one.spent_usd > 0


@pytest.mark.parametrize("model", MODELS)
def test_the_bound_of_a_long_text_without_blanks_is_not_that_of_an_image(client, vendors_at, model):
    image = llm.Document("a.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4000)
    one = client(model, max_cost_usd=0.3, max_tokens=100)
    assert asyncio.run(one.ask("Look", attachments=[image])).text
    with pytest.raises(llm.BudgetExceeded):  # up to a million tokens, as one with blanks
        asyncio.run(client(model, max_cost_usd=0.3).ask("ACGT" * 250_000))
    assert len(vendors_at.seen) == 1


def test_under_a_limit_a_raw_call_must_say_how_long_its_answer_may_get(client, vendors_at):
    import openai

    async def go(one: llm.Client, **options: Any) -> Any:
        async with one:
            raw = one.openai.responses
            return await raw.create(model="gpt-5.5", input="Hello", **options)

    with pytest.raises(openai.APIStatusError, match=r"pass max_tokens \(Responses: max_output"):
        asyncio.run(go(client(max_cost_usd=100)))
    assert not vendors_at.seen
    assert asyncio.run(go(client(max_cost_usd=1), max_output_tokens=100)).output_text
    assert asyncio.run(go(client())).output_text


def test_raw_chat_completions_of_openai_are_logged_limited_and_replayed_too(
    client, vendors_at, tmp_path
):
    import openai

    async def go(mode: str, **options: Any) -> tuple[str, Any, Decimal]:
        async with client(recordings=tmp_path, mode=mode, max_cost_usd=0.02) as one:
            case, asked = one.for_case("raw"), [{"role": "user", "content": "Hello"}]
            chat = case.openai.chat.completions
            answer = await chat.create(model="gpt-5.5", messages=asked, **options)
            return answer.choices[0].message.content, case.calls, one.spent_usd

    text, (call,), spent = asyncio.run(go("auto", max_completion_tokens=100))
    assert (call.text, call.cost_usd) == (text, spent)
    assert spent > 0
    again, (replayed,), free = asyncio.run(go("replay", max_completion_tokens=100))
    assert (again, replayed.cost_usd, free) == (text, spent, 0)
    with pytest.raises(openai.APIStatusError, match="this may cost"):
        asyncio.run(go("auto", max_completion_tokens=1000))
    assert len(vendors_at.seen) == 1


@pytest.mark.parametrize("limit", [None, 1])
def test_without_their_module_raw_chat_completions_are_recorded_but_refused_under_a_limit(
    client, vendors_at, tmp_path, monkeypatch, limit
):
    import openai

    from scaffold.llm import transport, vendors

    def found(name: str) -> Any:
        return None if name.endswith(".compatible") else find_spec(name)

    for module in (vendors, transport):
        monkeypatch.setattr(module, "find_spec", found)

    async def go(mode: str) -> str:
        async with client(recordings=tmp_path, mode=mode, max_cost_usd=limit) as one:
            asked: Any = [{"role": "user", "content": "Hello"}]
            chat = one.openai.chat.completions
            return (await chat.create(model="gpt-5.5", messages=asked)).choices[0].message.content

    if limit:
        with pytest.raises(openai.APIStatusError, match=r"made without compatible; .copier update"):
            asyncio.run(go("auto"))
        assert not vendors_at.seen
    else:
        assert asyncio.run(go("auto")) == asyncio.run(go("replay"))


def test_the_bound_covers_several_answers_and_a_cache_kept_for_an_hour():
    from scaffold.llm.limits import billed, upper_bound
    from scaffold.llm.vendors import vendor_of

    chat = {"model": "llama-3.3-70b-versatile", "max_tokens": 100}
    groq = vendor_of("groq")
    output = upper_bound(groq, chat, 0)
    assert upper_bound(groq, {**chat, "n": 5}, 0) == 5 * output > 0

    block = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    body = {"model": "claude-sonnet-5", "max_tokens": 1, "system": [block]}
    writes = {"ephemeral_1h_input_tokens": 1000}
    usage = {"input_tokens": 0, "cache_creation_input_tokens": 1000, "cache_creation": writes}
    anthropic = vendor_of("anthropic")
    answer = {"model": "claude-sonnet-5", "usage": {**usage, "output_tokens": 1}}
    _, cost = billed(anthropic, answer, "claude-sonnet-5")
    assert upper_bound(anthropic, body, 1000) == cost
    five_minutes = json.loads(json.dumps(body).replace("1h", "5m"))
    assert upper_bound(anthropic, five_minutes, 1000) < cost
