"""Part `judge`: labels that people gave against the judge's: kappa, confusion, disagreements."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .rows import CasesError, read_rows
from .stats import Estimate, kappa
from .terminal import figure, table


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two labellings of the same cases; rows of `matrix` are the people's labels."""

    kappa: Estimate
    labels: list[str]
    matrix: list[list[int]]
    disagreements: list[tuple[str, str, str]]
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """`agree --json`."""
        k = self.kappa
        return {
            "kappa": k.mean,
            "low": k.low,
            "high": k.high,
            "n": k.n,
            "matrix": self.matrix,
            "labels": self.labels,
        }

    def render(self, shown: int = 20) -> str:
        """Kappa with its interval, the confusion matrix, and where the two disagree."""
        k = self.kappa
        rows = [(label, *row) for label, row in zip(self.labels, self.matrix, strict=True)]
        parts = [
            f"Cohen's kappa {figure(k.mean, k.low, k.high, k.n)}"
            + ("" if k.low else f"; {k.method}"),
            table(("people \\ judge", *self.labels), rows),
            *self.notes,
        ]
        if self.disagreements:
            parts.append(f"{len(self.disagreements)} disagreements, the first {shown}:")
            parts.append(table(("case", "people", "judge"), self.disagreements[:shown]))
        return "\n\n".join(parts)


def agree(people: Path, judge: Path) -> Agreement:
    """Compare two files (CSV or JSONL) with the columns `id` and `label`.

    Raises CasesError where a file has no such columns, or an id twice.
    """
    a, b = _labels(people), _labels(judge)
    ids = [case for case in a if case in b]
    labels = sorted({*(a[i] for i in ids), *(b[i] for i in ids)})
    counts = Counter((a[i], b[i]) for i in ids)
    apart = len(a) + len(b) - 2 * len(ids)
    return Agreement(
        kappa([a[i] for i in ids], [b[i] for i in ids]),
        labels,
        [[counts[x, y] for y in labels] for x in labels],
        [(i, a[i], b[i]) for i in ids if a[i] != b[i]],
        [f"{apart} labels left out: their case has only one of the two."] if apart else [],
    )


def _labels(path: Path) -> dict[str, str]:
    result: dict[str, str] = {}
    for row in read_rows(path):
        case, label = row.get("id"), row.get("label")
        if case is None or label is None:
            raise CasesError(f"{row.where}: needs the columns id and label, both filled in")
        if str(case) in result:
            raise CasesError(f"{row.where}: the id {case} has a label already")
        result[str(case)] = str(label)
    return result
