"""A judge's labels against people's: Cohen's kappa, confusion, disagreements (part `judge`)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path

from .cases import CasesError, read_rows
from .results import Results, Run
from .stats import Estimate, Z


def kappa(people: Sequence[str], judge: Sequence[str]) -> Estimate:
    """Agreement beyond chance (Cohen 1960, doi.org/10.1177/001316446002000104).

    Standard error of Fleiss, Cohen & Everitt (1969, doi.org/10.1037/h0028106); no value where
    chance alone would agree always (one label only).
    """
    n, both = len(people), Counter(zip(people, judge, strict=True))
    p, q = ({x: count / n for x, count in Counter(side).items()} for side in (people, judge))
    chance = sum(share * q.get(x, 0.0) for x, share in p.items())
    if chance == 1 or not n:
        return Estimate(None, None, None, None, n, n, "one label only: no kappa")
    found = (sum(count for (x, y), count in both.items() if x == y) / n - chance) / (1 - chance)
    variance = -((found - chance * (1 - found)) ** 2)
    for (x, y), count in both.items():
        if x == y:
            variance += count / n * (1 - (p[x] + q[x]) * (1 - found)) ** 2
        else:
            variance += count / n * (q.get(x, 0.0) + p.get(y, 0.0)) ** 2 * (1 - found) ** 2
    se = sqrt(max(0.0, variance) / n) / (1 - chance)
    low, high = max(-1.0, found - Z * se), min(1.0, found + Z * se)
    return Estimate(found, low, high, se, n, n, "Cohen's kappa")


def agree(people: Path, judge: Path, score: str = "") -> Results:
    """`agree --json`. Each is a CSV or JSONL file with `id` and `label`, or a run's folder.

    Of a run the label is its `score` (the first, if not named). Raises CasesError. Rows of
    `matrix` are the people's labels, columns the judge's, both in the order of `labels`.
    """
    a, b = _labels(people, score), _labels(judge, score)
    ids = [case for case in a if case in b]
    labels = sorted({side[case] for side in (a, b) for case in ids})
    counts = Counter((a[case], b[case]) for case in ids)
    found = kappa([a[case] for case in ids], [b[case] for case in ids])
    return {
        **found._asdict(),
        "kappa": found.mean,
        "matrix": [[counts[x, y] for y in labels] for x in labels],
        "labels": labels,
        "disagreements": [[case, a[case], b[case]] for case in ids if a[case] != b[case]],
        "left_out": len(a) + len(b) - 2 * len(ids),
    }


def _labels(place: Path, score: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    if place.is_dir():
        for row in Run.read(place).rows:
            value = row.scores.get(score or next(iter(row.scores), ""))
            found |= {} if value is None else {row.id: f"{value:g}"}
        return found
    for row in read_rows(place):
        if row.get("id") is None or row.get("label") is None:
            raise CasesError(f"{row.where}: needs the columns id and label, both filled in")
        if found.setdefault(str(row["id"]), str(row["label"])) != str(row["label"]):
            raise CasesError(f"{row.where}: the id {row['id']} has another label already")
    return found
