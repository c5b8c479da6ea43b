"""In every kind the baseline answers where the model does not, and earns it no points."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kinds.test_kind_overlays import KINDS
from pydantic import SecretStr

from scaffold import cli, evals
from scaffold.llm import Client, Refused, ScriptedModel, ToolCall

KEYS = {"anthropic": SecretStr("synthetic")}


class Late(ScriptedModel):
    """A model that answers in an hour."""

    async def exchange(self, request: Any, call: Any) -> Any:
        await asyncio.sleep(3600)


def failing() -> Client:
    return ScriptedModel([Refused("No; ask for something else.")])


def late() -> Client:
    model = Late(["too late"])
    model.deadline_s = 0.01
    return model


def over_budget() -> Client:
    return Client("anthropic:claude-sonnet-5-5", max_cost_usd=0, api_keys=KEYS)


WAYS = [(failing, "Refused"), (late, "TimedOut"), (over_budget, "BudgetExceeded")]


def solved(project: Any, model: Client) -> tuple[Any, Any, Client]:
    """What the solution and the baseline make of the first case, and the client afterwards."""
    given = project.module("cases").cases()[0].input

    async def both() -> tuple[Any, Any]:
        async with model:
            output = await project.module("solution").solve(given, model)
        return output, await project.module("baseline").solve(given, ScriptedModel([]))

    return *asyncio.run(both()), model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("way", "name"), WAYS, ids=[name for _, name in WAYS])
def test_the_baseline_answers_where_the_model_fails_is_late_or_over_budget(
    kind: str, way: Callable[[], Client], name: str, request: pytest.FixtureRequest
) -> None:
    output, of_baseline, model = solved(request.getfixturevalue(kind), way())
    assert output == of_baseline
    assert type(model.failure).__name__ == name


def run_of(project: Any, solve: Any, model: Client) -> dict[str, Any]:
    """Evaluate a solver over the kind's own cases, as `takehome eval` does."""
    cases = project.module("cases").cases()
    scoring = project.module("scoring")
    folder = Path("results") / str(len(list(Path().glob("results/*"))))
    scores = getattr(scoring, "SCORES", {})
    work = evals.evaluate(
        cases, cli.solver_of(solve, model), scoring.score, folder=folder, scores=scores
    )
    return asyncio.run(work)


@pytest.mark.parametrize("kind", KINDS)
def test_the_headline_counts_each_answer_of_the_baseline_as_wrong_and_a_second_row_as_it_is(
    kind: str, request: pytest.FixtureRequest
) -> None:
    project = request.getfixturevalue(kind)
    baseline = run_of(project, project.module("baseline").solve, ScriptedModel([]))
    assert not [name for name in baseline["scores"] if "fallback" in name]

    def refuse(request: Any) -> Exception:
        return Refused("No; ask for something else.")

    model = ScriptedModel(refuse)
    found = run_of(project, project.module("solution").solve, model)
    # Where a search finds nothing, rag says so without asking: the solution's own, right answer.
    asked, n = len(model.requests), found["n"]
    assert asked >= (n - 1 if kind == "rag" else n)
    first, second = list(found["scores"])[:2]
    assert first == next(iter(baseline["scores"]))
    assert second == f"{first}_with_fallback"
    assert found["scores"][first]["mean"] == pytest.approx((n - asked) / n)
    assert found["scores"][second] == baseline["scores"][first]
    assert found["errors"] == asked == found["error_kinds"]["Refused"]
    assert (
        f"{asked} of {n} answers are the fallback's: only {second} counts them." in found["notes"]
    )


def test_an_agent_that_has_changed_something_leaves_it_at_that(agent: Any) -> None:
    """A second hand that does not know what the first one did might do it twice."""
    solve = agent.module("solution").solve
    case = next(c for c in agent.module("cases").cases() if "Q-219" in c.input.state.orders)
    for tool, arguments, is_left in (
        ("get_order", {"order_id": "Q-219"}, False),
        ("refund", {"order_id": "Q-219", "cents": 1500}, True),
    ):
        model = ScriptedModel([ToolCall("1", tool, arguments), Refused("No.")])
        if is_left:
            with pytest.raises(Refused):
                asyncio.run(solve(case.input, model))
        else:
            assert asyncio.run(solve(case.input, model)).run_id.startswith("baseline-")


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_answers_has_no_second_row(kind: str, request: pytest.FixtureRequest) -> None:
    project = request.getfixturevalue(kind)

    async def solve(input: Any, llm: Client) -> Any:
        await llm.ask("Anything")
        return await project.module("baseline").solve(input, llm)

    found = run_of(project, solve, ScriptedModel(lambda request: "yes"))
    assert not [name for name in found["scores"] if "fallback" in name]
    assert not [note for note in found["notes"] if "fallback" in note]
