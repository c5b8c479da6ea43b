"""A run's folder read back; its figures (see results.schema.json); two runs, paired."""

import json
from collections import Counter, namedtuple
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from math import ceil, fsum
from pathlib import Path
from statistics import fmean, median
from typing import Any

from .outcome import Score
from .stats import estimate, paired, t_quantile

PLAIN = Score()
TOKENS = ("input", "output", "cached", "reasoning")
Scores = Mapping[str, Score]
Results = dict[str, Any]  # what results.json holds; results.schema.json describes it
# What the figures need of a line of cases.jsonl: the rest is read again from `offset`.
HELD = "id epoch sha cluster tags split reviewed scores error_kind failed latency_s cost_usd tokens"
Row = namedtuple("Row", f"{HELD} models judge offset")


class RunError(Exception):
    """A run cannot go on or be read; one sentence with the next step."""


@dataclass(slots=True)
class Run:
    """A run's folder: manifest, rows, and where the last whole line of cases.jsonl ends."""

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    end: int = 0

    @classmethod
    def read(cls, folder: Path | str) -> "Run":
        """Read a folder with cases.jsonl; raise RunError where there is none."""
        run, lines = cls(Path(folder)), Path(folder) / "cases.jsonl"
        if not lines.is_file():
            raise RunError(f"{folder} holds no run (no cases.jsonl): name a folder in results/")
        run.manifest = json.loads((run.folder / "manifest.json").read_text("utf-8"))
        for line in lines.open("rb"):
            if line.endswith(b"\n"):  # a crash may have cut off the last one
                run.add(json.loads(line), len(line))
        latest = {(row.id, row.epoch): row for row in run.rows}  # a case that changed ran again
        run.rows = sorted(latest.values())
        return run

    def add(self, record: Mapping[str, Any], size: int) -> None:
        """Take a line in, the same while a run goes on and when it is read back."""
        self.rows.append(Row(*(record.get(name) for name in Row._fields[:-1]), self.end))
        self.end += size

    def records(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Read all that is known of the given rows, one after the other."""
        with (self.folder / "cases.jsonl").open("rb") as file:
            for row in rows:
                file.seek(row.offset)
                yield json.loads(file.readline())


def summaries(scores: Scores) -> Any:
    """The optional module, None where it is absent; RunError where a score cannot do without."""
    try:
        return import_module(".summaries", __package__)
    except ModuleNotFoundError as error:
        if any(score.summary for score in scores.values()):
            how = "add it with `copier update -d 'parts=[summaries]'`"
            raise RunError(f"a score over all rows needs the part summaries: {how}") from error


def names_of(rows: Iterable[Row], scores: Iterable[str] = ()) -> list[str]:
    """The scores in the order in which they were returned (the first is primary), then declared."""
    return list(dict.fromkeys([*(name for row in rows for name in row.scores), *scores]))


def tries_of(rows: Iterable[Row], name: str, scores: Scores) -> dict[tuple[str, str], list[float]]:
    """One score over the epochs of each (case, cluster); an error counts as it is declared."""
    tries, on_error = {}, scores.get(name, PLAIN).on_error
    for row in rows:
        value = on_error if row.error_kind else row.scores.get(name)
        if value is not None:
            tries.setdefault((row.id, row.cluster), []).append(value)
    return tries


def mean_of(rows: Iterable[Row], name: str, scores: Scores) -> dict[str, Any]:
    """One score's mean over cases, with its interval: an `Estimate` as a dict."""
    tries = tries_of(rows, name, scores)
    return asdict(estimate([*map(fmean, tries.values())], [group for _, group in tries]))


def cost_of(rows: Iterable[Row]) -> float | None:
    """US dollars; None where the price of a call is unknown."""
    costs = [row.cost_usd for row in rows]
    return None if None in costs else fsum(costs)


def judge_of(rows: Iterable[Row]) -> dict[str, Any] | None:
    """What a scorer's model took, apart from the solver's; None where no scorer asked one."""
    if not (asked := [row.judge for row in rows if row.judge]):
        return None
    costs = [judge["cost_usd"] for judge in asked]
    return {
        "calls": sum(judge["calls"] for judge in asked),
        "cost_usd": None if None in costs else fsum(costs),
        "models": sorted({model for judge in asked for model in judge["models"]}),
    }


def summarise(run: Run, scores: Scores, total: int) -> Results:
    """All figures of a run, over reviewed cases (unreviewed ones are a slice), of `total` tries."""
    rows = [row for row in run.rows if row.reviewed]
    kinds = Counter(row.error_kind for row in rows if row.error_kind)
    times = sorted(row.latency_s for row in run.rows) or [0.0]
    names = [n for n in names_of(run.rows, scores) if not scores.get(n, PLAIN).summary]
    slices, groups = dict[str, list[Row]](), dict[str, list[Row]]()
    for row in run.rows:
        if row.reviewed and row.cluster.startswith("group: "):
            # Within its group, which is given, a case counts by itself.
            alone = row._replace(cluster=row.id)
            groups.setdefault(row.cluster.removeprefix("group: "), []).append(alone)
        for part in [*row.tags, f"split: {row.split}"] if row.reviewed else ["unreviewed"]:
            slices.setdefault(part, []).append(row)
    optional = summaries(scores)
    return {
        "run": run.folder.name,
        "n": len({row.id for row in rows}),
        "errors": kinds.total(),
        "scores": {name: mean_of(rows, name, scores) for name in names}
        | (optional.figures(run, rows, scores) if optional else {}),
        "by_tag": {p: {n: mean_of(slices[p], n, scores) for n in names} for p in sorted(slices)},
        "by_group": {g: {n: mean_of(groups[g], n, scores) for n in names} for g in sorted(groups)},
        "cost_usd": cost_of(run.rows),
        "judge": judge_of(run.rows),
        "latency_s": {f"p{p}": times[(len(times) - 1) * p // 100] for p in (50, 90, 99)},
        "tokens": {kind: sum(row.tokens[i] for row in run.rows) for i, kind in enumerate(TOKENS)},
        "error_kinds": dict(sorted(kinds.items())),
        "models": sorted({model for row in run.rows for model in row.models}),
        "unreviewed": len({row.id for row in run.rows if not row.reviewed}),
        "unfinished": total - len(run.rows),
        "against": {},
        "notes": [*run.manifest.get("notes", [])],
    }


def compare(a: Path | str, b: Path | str | Run, scores: Mapping[str, Score] = {}) -> Results:
    """Hold run B against run A, case by case; flips go by the first score. May raise RunError."""
    runs = Run.read(a), b if isinstance(b, Run) else Run.read(b)
    old, new = ({(row.id, row.sha) for row in run.rows if row.reviewed} for run in runs)
    same = {case for case, _ in old & new}
    before, after = ([row for row in run.rows if row.id in same] for run in runs)
    flipped: dict[str, list[str]] = {"gained": [], "lost": []}
    figures: dict[str, dict[str, Any]] = {}
    for name in names_of([*after, *before], scores):
        declared = scores.get(name, PLAIN)
        sign = 1 if declared.higher_is_better else -1
        if declared.summary:
            optional = summaries(scores)
            one, other, diff, p = optional.paired(runs, (before, after), declared.summary)
        else:
            was, now = (tries_of(rows, name, scores) for rows in (before, after))
            both = [key for key in was if key in now]
            clusters = [cluster for _, cluster in both]
            xs, ys = ([fmean(tries[key]) for key in both] for tries in (was, now))
            one, other = estimate(xs, clusters), estimate(ys, clusters)
            diff, p = paired(xs, ys, clusters)
            for (case, _), x, y in [] if figures else zip(both, xs, ys, strict=True):
                if x != y:
                    flipped["gained" if sign * (y - x) > 0 else "lost"].append(case)
        best, df = diff.high if sign > 0 else diff.low, diff.groups - 1
        # the smallest true difference that is seen with power 0.8
        least = diff.se and (t_quantile(0.975, df) + t_quantile(0.8, df)) * diff.se
        figures[name] = asdict(diff) | {
            **{"a": one.mean, "b": other.mean, "diff": diff.mean, "p": p},
            **{"of_a": asdict(one), "of_b": asdict(other)},
            "higher_is_better": declared.higher_is_better,
            "at_best": None if best is None else sign * best,
            "regressed": best is not None and sign * best < 0,
            "detectable": least,
            "needed": ceil(diff.n * (least / diff.mean) ** 2) if least and diff.mean else None,
        }
    notes, (hashes, hashes_b) = [], (run.manifest.get("hashes", {}) for run in runs)
    commits = [str(run.manifest.get("git", {}).get("commit"))[:10] for run in runs]
    if old != new:
        why = "as the other run has no such case with the same content"
        notes.append(f"Left out, {why}: {len(old - new)} of A, {len(new - old)} of B.")
    if changed := [n for n in ("prompts", "code", "cases") if hashes.get(n) != hashes_b.get(n)]:
        how = f" What, says `git diff {' '.join(commits)}`." if len(set(commits)) > 1 else ""
        notes.append(f"Between A and B changed: {', '.join(changed)}.{how}")
    return {
        "run": runs[1].folder.name,
        "against": runs[0].folder.name,
        "scores": figures,
        "flipped": flipped,
        "cost_usd": [cost_of(run.rows) for run in runs],
        "latency_s": [median([row.latency_s for row in run.rows] or [0]) for run in runs],
        "notes": notes,
    }
