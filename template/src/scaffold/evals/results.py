"""The figures of a run (see results.schema.json); two runs, paired."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from importlib import import_module
from itertools import groupby
from math import ceil, fsum, isnan
from pathlib import Path
from statistics import fmean, median
from typing import Any

from .outcome import FALLBACK, Score
from .rows import CASE, TOKENS, Row, Run, RunError
from .stats import estimate, paired, t_quantile

PLAIN = Score()
Scores = Mapping[str, Score]
Results = dict[str, Any]  # what results.json holds; results.schema.json describes it


def summaries(scores: Scores) -> Any:
    """The optional module, None where it is absent; RunError where a score cannot do without."""
    try:
        return import_module(".summaries", __package__)
    except ModuleNotFoundError as error:
        if any(score.summary for score in scores.values()):
            how = "add it with `copier update -d 'parts=[summaries]'`"
            raise RunError(f"a score over all rows needs the part summaries: {how}") from error


def names_of(rows: Iterable[Row], scores: Iterable[str] = ()) -> list[str]:
    """The scores as they were returned (the first is primary); then, if there are any, declared."""
    names = dict.fromkeys(name for row in rows for name in row.names)
    names |= dict.fromkeys(scores if names else ())
    beside = [name for name in names if name.endswith(FALLBACK)]  # right below the first
    return list(dict.fromkeys([*(name.removesuffix(FALLBACK) for name in beside), *beside, *names]))


def number_of(row: Row, name: str, scores: Scores) -> float | None:
    """One score of a line; an error counts as it is declared, but where a fallback has its own."""
    name = name if name in row.names else name.removesuffix(FALLBACK)
    if row.error_kind and not name.endswith(FALLBACK):
        return scores.get(name, PLAIN).on_error
    return row.score(name)


def tries_of(rows: Iterable[Row], name: str, scores: Scores) -> Iterator[Any]:
    """Yield each case, one score's values over its epochs (as far as it has any), its cluster."""
    for case, tries in groupby(sorted(rows, key=CASE), CASE):
        known = [(number_of(row, name, scores), row.cluster) for row in tries]
        yield case, [value for value, _ in known if value is not None], known[0][1]


def mean_of(rows: Iterable[Row], name: str, scores: Scores) -> dict[str, Any]:
    """One score's mean over cases, with its interval: an `Estimate` as a dict."""
    known = [(fmean(tries), cluster) for _, tries, cluster in tries_of(rows, name, scores) if tries]
    return asdict(estimate([mean for mean, _ in known], [cluster for _, cluster in known]))


def cost_of(rows: Iterable[Row], which: str = "cost_usd") -> float | None:
    """US dollars; None where the price of a call is unknown, which is held as NaN."""
    cost = fsum(getattr(row, which) for row in rows)
    return None if isnan(cost) else cost


def judge_of(rows: Iterable[Row]) -> dict[str, Any] | None:
    """What a scorer's model took, apart from the solver's; None where no scorer asked one."""
    if not (asked := [row for row in rows if row.judge_calls]):
        return None
    return {
        "calls": sum(row.judge_calls for row in asked),
        "cost_usd": cost_of(asked, "judge_usd"),
        "models": sorted({model for row in asked for model in row.judges}),
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
            alone = replace(row, cluster=row.id)  # within its group a case counts by itself
            groups.setdefault(row.cluster.removeprefix("group: "), []).append(alone)
        for part in [*row.tags, f"split: {row.split}"] if row.reviewed else ["unreviewed"]:
            slices.setdefault(part, []).append(row)
    optional, notes = summaries(scores), [*run.manifest.get("notes", [])]
    for name in (name for name in names if name.endswith(FALLBACK)):
        fell = sum(name in row.names for row in rows)
        notes.append(f"{fell} of {len(rows)} answers are the fallback's: only {name} counts them.")
    graded = {row.failed for row in rows if row.names or row.error_kind}
    if len(rows) > 1 and graded == {False} and run.manifest.get("solver") == "baseline":
        notes.append("The baseline fails no case: no solver can be seen to be better on these.")
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
        "tokens": {kind: sum(getattr(row, kind) for row in run.rows) for kind in TOKENS},
        "error_kinds": dict(sorted(kinds.items())),
        "models": sorted({model for row in run.rows for model in row.models}),
        "unreviewed": len({row.id for row in run.rows if not row.reviewed}),
        "unfinished": total - len(run.rows),
        "against": {},
        "notes": notes,
    }


def compare(a: Path | str, b: Path | str | Run, scores: Mapping[str, Score] = {}) -> Results:
    """Hold run B against run A, case by case; flips go by the first score. May raise RunError."""
    runs = Run.read(a), b if isinstance(b, Run) else Run.read(b)
    shas = [{row.sha for row in run.rows if row.reviewed} for run in runs]  # of ids, too
    both = shas[0] & shas[1]
    before, after = ([row for row in run.rows if row.sha in both] for run in runs)
    left_out = [len(own - both) for own in shas]
    flipped: dict[str, list[str]] = {"gained": [], "lost": []}
    figures: dict[str, dict[str, Any]] = {}
    for name in names_of([*after, *before], scores):
        declared = scores.get(name.removesuffix(FALLBACK), PLAIN)
        sign = 1 if declared.higher_is_better else -1
        if declared.summary:
            one, other, diff, p = summaries(scores).paired(runs, (before, after), declared.summary)
        else:
            xs, ys, clusters = list[float](), list[float](), list[str]()
            sides = (tries_of(rows, name, scores) for rows in (before, after))
            for (case, was, cluster), (_, now, _) in zip(*sides, strict=True):
                if was and now:
                    xs.append(fmean(was))
                    ys.append(fmean(now))
                    clusters.append(cluster)
                    if xs[-1] != ys[-1] and not figures:
                        flipped["gained" if sign * (ys[-1] - xs[-1]) > 0 else "lost"].append(case)
            one, other = estimate(xs, clusters), estimate(ys, clusters)
            diff, p = paired(xs, ys, clusters)
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
    commits = [str(run.manifest.get("commit"))[:10] for run in runs]
    if any(left_out):
        why = "as the other run has no such case with the same content"
        notes.append(f"Left out, {why}: {left_out[0]} of A, {left_out[1]} of B.")
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


def hold_against(results: Results, run: Run, scores: Scores, others: Mapping[str, Any]) -> None:
    """Compare with other runs, by name; that a baseline cannot be compared with is a note."""
    given = {which: other for which, other in others.items() if other and other != run.folder}
    how = "`takehome eval --like latest --solver baseline` makes one."
    for which, other in given.items():
        try:
            against = compare(other, run, scores)
            if not any(score["n"] for score in against["scores"].values()):
                raise RunError(f"{other.name} has none of these cases or scores: run it anew")
            results["against"][which] = against
            if which == "baseline" and all(row.error_kind for row in run.rows):
                # Nothing of this run was graded: what there is to grade, only the baseline says.
                failed = {name: score["of_b"] for name, score in against["scores"].items()}
                results["scores"] = failed | results["scores"]
        except RunError as error:
            if which == "baseline":  # that a last run had other cases is no news
                results["notes"].append(f"No comparison with the baseline: {error}. {how}")
    if others["baseline"] is None and run.manifest.get("solver", "baseline") != "baseline":
        results["notes"].append(f"There is no run of a baseline to compare with: {how}")
