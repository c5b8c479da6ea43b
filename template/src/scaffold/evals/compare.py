"""Two runs over the same cases, paired: what flipped, which differences are real, the gate."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from .outcome import Score
from .publication import filled
from .results import PLAIN, Results, Run, RunError, cost_of, names_of, summaries, tries_of
from .stats import estimate, paired, t_quantile
from .terminal import dollars, figure


def compare(a: Path | str, b: Path | str | Run, scores: Mapping[str, Score] = {}) -> Results:
    """Hold run B against run A, case by case: `compare --json`. Flips go by the first score.

    Raises RunError where one of them cannot be read.
    """
    runs = Run.read(a), b if isinstance(b, Run) else Run.read(b)
    shas = [{row.id: row.sha for row in run.rows if row.reviewed} for run in runs]
    same = {case for case, sha in shas[0].items() if shas[1].get(case) == sha}
    before, after = ([row for row in run.rows if row.id in same] for run in runs)
    costs = (dollars(cost_of(run.rows)) for run in runs)
    times = (f"{median([row.latency_s for row in run.rows] or [0]):.2f} s" for run in runs)
    notes = [f"Cost {' -> '.join(costs)}; median time of a case {' -> '.join(times)}."]
    left = [len(cases) - len(same) for cases in shas]
    if any(left):
        why = "as the other run has no such case with the same content"
        notes.append(f"Left out, {why}: {left[0]} of A, {left[1]} of B.")
    old, new = (run.manifest.get("hashes", {}) for run in runs)
    if changed := [name for name in ("prompts", "code", "cases") if old.get(name) != new.get(name)]:
        notes.append(f"Between A and B changed: {', '.join(changed)}.")
    figures: dict[str, dict[str, Any]] = {}
    flipped: dict[str, list[str]] = {"gained": [], "lost": []}
    for name in names_of([*after, *before], scores):
        of = scores.get(name, PLAIN)
        sign = 1 if of.higher_is_better else -1
        if of.summary:
            one, other, diff = summaries(scores).paired(runs, (before, after), of.summary)
            p = None
        else:
            was, now = (tries_of(rows, name, scores) for rows in (before, after))
            keys = [key for key in was if key in now]
            clusters = [cluster for _, cluster in keys]
            xs, ys = ([fmean(tries[key]) for key in keys] for tries in (was, now))
            one, other = estimate(xs, clusters), estimate(ys, clusters)
            diff, p = paired(xs, ys, clusters)
            for (case, _), x, y in [] if figures else zip(keys, xs, ys, strict=True):
                if x != y:
                    flipped["gained" if sign * (y - x) > 0 else "lost"].append(case)
        worst = diff.high if of.higher_is_better else diff.low
        df = diff.groups - 1
        figures[name] = {
            **{"a": one.mean, "a_low": one.low, "a_high": one.high},
            **{"b": other.mean, "b_low": other.low, "b_high": other.high},
            **{"diff": diff.mean, "low": diff.low, "high": diff.high},
            **{"p": p, "n": diff.n, "method": diff.method},
            "higher_is_better": of.higher_is_better,
            "regressed": worst is not None and sign * worst < 0,
            # the smallest true difference that is seen with power 0.8
            "detectable": diff.se and (t_quantile(0.975, df) + t_quantile(0.8, df)) * diff.se,
        }
    found = {"run": runs[1].folder.name, "against": runs[0].folder.name, "scores": figures}
    return found | {"flipped": flipped, "notes": notes}


def gate(found: Results, names: Sequence[str] = (), margin: float = 0.0) -> tuple[bool, str]:
    """Whether no score (of `names`, else all) regressed, and the sentences that say why.

    A regression is a 95 % interval of the paired difference wholly beyond a loss of `margin`.
    """
    scores, said = found["scores"], list[str]()
    if unknown := set(names) - set(scores):
        raise RunError(f"no score {', '.join(unknown)}; there is: {', '.join(scores)}")
    chosen = {name: scores[name] for name in names or scores}
    passed = bool(chosen)
    for name, d in chosen.items():
        best = d["high"] if d["higher_is_better"] else None if d["low"] is None else -d["low"]
        lost = best is not None and best < -margin
        passed = passed and d["diff"] is not None and not lost
        loss = f"{name}: {'a' if lost else 'no'} significant loss"
        loss += f" of more than {margin}" if margin else ""
        said.append(f"{loss}, {figure(d, 'diff', '+')}")
        if d["detectable"]:
            loss = f"a true loss of {d['detectable']:.3f} or more"
            said[-1] += f"; at this n {loss} would have shown four times in five"
    return passed, "\n".join(said) or "the runs share no case or score"


def as_markdown(found: Results, a: Path | str, b: Path | str) -> str:
    """A comparison as Markdown: a table of scores, then what flipped, with both outputs."""
    outputs = list[dict[str, Any]]()
    flipped = {case for cases in found["flipped"].values() for case in cases}
    for run in (Run.read(a), Run.read(b)):
        records = run.records(row for row in reversed(run.rows) if row.id in flipped)
        outputs.append({r["id"]: r["error_kind"] or r["output"] for r in records})
    return filled("compare.md.j2", found=found, a=outputs[0], b=outputs[1])
