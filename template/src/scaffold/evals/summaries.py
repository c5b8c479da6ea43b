"""Figures over all rows (macro F1, kappa, calibration) and over epochs: the part `summaries`."""

import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict
from math import comb, isfinite
from typing import Any

from .results import Row, Run, Scores, names_of, tries_of
from .stats import Estimate, estimate

Summary = Callable[[Sequence[dict[str, Any]]], float | None]
Figure = Callable[[Sequence[int]], float | None]  # of the values at these indices


def figures(run: Run, rows: list[Row], scores: Scores) -> dict[str, dict[str, Any]]:
    """Each declared summary, and pass@k and pass^k of each score that is 0 or 1 in every epoch."""
    found: dict[str, dict[str, Any]] = {}
    several = names_of(rows) if any(row.epoch for row in rows) else []
    for name in (name for name in several if "." not in name):  # not for each field
        known = [(tries, cluster) for _, tries, cluster in tries_of(rows, name, scores) if tries]
        binary = all(value in (0, 1) for tries, _ in known for value in tries)
        for k in range(2, min((len(tries) for tries, _ in known), default=0) + 1 if binary else 0):
            for sign, chance in (("@", pass_at_k), ("^", pass_hat_k)):
                values = [chance(len(tries), tries.count(1), k) for tries, _ in known]
                found[f"{name} pass{sign}{k}"] = asdict(estimate(values, [c for _, c in known]))
    clusters = [row.cluster for row in rows]
    for name, score in scores.items():
        if score.summary:
            found[name] = asdict(bootstrap(clusters, _over(run.records(rows), score.summary)))
    return found


def paired(runs: Sequence[Run], sides: Sequence[list[Row]], summary: Summary) -> list[Any]:
    """A, B, B - A and no p, of a figure over all rows, over the same draws of whole groups."""
    keys = set.intersection(*({(r.id, r.epoch) for r in rows} for rows in sides))
    sides = [[r for r in rows if (r.id, r.epoch) in keys] for rows in sides]
    a, b = (_over(run.records(rows), summary) for run, rows in zip(runs, sides, strict=True))

    def gap(drawn: Sequence[int]) -> float | None:
        x, y = a(drawn), b(drawn)
        return None if x is None or y is None else y - x

    clusters = [row.cluster for row in sides[0]]
    return [*(bootstrap(clusters, figure) for figure in (a, b, gap)), None]


def _over(records: Iterable[dict[str, Any]], summary: Summary) -> Figure:
    held = list(records)
    return lambda drawn: summary([held[index] for index in drawn])


def bootstrap(clusters: Sequence[Hashable], figure: Figure) -> Estimate:
    """Any figure of the values at given indices; whole clusters are drawn 1,000 times (seed 0)."""
    members: dict[Hashable, list[int]] = {}
    for index, cluster in enumerate(clusters):
        members.setdefault(cluster, []).append(index)
    pools, source, n = list(members.values()), random.Random(0), len(clusters)
    found, method = figure(range(n)) if n else None, f"bootstrap, {len(pools)} groups"
    found = found if found is not None and isfinite(found) else None
    if len(pools) < 2:
        return Estimate(found, None, None, None, n, len(pools), f"{method}: too few")
    draws = (source.choices(pools, k=len(pools)) for _ in range(1000))
    figures = [figure([index for pool in draw for index in pool]) for draw in draws]
    known = sorted(value for value in figures if value is not None and isfinite(value))
    low, high = (known[round(p * (len(known) - 1))] if known else None for p in (0.025, 0.975))
    few = ", few: read with care" if len(pools) < 10 else ""
    return Estimate(found, low, high, None, n, len(pools), f"{method}{few}")


def pass_at_k(n: int, right: int, k: int) -> float:
    """Chance that one of k tries is right, from n tries (Chen et al. 2021, 2107.03374)."""
    return 1 - comb(n - right, k) / comb(n, k)


def pass_hat_k(n: int, right: int, k: int) -> float:
    """Chance that all k tries are right, from n tries (Yao et al. 2024, 2406.12045)."""
    return comb(right, k) / comb(n, k)
