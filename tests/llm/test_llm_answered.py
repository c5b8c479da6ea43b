"""Whether the model answered: `failure` says so, however a call ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from scaffold.llm import Client, LLMError, Refused, ScriptedModel


class Timed(ScriptedModel):
    """Answers a prompt after the seconds that it names, or fails where these are negative."""

    def __init__(self) -> None:
        super().__init__(lambda request: "an answer")

    async def exchange(self, request: Any, call: Any) -> Any:
        seconds = float(str(request.messages[0].parts[0]))
        await asyncio.sleep(abs(seconds))
        if seconds < 0:
            raise Refused("No.")
        return await super().exchange(request, call)


async def asked(model: Client, *rounds: Sequence[float]) -> BaseException | None:
    """Ask several rounds, the calls of one side by side and for 0.2 s at most."""
    for calls in rounds:
        try:
            async with asyncio.timeout(0.2):
                await asyncio.gather(*(model.ask(str(seconds)) for seconds in calls))
        except (LLMError, TimeoutError):
            await asyncio.sleep(0.1)  # meanwhile the others end
    return model.failure


@pytest.mark.parametrize(
    ("rounds", "kind"),
    [
        ([[0]], None),
        ([[-0.01]], Refused),
        ([[-0.01], [0]], None),  # a second model, or a second try, answered
        ([[0], [-0.01]], Refused),
        ([[-0.01, 0.05]], Refused),  # one of two was lost, whichever ended last
        ([[0.05, -0.01]], Refused),
        ([[0, 60]], asyncio.CancelledError),  # late for the caller's own limit
    ],
)
def test_the_failure_of_the_last_call_stands_until_a_later_one_is_answered(
    rounds: list[list[float]], kind: type[BaseException] | None
) -> None:
    found = asyncio.run(asked(Timed(), *rounds))
    assert found is None if kind is None else isinstance(found, kind)


def test_each_case_has_a_failure_of_its_own() -> None:
    model = ScriptedModel([Refused("No."), "yes"])
    one, other = model.for_case("1"), model.for_case("2")

    async def both() -> None:
        with pytest.raises(Refused):
            await one.ask("?")
        await other.ask("?")

    asyncio.run(both())
    assert isinstance(one.failure, Refused)
    assert (other.failure, model.failure) == (None, None)


def test_a_raw_call_that_fails_is_a_failure_too() -> None:
    async def ask() -> Client:
        async with Client("anthropic:claude-sonnet-5-5") as client:
            message: Any = {"role": "user", "content": "?"}
            with pytest.raises(Exception, match="ANTHROPIC_API_KEY"):
                await client.anthropic.messages.create(
                    model="claude-sonnet-5-5", max_tokens=9, messages=[message]
                )
            return client

    assert isinstance(asyncio.run(ask()).failure, LLMError)
