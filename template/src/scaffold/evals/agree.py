"""A judge's labels against people's: Cohen's kappa, confusion, disagreements (part `judge`)."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from math import sqrt
from pathlib import Path

from .cases import CasesError, read_rows
from .results import Results, Run, names_of
from .stats import Estimate, Z


def kappa(people: Sequence[str], judge: Sequence[str]) -> Estimate:
    """Agreement beyond chance (Cohen 1960, doi.org/10.1177/001316446002000104).

    Its standard error is that of Fleiss, Cohen & Everitt (1969, doi.org/10.1037/h0028106).
    """
    n, p, q = len(people), Counter(people), Counter(judge)
    chance = sum(p[label] * q[label] for label in p) / n**2 if n else 1.0
    if chance == 1:
        why = "one label only: no kappa" if n else "no case has both labels"
        return Estimate(None, None, None, None, n, n, why)
    both = Counter(zip(people, judge, strict=True))
    found = (sum(both[label, label] for label in p) / n - chance) / (1 - chance)
    variance = -((found - chance * (1 - found)) ** 2)
    for (x, y), count in both.items():
        weight = (q[x] + p[y]) / n * (1 - found)
        variance += count / n * (weight - 1 if x == y else weight) ** 2
    se = sqrt(max(0.0, variance) / n) / (1 - chance)
    low, high = max(-1.0, found - Z * se), min(1.0, found + Z * se)
    if 1 in (len(p), len(q)):  # it can be nothing but 0, which is not certainty
        return Estimate(found, None, None, se, n, n, "one rater has one label only: no interval")
    return Estimate(found, low, high, se, n, n, "Cohen's kappa")


def agree(people: Path, judge: Path, score: str = "") -> Results:
    """`agree --json`. Each is a CSV or JSONL file with `id` and `label`, or a run's folder.

    Of a run the label is its `score` (the first, if not named). Raises CasesError. Rows of
    `matrix` are the people's labels, columns the judge's, both in the order of `labels`.
    """
    a, b = _labels(people, score), _labels(judge, score)
    pairs = [(case, a[case], b[case]) for case in a if case in b]
    counts = Counter((x, y) for _, x, y in pairs)
    labels = sorted({label for pair in counts for label in pair})
    found = kappa([x for _, x, _ in pairs], [y for _, _, y in pairs])
    return asdict(found) | {
        "kappa": found.mean,
        "matrix": [[counts[x, y] for y in labels] for x in labels],
        "labels": labels,
        "disagreements": [pair for pair in pairs if pair[1] != pair[2]],
        "left_out": len(a) + len(b) - 2 * len(pairs),
    }


def _labels(place: Path, score: str) -> dict[str, str]:
    if place.is_dir():
        rows = [row for row in Run.read(place).rows if row.names]
        if score and score not in (names := names_of(rows)):
            raise CasesError(f"no score {score} in {place.name}; there is: {', '.join(names)}")
        values = {row.id: row.score(score or row.names[0]) for row in rows}
        return {case: f"{value:g}" for case, value in values.items() if value is not None}
    found: dict[str, str] = {}
    for row in read_rows(place):
        if row.get("id") is None or row.get("label") is None:
            raise CasesError(f"{row.where}: needs the columns id and label, both filled in")
        label = re.sub(r"^(-?\d+)\.0+$", r"\1", str(row["label"]))  # a table's 1.0 is 1
        if found.setdefault(str(row["id"]), label) != label:
            raise CasesError(f"{row.where}: the id {row['id']} has another label already")
    return found
