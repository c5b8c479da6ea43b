"""Your `solve` as the harness runs it: over a case, over a first one to see the cost, over some anew."""

import json
import random
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from scaffold.evals import Case, CasesError, Outcome, Scorer, Solver
from scaffold.evals.cases import write_whole


def solver_of(solve: Any, client: Any) -> Solver:
    """Your `solve(input, llm)` in the harness's shape: a case in, an outcome out."""

    async def solved(case: Case[Any, Any], epoch: int) -> Outcome[Any]:
        llm = client.for_case(case.id, epoch)
        try:
            output = await solve(case.input, llm)
            if not hasattr(output, "model_dump"):  # a dict would be scored 0 without a word
                raise TypeError(f"return Output of schemas.py, not {type(output).__name__}")
            outcome = Outcome(output)
        except Exception as error:  # whatever it is, it is this case's result, not the run's end
            outcome = Outcome.failed(error)
        outcome.calls = [call.logged() for call in llm.calls]
        return outcome

    return solved


async def dry_run(
    cases: Sequence[Case[Any, Any]], solver: Solver, epochs: int, at_once: int
) -> dict[str, Any]:
    """What a run would take, by its first case, which is asked where it is not recorded.

    `cost_usd` is None where a price is unknown; `seconds` is with so many cases at once.
    """
    outcome, tries = await solver(cases[0], 0), len(cases) * epochs
    costs = [call["cost_usd"] for call in outcome.calls]
    seconds = sum(call["latency_s"] for call in outcome.calls)
    return {
        "tries": tries,
        "calls": tries * len(costs),
        "cost_usd": None if None in costs else tries * float(sum(costs)),
        "seconds": seconds * tries / min(at_once, tries),
        "by": cases[0].id,
        "error": outcome.error,
    }


async def spot_check(
    cases: Sequence[Case[Any, Any]], recorded: Solver, fresh: Solver, score: Scorer, n: int
) -> list[dict[str, Any]]:
    """Up to `n` recorded cases (drawn at random), each solved anew: both scores side by side.

    Replays that agree with each other prove nothing about a model; this does. It writes nothing.
    """
    found: list[dict[str, Any]] = []
    for case in random.sample(cases, len(cases)):
        if len(found) == n:
            break
        before = await recorded(case, 0)
        if before.error_kind == "NotRecorded" or not before.calls:
            continue
        after = await fresh(case, 0)
        sides = {"recorded": before, "new": after}
        scores = {side: one.error_kind or score(case, one) for side, one in sides.items()}
        costs = [call["cost_usd"] for call in after.calls]
        found.append({"id": case.id, **scores, "cost_usd": None if None in costs else sum(costs)})
    return found


def save_case(path: Path, given: BaseModel) -> str:
    """Add an input to the cases, as one that nobody has reviewed yet. Says what to do with it."""
    case = {"input": given.model_dump(mode="json"), "reviewed": False}
    case = {"id": f"saved-{sha256(given.model_dump_json().encode()).hexdigest()[:8]}", **case}
    before = path.read_text("utf-8") if path.exists() else ""
    if not before:
        raise CasesError(f"{path} is not there yet: takehome eval makes it from your data")
    if f'"{case["id"]}"' not in before:
        write_whole(path, f"{before.rstrip()}\n{json.dumps(case, ensure_ascii=False)}\n")
    return f"{case['id']} in {path}: give it `expected`, and delete `reviewed`."
