"""A run's figures, over all cases and by slice: results.json (see results.schema.json)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from statistics import fmean
from typing import Any

from . import stats
from .journal import TOKENS, Row, Run, RunError
from .outcome import Score

PLAIN = Score()
Results = dict[str, Any]  # what results.json holds; results.schema.json describes it


def names_of(rows: Iterable[Row]) -> list[str]:
    """The scores of these rows in the order in which they were returned; the first is primary."""
    return list(dict.fromkeys(name for row in rows for name in row.scores))


def tries_of(
    rows: Iterable[Row], name: str, declared: Score = PLAIN
) -> dict[str, tuple[float, ...]]:
    """One score by case id, over its epochs; an error counts as declared, None is left out."""
    found: dict[str, tuple[float, ...]] = {}
    for row in rows:
        value = declared.on_error if row.error_kind else row.scores.get(name)
        if value is not None:
            found[row.id] = (*found.get(row.id, ()), value)
    return found


def values_of(rows: Iterable[Row], name: str, declared: Score = PLAIN) -> dict[str, float]:
    """One score by case id: the mean over its epochs."""
    return {case: fmean(values) for case, values in tries_of(rows, name, declared).items()}


def clusters_of(rows: Iterable[Row], ids: Iterable[str]) -> list[str] | None:
    """The group of each case (one without is a group of its own); None: there are no groups."""
    groups = {row.id: f"group {row.group}" for row in rows if row.group is not None}
    return [groups.get(case, case) for case in ids] if groups else None


def summarise(run: Run, scores: Mapping[str, Score]) -> Results:
    """All figures of a run, over reviewed cases; unreviewed ones are a slice of their own."""
    rows = [row for row in run.rows if row.reviewed]
    costs = [row.cost_usd for row in run.rows if row.cost_usd is not None]
    times = sorted(row.latency_s for row in run.rows) or [0.0]
    return {
        "run": run.folder.name,
        "n": len({row.id for row in rows}),
        "errors": sum(row.error_kind is not None for row in rows),
        "scores": _scores(run, rows, scores),
        "by_tag": {name: _scores(run, part, scores) for name, part in slices(run.rows).items()},
        "cost_usd": float(sum(costs, Decimal(0))) if len(costs) == len(run.rows) else None,
        "latency_s": {f"p{p}": times[(len(times) - 1) * p // 100] for p in (50, 90, 99)},
        "tokens": {kind: sum(row.tokens[i] for row in run.rows) for i, kind in enumerate(TOKENS)},
        "error_kinds": dict(sorted(Counter(r.error_kind for r in rows if r.error_kind).items())),
        "models": sorted({model for row in run.rows for model in row.models}),
        "unreviewed": len({row.id for row in run.rows if not row.reviewed}),
        "against": {},
        "notes": [],
    }


def slices(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by tag, by group (up to 20), by split (where there are two), and the unreviewed."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        names = [*row.tags, f"split: {row.split}", f"group: {row.group}"]
        for name in names if row.reviewed else ["unreviewed"]:
            parts.setdefault(name, []).append(row)
    for what, most in (("split: ", 2), ("group: ", 20)):
        names = [name for name in parts if name.startswith(what)]
        for name in names if not 1 < len(names) <= most else [f"{what}None"]:
            parts.pop(name, None)
    return dict(sorted(parts.items()))


def _scores(run: Run, rows: list[Row], scores: Mapping[str, Score]) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    cases = len({row.id for row in rows})
    for name in dict.fromkeys([*names_of(run.rows), *scores]):
        declared = scores.get(name, PLAIN)
        tries = tries_of(rows, name, declared)
        clusters = clusters_of(rows, tries)
        if declared.summary:
            found = summary_estimate([*run.records(rows)], declared.summary)
        else:
            found = stats.estimate([fmean(values) for values in tries.values()], clusters)
        result[name] = asdict(found) | {
            "higher_is_better": declared.higher_is_better,
            "on_error": declared.on_error,
            "left_out": 0 if declared.summary else cases - len(tries),
        }
        if any(set(values) - {0, 1} for values in tries.values()):
            continue
        for k in range(2, min(map(len, tries.values()), default=0) + 1):
            for sign, chance in (("@", stats.pass_at_k), ("^", stats.pass_hat_k)):
                values = [chance(len(some), some.count(1), k) for some in tries.values()]
                result[f"{name} pass{sign}{k}"] = asdict(stats.estimate(values, clusters))
    return result


def summary_estimate(records: list[dict[str, Any]], summary: Any) -> stats.Estimate:
    """A figure that is not a mean, with its bootstrap interval by group."""
    clusters = [record["group"] or record["id"] for record in records]
    low, high = stats.bootstrap(clusters, lambda drawn: summary([records[i] for i in drawn]))
    method = f"bootstrap, {len(set(clusters))} groups"
    return stats.Estimate(
        summary(records) if records else None, low, high, None, len(records), method
    )


def read_results(folder: Path) -> Results:
    """Read results.json; raise RunError where the run has not come to an end."""
    path = folder / "results.json"
    if not path.is_file():
        raise RunError(f"{folder} has no results.json: finish it with --resume {folder.name}")
    return json.loads(path.read_text("utf-8"))  # type: ignore[no-any-return]


def is_failure(row: Row, primary: str | None, declared: Score = PLAIN) -> bool:
    """An error, or a first score that is not the best there is (1, or 0 where lower is better)."""
    value = row.scores.get(primary or "")
    if row.error_kind or value is None:
        return row.error_kind is not None
    return value < 1 if declared.higher_is_better else value > 0


def failed_ids(folder: Path | str) -> list[str]:
    """The cases of a run that failed, for `--failed-from`."""
    run = Run.read(folder)
    primary = next(iter(names_of(run.rows)), "")
    about = read_results(run.folder)["scores"].get(primary, {"higher_is_better": True})
    declared = Score(about["higher_is_better"])
    return list(dict.fromkeys(row.id for row in run.rows if is_failure(row, primary, declared)))


def worst_first(rows: Iterable[Row], primary: str | None, declared: Score = PLAIN) -> list[Row]:
    """Errors, then by the first score from bad to good."""
    sign = 1 if declared.higher_is_better else -1

    def rank(row: Row) -> tuple[bool, float, int, int]:
        value = row.scores.get(primary or "")
        worth = float("inf") if value is None else sign * value
        return row.error_kind is None, worth, row.position, row.epoch

    return sorted(rows, key=rank)


def seen_test_split(run: Run) -> list[str]:
    """Say when code or prompts changed after an earlier run had looked at the test split.

    Goes by `hashes` in the manifests of the solver's runs beside this one.
    """
    if not any(row.split == "test" for row in run.rows):
        return []
    hashes = run.manifest.get("hashes", {})
    for path in sorted(run.folder.parent.glob("*/manifest.json")):
        other = json.loads(path.read_text("utf-8"))
        if path.parent == run.folder or other.get("solver") != run.manifest.get("solver"):
            continue
        changed = [
            w for w in ("code", "prompts") if other.get("hashes", {}).get(w) != hashes.get(w)
        ]
        if changed and any(row.split == "test" for row in Run.read(path.parent).rows):
            return [
                f"{' and '.join(changed)} changed after the test split was looked at in "
                f"{path.parent.name}: the figures on it may flatter this solver.".capitalize()
            ]
    return []
