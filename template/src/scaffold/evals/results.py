"""A run's folder read back, and its figures: results.json (see results.schema.json)."""

import json
from collections import Counter, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import fsum
from pathlib import Path
from statistics import fmean
from typing import Any

from .outcome import Score
from .stats import bootstrap, estimate, pass_at_k, pass_hat_k

TOKENS = ("input", "output", "cached", "reasoning")
PLAIN = Score()
Summary = Callable[[Sequence[dict[str, Any]]], float | None]
Results = dict[str, Any]  # what results.json holds; results.schema.json describes it
# What the figures need of a line of cases.jsonl: the rest is read again from `offset`.
Row = namedtuple(
    "Row",
    "id epoch sha cluster tags split reviewed scores error_kind failed latency_s cost_usd tokens "
    "models offset",
)


class RunError(Exception):
    """A run cannot go on or be read; one sentence with the next step."""


@dataclass(slots=True)
class Run:
    """A run's folder, read back: manifest, rows, and where the last whole line ends."""

    folder: Path
    manifest: dict[str, Any]
    rows: list[Row]
    end: int = 0

    @classmethod
    def read(cls, folder: Path | str) -> "Run":
        """Read a folder with cases.jsonl; raise RunError where there is none."""
        about, lines = Path(folder) / "manifest.json", Path(folder) / "cases.jsonl"
        if not lines.is_file():
            raise RunError(f"{folder} holds no run (no cases.jsonl): name a folder in results/")
        run = cls(Path(folder), json.loads(about.read_text("utf-8")) if about.is_file() else {}, [])
        latest: dict[tuple[str, int], Row] = {}
        with lines.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):  # a crash may have cut off the last one
                    row = row_of(json.loads(line), run.end)
                    latest[row.id, row.epoch] = row  # a case that changed was run again
                    run.end += len(line)
        run.rows = sorted(latest.values())
        return run

    def records(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Read all that is known of the given rows, one after the other."""
        with (self.folder / "cases.jsonl").open("rb") as file:
            for row in rows:
                file.seek(row.offset)
                yield json.loads(file.readline())


def row_of(record: Mapping[str, Any], offset: int) -> Row:
    """The same while a run goes on and when it is read back: so are the figures."""
    found = {**record, "offset": offset}
    return Row(*(found[name] for name in Row._fields))


def names_of(rows: Iterable[Row], scores: Iterable[str] = ()) -> list[str]:
    """The scores in the order in which they were returned (the first is primary), then declared."""
    return list(dict.fromkeys([*(name for row in rows for name in row.scores), *scores]))


def tries_of(rows: Iterable[Row], name: str, declared: Score) -> dict[tuple[str, str], list[float]]:
    """One score over the epochs of each (case, cluster); an error counts as it is declared."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        value = declared.on_error if row.error_kind else row.scores.get(name)
        if value is not None:
            found.setdefault((row.id, row.cluster), []).append(value)
    return found


def cost_of(rows: Iterable[Row]) -> float | None:
    """US dollars; None where the price of a call is unknown."""
    costs = [row.cost_usd for row in rows]
    return None if None in costs else fsum(costs)


def summarise(run: Run, scores: Mapping[str, Score]) -> Results:
    """All figures of a run, over reviewed cases; unreviewed ones are a slice of their own."""
    rows = [row for row in run.rows if row.reviewed]
    times = sorted(row.latency_s for row in run.rows) or [0.0]
    slices: dict[str, list[Row]] = {}
    means = {name: score for name, score in scores.items() if not score.summary}
    few = len({row.cluster for row in rows}) <= 20
    for row in run.rows:
        group = [row.cluster] if few and row.cluster != row.id else []
        for part in [*row.tags, f"split: {row.split}", *group] if row.reviewed else ["unreviewed"]:
            slices.setdefault(part, []).append(row)
    return {
        "run": run.folder.name,
        "n": len({row.id for row in rows}),
        "errors": sum(row.error_kind is not None for row in rows),
        "scores": _scores(run, rows, scores),
        "by_tag": {part: _scores(run, slices[part], means) for part in sorted(slices)},
        "cost_usd": cost_of(run.rows),
        "latency_s": {f"p{p}": times[(len(times) - 1) * p // 100] for p in (50, 90, 99)},
        "tokens": {kind: sum(row.tokens[i] for row in run.rows) for i, kind in enumerate(TOKENS)},
        "error_kinds": dict(sorted(Counter(r.error_kind for r in rows if r.error_kind).items())),
        "models": sorted({model for row in run.rows for model in row.models}),
        "unreviewed": len({row.id for row in run.rows if not row.reviewed}),
        "against": {},
        "notes": [],
    }


def _scores(run: Run, rows: list[Row], scores: Mapping[str, Score]) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    for name in names_of(run.rows, scores):
        declared = scores.get(name, PLAIN)
        tries = tries_of(rows, name, declared)
        clusters = [cluster for _, cluster in tries]
        if declared.summary:
            figure = partial(figure_of, declared.summary, list(run.records(rows)))
            result[name] = asdict(bootstrap([row.cluster for row in rows], figure))
            continue
        found = estimate([*map(fmean, tries.values())], clusters)
        result[name] = asdict(found) | {"left_out": len({row.id for row in rows}) - len(tries)}
        binary = all(value in (0, 1) for values in tries.values() for value in values)
        for k in range(2, min(map(len, tries.values()), default=0) + 1 if binary else 0):
            for sign, chance in (("@", pass_at_k), ("^", pass_hat_k)):
                values = [chance(len(some), some.count(1), k) for some in tries.values()]
                result[f"{name} pass{sign}{k}"] = asdict(estimate(values, clusters))
    return result


def figure_of(summary: Summary, records: list[Any], drawn: Sequence[int]) -> float | None:
    """A declared summary of the records at the drawn indices."""
    return summary([records[index] for index in drawn])


def failed_ids(folder: Path | str) -> list[str]:
    """The cases of a run that failed (an error, or a first score below its best)."""
    return list(dict.fromkeys(row.id for row in Run.read(folder).rows if row.failed))


def read_results(folder: Path) -> Results:
    """Read results.json; raise RunError where the run has not come to an end."""
    if not (path := folder / "results.json").is_file():
        raise RunError(f"{folder} has no results.json: finish it with --resume {folder.name}")
    return dict(json.loads(path.read_text("utf-8")))
