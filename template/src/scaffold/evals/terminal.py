"""What a run shows while it goes and when it ends, on a terminal or in a pipe."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from .outcome import Score
from .results import PLAIN, Results, Row, cost_of, names_of, tries_of
from .stats import estimate

Number = float | None


@dataclass(slots=True)
class Progress:
    """The state of a run while it goes, for whoever shows it."""

    total: int
    scores: Mapping[str, Score]
    rows: list[Row]
    resumed: int
    started: float = field(default_factory=time.monotonic)


def status(state: Progress) -> str:
    """One line: done, the first score so far with its interval, cost, time left."""
    done, rows = len(state.rows), state.rows
    errors = sum(row.error_kind is not None for row in rows)
    parts = [f"{done}/{state.total} done", f"{errors} errors", f"cost {dollars(cost_of(rows))}"]
    if name := next(iter(names_of(rows[:100])), ""):
        tries = tries_of(rows, name, state.scores.get(name, PLAIN))
        found = estimate([fmean(t) for t in tries.values()], [cluster for _, cluster in tries])
        parts.append(f"{name} {figure(found.mean, found.low, found.high, found.n)}")
    if (fresh := done - state.resumed) and done < state.total:
        left = (time.monotonic() - state.started) / fresh * (state.total - done)
        parts.append(f"{left:.0f} s left")
    return " · ".join(parts)


@contextmanager
def progress(every_s: float = 5.0) -> Generator[Callable[[Progress], None]]:
    """Give an `on_progress`: one line that changes on a terminal, a line now and then in a pipe."""
    terminal, shown, due, latest = sys.stderr.isatty(), 0, 0.0, None

    def show(state: Progress, last: bool = False) -> None:
        nonlocal shown, due, latest
        latest, begun = state, time.monotonic()
        told = len(state.rows) == shown and not (terminal and last)
        if told or (begun < due and not last):
            return
        shown, line = len(state.rows), status(state)
        width = shutil.get_terminal_size().columns - 1
        text = "\r" + line[:width].ljust(width) if terminal else line + "\n"
        print(text, end="\n" if terminal and last else "", file=sys.stderr, flush=True)
        # A tenth of the time at most goes into this, however many cases there are.
        due = begun + max(0.2 if terminal else every_s, 10 * (time.monotonic() - begun))

    try:
        yield show
    finally:
        if latest:
            show(latest, last=True)


def figure(mean: Number, low: Number, high: Number, n: int, sign: str = "") -> str:
    """A mean as it may be printed: never without its interval and n."""
    if mean is None:
        return f"no value (n = {n})"
    if low is None or high is None:
        return f"{mean:{sign}.3f} (n = {n}: too few for an interval)"
    return f"{mean:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}] (n = {n})"


def dollars(cost: float | None) -> str:
    """A cost as it may be printed."""
    return "unknown" if cost is None else f"${cost:.4f}"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], *, markdown: bool = False) -> str:
    """Text in columns: aligned for a terminal, or as a Markdown table."""
    lines = [[str(cell) for cell in row] for row in (head, *rows)]
    if markdown:
        lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
        lines.insert(1, ["---"] * len(head))
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ([cell.ljust(w) for cell, w in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def results_table(results: Results) -> str:
    """The figures of a run as text, with all that needs to be said about them."""
    scores = results["scores"].items()
    rows = [(n, figure(s["mean"], s["low"], s["high"], s["n"]), s["method"]) for n, s in scores]
    kinds = "".join(f", {count} {kind}" for kind, count in results["error_kinds"].items())
    said = (
        f"{results['run']}: {results['n']} cases, {results['errors']} without an answer{kinds}; "
        f"cost {dollars(results['cost_usd'])}; median {results['latency_s']['p50']:.2f} s a case"
    )
    head = ("score", "mean [95 % interval]", "method")
    return "\n".join([table(head, rows), "", said, *results["notes"]])


def as_text(value: Any) -> str:
    """Text as it is (also an object's only one), the rest as indented JSON, nothing as ''."""
    match value:
        case None:
            return ""
        case dict() if len(value) == 1 and isinstance(text := next(iter(value.values())), str):
            return text
        case str():
            return value
    return json.dumps(value, ensure_ascii=False, indent=1)


def brief(text: str, most: int) -> str:
    """One line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
