"""A run in which no case has an answer: what it is graded by, only other runs can say."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from scaffold import evals
from scaffold.evals import Case, Outcome, Score
from scaffold.evals.publication import as_markdown, gate, results_table

# As an agent's: what is declared, of which less is better, counts 1 where there is no answer.
DECLARED = {"needless": Score(higher_is_better=False, on_error=1)}


def run_in(folder: Path, answers: bool, fallback: bool = False, **more: Any) -> dict[str, Any]:
    """Run eight cases that are all solved, or of which none is."""

    async def solver(case: Case[Any, Any], epoch: int) -> Outcome[Any]:
        if answers:
            return Outcome({"label": case.id})
        return Outcome.failed(ValueError("no"), {"label": case.id} if fallback else None)

    def score(case: Case[Any, Any], outcome: Outcome[Any]) -> Any:
        return {"success": True, "order": None if case.id == "0" else 0.5, "needless": 0.25}

    cases = [Case(str(i), {"text": str(i)}, {"label": str(i)}, tags=("t",)) for i in range(8)]
    work = evals.evaluate(cases, solver, score, folder=folder, scores=DECLARED, **more)
    return asyncio.run(work)


def test_it_has_the_baselines_scores_in_the_baselines_order_and_earns_none_of_them(
    tmp_path: Path,
) -> None:
    base = tmp_path / "base"
    assert run_in(base, answers=True)["scores"]["needless"]["mean"] == 0.25
    found = run_in(tmp_path / "run", answers=False, baseline=base)
    means = {name: (of["mean"], of["n"]) for name, of in found["scores"].items()}
    assert list(means.items()) == [
        ("success", (0.0, 8)),
        ("order", (0.0, 7)),
        ("needless", (1.0, 8)),
    ]
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "<h1>success 0.000" in page
    table = results_table(found)
    assert table.index("| success ") < table.index("| needless ")


def test_with_a_fallback_all_scores_are_shown_and_the_models_comes_first(tmp_path: Path) -> None:
    base = tmp_path / "base"
    run_in(base, answers=True)
    found = run_in(tmp_path / "run", answers=False, fallback=True, baseline=base)
    means = {name: of["mean"] for name, of in found["scores"].items()}
    assert list(means.items()) == [
        ("success", 0.0),
        ("success_with_fallback", 1.0),
        ("order", 0.0),
        ("needless", 1.0),
    ]


def test_without_a_baseline_no_declared_score_becomes_its_headline(tmp_path: Path) -> None:
    found = run_in(tmp_path / "run", answers=False, manifest={"solver": "broken"})
    assert found["scores"] == {}
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "<h1>No scores</h1>" in page
    assert "8 cases, 8 without an answer, 8 ValueError" in results_table(found)
    again = run_in(tmp_path / "again", answers=False, last_run=tmp_path / "run")
    assert again["scores"] == again["against"] == {}
    runs = tmp_path / "run", tmp_path / "again"
    found = evals.compare(*runs, DECLARED)
    assert "better or worse" not in as_markdown(found, *runs)
    assert gate(found) == (False, "the runs share no case or score")


def test_a_comparison_says_where_nothing_flipped(tmp_path: Path) -> None:
    runs = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    for folder in runs[:2]:
        run_in(folder, answers=True)
    run_in(runs[2], answers=False)
    said = "By success, no case is better or worse in B."
    assert said in as_markdown(evals.compare(*runs[:2], DECLARED), *runs[:2])
    worse = as_markdown(evals.compare(runs[0], runs[2], DECLARED), runs[0], runs[2])
    assert said not in worse
    assert "8 worse in B" in worse
