"""Two runs over the same cases, paired: what flipped, which differences are real, the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .differences import mean_difference, summary_difference
from .failures import as_text
from .journal import Row, Run, RunError
from .outcome import Score
from .results import PLAIN, names_of, read_results, values_of
from .terminal import figure, table


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run B held against run A; `scores` is as in `compare --json`, flips are by the first score."""

    a: Run
    b: Run
    scores: dict[str, dict[str, Any]]
    gained: list[str]
    lost: list[str]
    cost_usd: dict[str, float | None]
    latency_p50_s: dict[str, float]
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """`compare --json`; `diff` is b - a."""
        return {
            "run": self.b.folder.name,
            "against": self.a.folder.name,
            "scores": self.scores,
            "flipped": {"gained": self.gained, "lost": self.lost},
            "cost_usd": self.cost_usd,
            "latency_p50_s": self.latency_p50_s,
            "notes": self.notes,
        }

    def gate(self, names: Sequence[str] = (), margin: float | None = None) -> tuple[bool, str]:
        """Whether no score (of `names`, else all) regressed, and the sentences that say why.

        The rule: the 95 % interval of the paired difference lies wholly on the side of a loss.
        With a `margin` instead: the measured loss is greater than the margin.
        """
        if unknown := set(names) - set(self.scores):
            have = ", ".join(self.scores) or "none"
            raise RunError(f"no score {', '.join(sorted(unknown))} in both runs; there is: {have}")
        verdicts = [self._verdict(name, margin) for name in names or self.scores]
        if not verdicts:
            return False, "the runs have no score in common, so nothing was compared"
        return all(passed for passed, _ in verdicts), "\n".join(text for _, text in verdicts)

    def _verdict(self, name: str, margin: float | None) -> tuple[bool, str]:
        d = self.scores[name]
        if d["diff"] is None:
            return False, f"{name}: no cases in common, so nothing was compared"
        loss = -d["diff"] if d["higher_is_better"] else d["diff"]
        fails = d["regressed"] if margin is None else loss > margin
        rule = "significant loss" if margin is None else f"loss greater than {margin}"
        text = f"{name}: {'a' if fails else 'no'} {rule}, {shown(d)}"
        if d["detectable"]:
            seen = f"{d['detectable']:.3f} or more would have shown four times in five"
            text += f"; at this n a true loss of {seen}"
        return not fails, text

    def render(self, *, markdown: bool = False, flips: int = 20) -> str:
        """The comparison as text: a table of scores, then what flipped with both outputs."""
        rows = [
            (
                name,
                shown(d, "a"),
                shown(d, "b"),
                shown(d),
                "-" if d["p"] is None else f"{d['p']:.4f}",
                d["method"],
            )
            for name, d in self.scores.items()
        ]
        head = ("score", "A", "B", "B - A, paired", "p", "method")
        costs = ("unknown" if cost is None else f"${cost:.4f}" for cost in self.cost_usd.values())
        times = (f"{seconds:.2f} s" for seconds in self.latency_p50_s.values())
        parts = [
            f"A is {self.a.folder.name}, B is {self.b.folder.name}.",
            table(head, rows, markdown=markdown),
            f"Cost {' -> '.join(costs)}; median time of a case {' -> '.join(times)}.",
            *self.notes,
        ]
        for what, ids in (("better", self.gained), ("worse", self.lost)):
            if ids:
                first = f", the first {flips}" if len(ids) > flips else ""
                parts.append(f"{len(ids)} {what} in B{first}:")
                a, b = (_outputs(run, ids[:flips]) for run in (self.a, self.b))
                lines = list(zip(ids[:flips], a, b, strict=True))
                parts.append(table(("case", "A", "B"), lines, markdown=markdown))
        return "\n\n".join(parts)


def shown(d: Mapping[str, Any], side: str = "") -> str:
    """A difference as it may be printed, or the mean of side "a" or "b" alone."""
    if side:
        return figure(d[side], d[f"{side}_low"], d[f"{side}_high"], d["n"])
    return figure(d["diff"], d["low"], d["high"], d["n"], "+")


def _outputs(run: Run, ids: list[str]) -> list[str]:
    rows = {row.id: row for row in reversed(run.rows)}
    texts = (r["error_kind"] or as_text(r["output"]) for r in run.records(rows[i] for i in ids))
    lines = (" ".join(text.split()) for text in texts)
    return [line if len(line) <= 60 else f"{line[:59]}…" for line in lines]


def compare(a: Path | str, b: Path | str, scores: Mapping[str, Score] | None = None) -> Comparison:
    """Pair run B with run A, case by case; raise RunError where one cannot be read.

    `scores` is needed only for scores with a `summary`: the rest stands in results.json.
    """
    runs = before, after = Run.read(a), Run.read(b)
    about = [read_results(run.folder) for run in runs]
    declared = {
        name: Score(found["higher_is_better"], found["on_error"])
        for name, found in about[1]["scores"].items()
        if "on_error" in found
    } | dict(scores or {})
    rows_a, rows_b, notes = _common(before, after)
    hashes = [run.manifest.get("hashes", {}) for run in runs]
    changed = [w for w in ("prompts", "code", "cases") if hashes[0].get(w) != hashes[1].get(w)]
    if changed:
        notes.append(f"Between A and B changed: {', '.join(changed)}.")
    differences = {}
    summaries = [name for name, of in declared.items() if of.summary]
    for name in dict.fromkeys([*names_of(rows_b), *names_of(rows_a), *summaries]):
        if (of := declared.get(name, PLAIN)).summary:
            found = summary_difference([*before.records(rows_a)], [*after.records(rows_b)], of)
        else:
            found = mean_difference(rows_a, rows_b, name, of)
        worst = found["high"] if of.higher_is_better else found["low"]
        loses = worst is not None and (worst < 0 if of.higher_is_better else worst > 0)
        better = {"higher_is_better": of.higher_is_better, "regressed": loses}
        differences[name] = found | better
    primary = next(iter(differences), "")
    of = declared.get(primary, PLAIN)
    was, now = values_of(rows_a, primary, of), values_of(rows_b, primary, of)
    sign = 1 if of.higher_is_better else -1
    return Comparison(
        before,
        after,
        differences,
        gained=[i for i in was if i in now and sign * (now[i] - was[i]) > 0],
        lost=[i for i in was if i in now and sign * (now[i] - was[i]) < 0],
        cost_usd={key: found["cost_usd"] for key, found in zip("ab", about, strict=True)},
        latency_p50_s={
            key: found["latency_s"]["p50"] for key, found in zip("ab", about, strict=True)
        },
        notes=notes,
    )


def _common(a: Run, b: Run) -> tuple[list[Row], list[Row], list[str]]:
    """The rows of cases that stand in both runs unchanged; and what was left out."""
    sha_a, sha_b = ({row.id: row.sha for row in run.rows if row.reviewed} for run in (a, b))
    both = set(sha_a) & set(sha_b)
    same = {case for case in both if sha_a[case] == sha_b[case]}
    counts = {
        "only in A": len(sha_a) - len(both),
        "only in B": len(sha_b) - len(both),
        "whose content changed": len(both) - len(same),
    }
    left = [f"{count} {why}" for why, count in counts.items() if count]
    notes = [f"Cases left out: {', '.join(left)}."] if left else []
    return [r for r in a.rows if r.id in same], [r for r in b.rows if r.id in same], notes
