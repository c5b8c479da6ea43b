"""The paired difference of one score between two runs, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from . import stats
from .journal import Row
from .outcome import Score
from .results import clusters_of, values_of


def mean_difference(rows_a: list[Row], rows_b: list[Row], name: str, of: Score) -> dict[str, Any]:
    """The difference of means over the cases that have a value in both runs."""
    values_a, values_b = values_of(rows_a, name, of), values_of(rows_b, name, of)
    ids = [case for case in values_a if case in values_b]
    clusters = clusters_of(rows_b, ids)
    a, b = ([values[i] for i in ids] for values in (values_a, values_b))
    found, p = stats.paired(a, b, clusters)
    df = len(set(clusters or ids)) - 1
    sees = stats.detectable(found.se, df) if found.se and df > 0 else None
    alone = [stats.estimate(values, clusters) for values in (a, b)]
    return _entry(found, p, alone) | {"detectable": sees}


def summary_difference(
    records_a: list[dict[str, Any]], records_b: list[dict[str, Any]], of: Score
) -> dict[str, Any]:
    """Both runs' figure over the same draws of whole groups: a paired bootstrap."""
    before = {(r["id"], r["epoch"]): r for r in records_a}
    pairs = [(before[key], r) for r in records_b if (key := (r["id"], r["epoch"])) in before]
    clusters = [b["group"] or b["id"] for _, b in pairs]

    def value(side: int, drawn: Sequence[int]) -> float | None:
        return of.summary([pairs[i][side] for i in drawn]) if of.summary and drawn else None

    def gap(drawn: Sequence[int]) -> float | None:
        a, b = value(0, drawn), value(1, drawn)
        return None if a is None or b is None else b - a

    statistics = (gap, partial(value, 0), partial(value, 1))
    found, *alone = (
        stats.Estimate(of_all(range(len(pairs))), *stats.bootstrap(clusters, of_all), None,
                       len(pairs), f"paired bootstrap, {len(set(clusters))} groups")
        for of_all in statistics
    )  # fmt: skip
    return _entry(found, None, alone) | {"detectable": None}


def _entry(found: stats.Estimate, p: float | None, alone: list[stats.Estimate]) -> dict[str, Any]:
    a, b = alone
    return {
        "a": a.mean,
        "b": b.mean,
        "diff": found.mean,
        "low": found.low,
        "high": found.high,
        "p": p,
        "n": found.n,
        "method": found.method,
        "a_low": a.low,
        "a_high": a.high,
        "b_low": b.low,
        "b_high": b.high,
    }
