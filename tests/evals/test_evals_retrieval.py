"""The part `retrieval`: figures about a ranking, each against a value worked out by hand."""

from __future__ import annotations

import pytest
from sklearn.metrics import recall_score

from scaffold.evals.retrieval import k_precision, recall_at_k, reciprocal_rank


@pytest.mark.parametrize(
    ("relevant", "ranking", "k", "value"),
    [
        (["a"], ["b", "a"], 2, 1.0),
        (["a"], ["b", "a"], 1, 0.0),
        (["a", "c"], ["a", "b"], 2, 0.5),
        (["a", "a"], ["a", "a", "b"], 3, 1.0),  # what comes twice counts once
        (["a"], [], 5, 0.0),
        ([], ["a"], 5, None),
    ],
)
def test_recall_is_the_share_of_the_relevant_among_the_first_k(
    relevant: list[str], ranking: list[str], k: int, value: float | None
) -> None:
    assert recall_at_k(relevant, ranking, k) == value


def test_recall_is_what_scikit_learn_makes_of_it() -> None:
    names, relevant, ranking = "abcdefgh", ["b", "d", "h"], ["a", "d", "c", "b", "e"]
    truth = [name in relevant for name in names]
    found = [name in ranking[:3] for name in names]
    assert recall_at_k(relevant, ranking, 3) == recall_score(truth, found)


@pytest.mark.parametrize(
    ("relevant", "ranking", "value"),
    [
        (["a"], ["a", "b"], 1.0),
        (["a", "b"], ["c", "d", "b", "a"], 1 / 3),
        (["a"], ["b"], 0.0),
        (["a"], [], 0.0),
        ([], ["a"], None),
    ],
)
def test_the_reciprocal_rank_is_that_of_the_first_relevant_one(
    relevant: list[str], ranking: list[str], value: float | None
) -> None:
    assert reciprocal_rank(relevant, ranking) == value


@pytest.mark.parametrize(
    ("answer", "passages", "value"),
    [
        ("Fifteen minutes.", ["no later than fifteen MINUTES before"], 1.0),
        ("fifteen or sixteen", ["fifteen"], 1 / 3),
        ("very very late", ["very", "late"], 2 / 3),
        ("", ["anything"], 0.0),
        ("anything", [], 0.0),
    ],
)
def test_k_precision_is_the_share_of_the_answers_words_that_the_passages_hold(
    answer: str, passages: list[str], value: float
) -> None:
    assert k_precision(answer, passages) == pytest.approx(value)
