"""Two runs over the same cases, paired: what flipped, which differences are real, the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

from .outcome import Score
from .results import PLAIN, Row, Run, RunError, Summary, cost_of, figure_of, names_of, tries_of
from .stats import Estimate, bootstrap, estimate, paired, t_quantile
from .terminal import as_text, brief, dollars, figure, table


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run B held against run A; `scores` is as in `compare --json`, flips are by the first score."""

    a: Run
    b: Run
    scores: dict[str, dict[str, Any]]
    gained: list[str]
    lost: list[str]
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """`compare --json`; `diff` is b - a."""
        return {
            "run": self.b.folder.name,
            "against": self.a.folder.name,
            "scores": self.scores,
            "flipped": {"gained": self.gained, "lost": self.lost},
            "notes": self.notes,
        }

    def gate(self, names: Sequence[str] = ()) -> tuple[bool, str]:
        """Whether no score (of `names`, else all) regressed, and the sentences that say why.

        A regression is a 95 % interval of the paired difference wholly on the side of a loss.
        """
        if unknown := set(names) - set(self.scores):
            raise RunError(f"no score {', '.join(unknown)}; there is: {', '.join(self.scores)}")
        passed, said = bool(self.scores), [] if self.scores else ["the runs share no case or score"]
        for name in names or self.scores:
            d = self.scores[name]
            passed = passed and not d["regressed"] and d["diff"] is not None
            said.append(f"{name}: {'a' if d['regressed'] else 'no'} significant loss, {_diff(d)}")
            if d["detectable"]:
                loss = f"a true loss of {d['detectable']:.3f} or more"
                said[-1] += f"; at this n {loss} would have shown four times in five"
        return passed, "\n".join(said)

    def render(self, *, markdown: bool = False, flips: int = 20) -> str:
        """The comparison as text: a table of scores, then what flipped with both outputs."""
        rows = []
        for name, d in self.scores.items():
            sides = (figure(d[x], d[f"{x}_low"], d[f"{x}_high"], d["n"]) for x in "ab")
            p = "-" if d["p"] is None else f"{d['p']:.4f}"
            rows.append((name, *sides, _diff(d), p, d["method"]))
        head = ("score", "A", "B", "B - A, paired", "p", "method")
        parts = [
            f"A is {self.a.folder.name}, B is {self.b.folder.name}.",
            table(head, rows, markdown=markdown),
            *self.notes,
        ]
        for what, ids in (("better", self.gained), ("worse", self.lost)):
            if ids:
                some = f", the first {flips}" if len(ids) > flips else ""
                parts.append(f"{len(ids)} {what} in B{some}:")
                outputs = (_outputs(run, ids[:flips]) for run in (self.a, self.b))
                lines = list(zip(ids[:flips], *outputs, strict=True))
                parts.append(table(("case", "A", "B"), lines, markdown=markdown))
        return "\n\n".join(parts)


def _diff(d: Mapping[str, Any]) -> str:
    return figure(d["diff"], d["low"], d["high"], d["n"], "+")


def _outputs(run: Run, ids: list[str]) -> list[str]:
    rows = {row.id: row for row in reversed(run.rows)}
    records = run.records(rows[case] for case in ids)
    return [brief(r["error_kind"] or as_text(r["output"]), 60) for r in records]


def compare(
    a: Path | str, b: Path | str | Run, scores: Mapping[str, Score] | None = None
) -> Comparison:
    """Pair run B with run A, case by case; raise RunError where one cannot be read."""
    runs, declared = (Run.read(a), b if isinstance(b, Run) else Run.read(b)), scores or {}
    shas = [{row.id: row.sha for row in run.rows if row.reviewed} for run in runs]
    same = {case for case, sha in shas[0].items() if shas[1].get(case) == sha}
    before, after = ([row for row in run.rows if row.id in same] for run in runs)
    costs = (dollars(cost_of(run.rows)) for run in runs)
    times = (f"{median([row.latency_s for row in run.rows] or [0]):.2f} s" for run in runs)
    notes = [f"Cost {' -> '.join(costs)}; median time of a case {' -> '.join(times)}."]
    left = [len(cases) - len(same) for cases in shas]
    if any(left):
        notes.append(
            f"Left out, as the other run has no such case with the same content: {left[0]} of A, "
            f"{left[1]} of B."
        )
    old, new = (run.manifest.get("hashes", {}) for run in runs)
    if changed := [w for w in ("prompts", "code", "cases") if old.get(w) != new.get(w)]:
        notes.append(f"Between A and B changed: {', '.join(changed)}.")
    found = Comparison(*runs, {}, [], [], notes)
    for name in names_of([*after, *before], declared):
        of = declared.get(name, PLAIN)
        was, now = (tries_of(rows, name, of) for rows in (before, after))
        keys = [key for key in was if key in now]
        xs, ys = ([fmean(tries[key]) for key in keys] for tries in (was, now))
        sign = 1 if of.higher_is_better else -1
        if not found.scores:  # flips go by the first score
            for (case, _), x, y in zip(keys, xs, ys, strict=True):
                (found.gained if sign * (y - x) > 0 else found.lost).extend([case] * (x != y))
        if of.summary:
            diff, one, other = _summaries(runs, before, after, of.summary)
            p = None
        else:
            clusters = [cluster for _, cluster in keys]
            diff, p = paired(xs, ys, clusters)
            one, other = (estimate(side, clusters) for side in (xs, ys))
        worst = diff.high if of.higher_is_better else diff.low
        df = diff.groups - 1
        found.scores[name] = {
            **{"a": one.mean, "a_low": one.low, "a_high": one.high},
            **{"b": other.mean, "b_low": other.low, "b_high": other.high},
            **{"diff": diff.mean, "low": diff.low, "high": diff.high},
            "p": p,
            "n": diff.n,
            "method": diff.method,
            "higher_is_better": of.higher_is_better,
            "regressed": worst is not None and sign * worst < 0,
            # the smallest true difference that is seen with power 0.8
            "detectable": diff.se and (t_quantile(0.975, df) + t_quantile(0.8, df)) * diff.se,
        }
    return found


def _summaries(
    runs: tuple[Run, Run], before: list[Row], after: list[Row], summary: Summary
) -> list[Estimate]:
    """B - A, A and B of a figure over all rows, over the same draws of whole groups."""
    keys = {(r.id, r.epoch) for r in before} & {(r.id, r.epoch) for r in after}
    sides = [[r for r in rows if (r.id, r.epoch) in keys] for rows in (before, after)]
    a, b = (list(run.records(rows)) for run, rows in zip(runs, sides, strict=True))

    def gap(drawn: Sequence[int]) -> float | None:
        x, y = figure_of(summary, a, drawn), figure_of(summary, b, drawn)
        return None if x is None or y is None else y - x

    figures = (gap, partial(figure_of, summary, a), partial(figure_of, summary, b))
    return [bootstrap([row.cluster for row in sides[0]], figure) for figure in figures]
