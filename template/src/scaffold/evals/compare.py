"""Two runs over the same cases, paired: what flipped, which differences are real, the gate."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from .outcome import Score
from .publication import filled
from .results import PLAIN, Results, Run, RunError, cost_of, names_of, summaries, tries_of
from .stats import estimate, paired, t_quantile
from .terminal import dollars


def compare(a: Path | str, b: Path | str | Run, scores: Mapping[str, Score] = {}) -> Results:
    """Hold run B against run A, case by case: `compare --json`. Flips go by the first score.

    Raises RunError where one of them cannot be read.
    """
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
        figures[name] = diff._asdict() | {
            **{"a": one.mean, "b": other.mean, "diff": diff.mean, "p": p},
            **{"of_a": one._asdict(), "of_b": other._asdict()},
            "higher_is_better": declared.higher_is_better,
            "at_best": None if best is None else sign * best,
            "regressed": best is not None and sign * best < 0,
            # the smallest true difference that is seen with power 0.8
            "detectable": diff.se and (t_quantile(0.975, df) + t_quantile(0.8, df)) * diff.se,
        }
    about = {"run": runs[1].folder.name, "against": runs[0].folder.name, "scores": figures}
    return about | {"flipped": flipped, "notes": _notes(runs, len(old - new), len(new - old))}


def _notes(runs: Sequence[Run], *left: int) -> list[str]:
    costs = (dollars(cost_of(run.rows)) for run in runs)
    times = (f"{median([row.latency_s for row in run.rows] or [0]):.2f} s" for run in runs)
    notes = [f"Cost {' -> '.join(costs)}; median time of a case {' -> '.join(times)}."]
    if any(left):
        why = "as the other run has no such case with the same content"
        notes.append(f"Left out, {why}: {left[0]} of A, {left[1]} of B.")
    old, new = (run.manifest.get("hashes", {}) for run in runs)
    if changed := [name for name in ("prompts", "code", "cases") if old.get(name) != new.get(name)]:
        notes.append(f"Between A and B changed: {', '.join(changed)}.")
    return notes


def gate(found: Results, names: Sequence[str] = (), margin: float = 0.0) -> tuple[bool, str]:
    """Whether no score (of `names`, else all) regressed, and the sentences that say why.

    A regression is a 95 % interval of the paired difference wholly beyond a loss of `margin`.
    """
    if unknown := set(names) - set(found["scores"]):
        raise RunError(f"no score {', '.join(unknown)}; there is: {', '.join(found['scores'])}")
    chosen = {name: found["scores"][name] for name in names or found["scores"]}
    known = [d["diff"] is not None for d in chosen.values()]
    ends = {name: d["at_best"] for name, d in chosen.items() if d["at_best"] is not None}
    lost = [name for name, end in ends.items() if end < -margin]
    said = filled("gate.j2", chosen=chosen, lost=lost, margin=margin)
    return bool(known) and all(known) and not lost, said.strip()


def as_markdown(found: Results, a: Path | str, b: Path | str) -> str:
    """A comparison as Markdown: a table of scores, then what flipped, with both outputs."""
    flipped = {*found["flipped"]["gained"], *found["flipped"]["lost"]}
    outputs = list[dict[str, Any]]()
    for run in (Run.read(a), Run.read(b)):
        records = run.records(row for row in run.rows if row.id in flipped and not row.epoch)
        outputs.append({r["id"]: r["error_kind"] or r["output"] for r in records})
    return filled("compare.md.j2", found=found, a=outputs[0], b=outputs[1])
