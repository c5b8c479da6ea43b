"""A fallback earns the model nothing: its points stand in a row of their own."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest

from scaffold import evals
from scaffold.evals import Case, Outcome, Score

RIGHT = {"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}  # what a case's answer is worth, whoever gives it


class Refused(Exception):
    """What the model's failure is here."""


def run_in(
    folder: Path,
    by_model: str,
    fails: type[Exception] = Refused,
    scores: dict[str, Score] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Run four cases, of which a model answers some; a fallback answers all the others."""

    async def solver(case: Case[Any, Any], epoch: int) -> Outcome[Any]:
        if case.id in by_model:
            return Outcome({"label": case.id})
        return Outcome.failed(fails("no"), {"label": case.id})

    def score(case: Case[Any, Any], outcome: Outcome[Any]) -> Any:
        worth = RIGHT[outcome.output["label"]]
        return {"first": worth, "other": worth}

    cases = [Case(name, {"text": name}, {"label": name}) for name in RIGHT]
    work = evals.evaluate(cases, solver, score, folder=folder, scores=scores or {}, **more)
    return asyncio.run(work)


@pytest.mark.parametrize("by_model", ["ab", "cd"])
def test_the_first_score_is_the_models_alone_and_the_second_row_what_users_get(
    tmp_path: Path, by_model: str
) -> None:
    found = run_in(tmp_path / "run", by_model)
    assert list(found["scores"]) == ["first", "first_with_fallback", "other"]
    means = {name: figures["mean"] for name, figures in found["scores"].items()}
    assert means == {"first": 0.25, "first_with_fallback": 0.5, "other": 0.25}
    assert {figures["n"] for figures in found["scores"].values()} == {4}
    assert found["error_kinds"] == {"Refused": 2}
    told = "2 of 4 answers are the fallback's: only first_with_fallback counts them."
    assert told in found["notes"]
    with (tmp_path / "run" / "failures.csv").open(encoding="utf-8-sig", newline="") as file:
        failed = {row["id"]: row["error_kind"] for row in csv.DictReader(file)}
    assert {case: kind for case, kind in failed.items() if kind} == dict.fromkeys(
        set(RIGHT) - set(by_model), "Refused"
    )


def test_a_first_score_that_should_be_low_stays_so_with_a_fallback(tmp_path: Path) -> None:
    scores = {"first": Score(higher_is_better=False, on_error=1)}
    run_in(tmp_path / "all", "abcd", scores=scores)
    found = run_in(tmp_path / "some", "ac", scores=scores)
    means = {name: figures["mean"] for name, figures in found["scores"].items()}
    assert (means["first"], means["first_with_fallback"]) == (1.0, 0.5)
    held = evals.compare(tmp_path / "all", tmp_path / "some", scores)["scores"]
    assert held["first_with_fallback"]["higher_is_better"] is False
    assert held["first_with_fallback"]["diff"] == 0  # against a run without: that run's own score
    assert held["first"]["diff"] == 0.5


def test_a_figure_over_all_rows_sees_no_output_of_a_fallback(tmp_path: Path) -> None:
    def answered(rows: Any) -> float:
        return sum(row["output"] is not None for row in rows) / len(rows)

    found = run_in(tmp_path / "run", "a", scores={"answered": Score(summary=answered)})
    assert found["scores"]["answered"]["mean"] == 0.25
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert page.count("output is the fallback") == 3
    lines = (tmp_path / "run" / "cases.jsonl").read_text("utf-8").splitlines()
    kept = [json.loads(line) for line in lines]
    for row in kept:  # whoever reads the lines takes the first for the model's
        assert next(iter(row["scores"].items())) == ("first", 1.0 if row["id"] == "a" else None)
    assert [row["fallback"] for row in kept if row["output"] is None] == [
        {"label": name} for name in "bcd"
    ]


def test_a_spent_budget_stops_the_run_with_a_fallback_as_without(tmp_path: Path) -> None:
    class BudgetExceeded(Exception):
        """By its name: the harness does not know the client."""

    found = run_in(tmp_path / "run", "a", fails=BudgetExceeded, concurrency=1)
    assert (found["n"], found["unfinished"]) == (1, 3)
    assert list(found["scores"]) == ["first", "other"]
