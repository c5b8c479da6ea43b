"""What `takehome publish` writes into README.md: the figures of a run, and three failures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from .failures import read_failures
from .journal import Run
from .results import read_results
from .terminal import figure, table


def results_block(folder: Path) -> str:
    """The results of a run as Markdown: figures, model as served, date, cost, failures."""
    results, about = read_results(folder), Run.read(folder).manifest
    baseline = results["against"].get("baseline", {"against": None, "scores": {}})
    rows = []
    for name, s in results["scores"].items():
        d = baseline["scores"].get(name)
        rows.append([name, figure(s["mean"], s["low"], s["high"], s["n"])])
        if baseline["against"]:
            rows[-1].append(figure(d["diff"], d["low"], d["high"], d["n"], "+") if d else "")
    head = ["score", "mean [95 % interval]", "paired difference to the baseline"]
    cost = "cost unknown" if results["cost_usd"] is None else f"${results['cost_usd']:.4f}"
    facts = (
        f"Solver {about.get('solver', 'unknown')}, {', '.join(results['models']) or 'no model'}, "
        f"{str(about.get('started', 'date unknown'))[:10]}; {results['n']} cases, "
        f"{results['errors']} without an answer; {cost}, "
        f"median {results['latency_s']['p50']:.2f} s a case."
    )
    parts = [table(head[: 2 + bool(baseline["against"])], rows, markdown=True), facts]
    return "\n\n".join([*parts, *results["notes"], *failures_block(folder)])


def failures_block(folder: Path, shown: int = 3) -> list[str]:
    """Count the causes filled in in failures.csv and show three failures, one per cause first."""
    if not (path := folder / "failures.csv").is_file():
        return []
    failures = read_failures(path)
    if not failures:
        return ["No case failed."]
    causes = Counter(row["cause"] for row in failures if row["cause"])
    counted = ", ".join(f"{cause} {count}" for cause, count in causes.most_common())
    first = {row["cause"]: row for row in reversed(failures)}  # the worst of each cause
    known = [first[cause] for cause, _ in causes.most_common(shown)]
    rest = [row for row in failures if row not in known]
    rows = [
        [_brief(row[name]) for name in ("id", "cause", "input", "expected", "output")]
        for row in [*known, *rest][:shown]
    ]
    empty = len(failures) - sum(causes.values())
    said = f"{len(failures)} failures; causes: {counted or 'none filled in'}"
    said += f" ({empty} without one in failures.csv)." if empty else "."
    return [said, table(("case", "cause", "input", "expected", "output"), rows, markdown=True)]


def _brief(text: str, most: int = 120) -> str:
    """One line that Markdown shows as it is: no markup, no line break, not too long."""
    line = " ".join(text.split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return line.replace("<", "&lt;").replace("`", "'")
