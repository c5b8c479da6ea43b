"""On something real: scikit-learn's bundled breast-cancer data, 569 labelled items.

Two baselines of the field, through cases, runs, reports and a comparison; every figure agrees with
scikit-learn's own computation of the same metric.
"""

import asyncio
import json
from collections import Counter

import pytest
from pydantic import BaseModel
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from scaffold.evals import (
    Case,
    Outcome,
    Score,
    compare,
    evaluate,
    exact,
    gate,
    read_cases,
    write_cases,
)


class Input(BaseModel):
    features: dict[str, float]


class Expected(BaseModel):
    label: str


def score(case, outcome):
    return {"exact": exact(case.expected.label, outcome.output["label"])}


def in_memory(rows):
    """The same macro F1 in plain Python, as a candidate would write it."""
    pairs = Counter((row["expected"]["label"], row["output"]["label"]) for row in rows)
    wanted, found = Counter(), Counter()
    for (label, answer), count in pairs.items():
        wanted[label] += count
        found[answer] += count
    f1 = [2 * pairs[label, label] / (wanted[label] + found[label]) for label in {*wanted, *found}]
    return sum(f1) / len(f1)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("breast-cancer")
    data = load_breast_cancer()
    truth = [str(data.target_names[t]) for t in data.target]
    cases = [
        Case(f"{i:03}", Input(features=dict(zip(data.feature_names, row, strict=True))),
             Expected(label=label), (label,))
        for i, (row, label) in enumerate(zip(data.data.tolist(), truth, strict=True))
    ]  # fmt: skip
    write_cases(folder / "cases.jsonl", cases)
    cases = read_cases(folder / "cases.jsonl", input=Input, expected=Expected)
    models = {
        "majority": DummyClassifier(),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    }
    predicted = {}
    for name, model in models.items():
        predicted[name] = cross_val_predict(model, data.data, truth, cv=5).tolist()

        async def solve(case, epoch, answers=predicted[name]):
            return Outcome({"label": answers[int(case.id)]})

        declared = {"macro_f1": Score(summary=in_memory)}
        asyncio.run(
            evaluate(
                cases,
                solve,
                score,
                folder=folder / name,
                baseline=folder / "majority",
                scores=declared,
            )
        )
    return folder, truth, predicted, declared


@pytest.mark.parametrize("name", ["majority", "logistic"])
def test_figures_on_bundled_data_agree_with_scikit_learn(bundled, name):
    folder, truth, predicted, _ = bundled
    results = json.loads((folder / name / "results.json").read_text("utf-8"))
    found = results["scores"]["exact"]
    assert found["n"] == len(truth) == 569
    assert found["mean"] == pytest.approx(accuracy_score(truth, predicted[name]))
    hits = sum(t == p for t, p in zip(truth, predicted[name], strict=True))
    assert (found["low"], found["high"]) == pytest.approx(
        proportion_confint(hits, 569, method="wilson"), abs=1e-9
    )
    wanted = f1_score(truth, predicted[name], average="macro")
    assert results["scores"]["macro_f1"]["mean"] == pytest.approx(wanted)
    by_label = {label: results["by_tag"][label]["exact"]["mean"] for label in set(truth)}
    for label, mean in by_label.items():
        mine = [p for t, p in zip(truth, predicted[name], strict=True) if t == label]
        assert mean == pytest.approx(mine.count(label) / len(mine))


def test_two_baselines_on_bundled_data_are_compared_as_statsmodels_does(bundled):
    folder, truth, predicted, declared = bundled
    found = compare(folder / "majority", folder / "logistic", declared)
    a, b = (
        [p == t for p, t in zip(predicted[m], truth, strict=True)] for m in ("majority", "logistic")
    )
    gained = sum(y and not x for x, y in zip(a, b, strict=True))
    lost = sum(x and not y for x, y in zip(a, b, strict=True))
    assert (len(found["flipped"]["gained"]), len(found["flipped"]["lost"])) == (gained, lost)
    wanted = mcnemar([[0, gained], [lost, 0]], exact=True).pvalue
    assert found["scores"]["exact"]["p"] == pytest.approx(wanted)
    assert found["scores"]["exact"]["diff"] == pytest.approx((gained - lost) / 569)
    assert found["scores"]["macro_f1"]["low"] > 0.4
    assert gate(found)[0]
    assert not gate(compare(folder / "logistic", folder / "majority", declared))[0]
    assert (folder / "logistic" / "report.html").stat().st_size < 5_000_000
