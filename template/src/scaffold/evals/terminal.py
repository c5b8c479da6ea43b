"""What a run shows while it goes and when it ends, on a terminal or in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .results import PLAIN, Results, clusters_of, names_of, values_of
from .stats import estimate

if TYPE_CHECKING:
    from .run import Progress


def status(state: Progress) -> str:
    """One line: done, the first score so far with its interval, cost, time left."""
    done, rows = len(state.rows), state.rows
    parts = [f"{done}/{state.total or '?'} done"]
    if errors := sum(row.error_kind is not None for row in rows):
        parts.append(f"{errors} errors")
    if names := names_of(rows[:100]):
        values = values_of(rows, names[0], state.scores.get(names[0], PLAIN))
        found = estimate(list(values.values()), clusters_of(rows, values))
        parts.append(f"{names[0]} {figure(found.mean, found.low, found.high, found.n)}")
    parts.append("cost unknown" if state.cost_unknown else f"${state.cost_usd:.4f}")
    fresh = done - state.resumed
    if state.total and fresh and done < state.total:
        left = (time.monotonic() - state.started) / fresh * (state.total - done)
        parts.append(f"{left:.0f} s left")
    return " · ".join(parts)


@contextmanager
def progress(every_s: float = 5.0) -> Generator[Callable[[Progress], None]]:
    """Give an `on_progress`: a bar on a terminal, a plain line now and then in a pipe."""
    if not sys.stderr.isatty():
        with _throttled(lambda state: print(status(state), file=sys.stderr), every_s) as show:
            yield show
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = BarColumn(bar_width=30), TextColumn("{task.description}", markup=False)
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("")

        def draw(state: Progress) -> None:
            done = len(state.rows)
            bar.update(task, total=state.total, completed=done, description=status(state))

        with _throttled(draw, 0.2) as show:
            yield show


@contextmanager
def _throttled(
    draw: Callable[[Progress], None], every_s: float
) -> Generator[Callable[[Progress], None]]:
    """Draw now and then (never more than a tenth of the time), and the end when it is reached."""
    shown_at, pause = time.monotonic(), 0.0
    latest: Progress | None = None

    def on_progress(state: Progress) -> None:
        nonlocal shown_at, pause, latest
        latest, now = state, time.monotonic()
        if now >= shown_at + pause:
            draw(state)
            shown_at = time.monotonic()
            pause = max(every_s, 10 * (shown_at - now))

    yield on_progress
    if latest:
        draw(latest)


def figure(
    mean: float | None, low: float | None, high: float | None, n: int, sign: str = ""
) -> str:
    """A mean as it may be printed: never without its interval and n."""
    if mean is None:
        return f"no value (n = {n})"
    if low is None or high is None:
        return f"{mean:{sign}.3f} (n = {n}: too few for an interval)"
    return f"{mean:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}] (n = {n})"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], *, markdown: bool = False) -> str:
    """Text in columns: aligned for a terminal, or as a Markdown table."""
    lines = [[str(cell) for cell in row] for row in (head, *rows)]
    if markdown:
        lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
        lines.insert(1, ["---"] * len(head))
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def results_table(results: Results, *, markdown: bool = False) -> str:
    """The figures of a run as text, with all that needs to be said about them."""
    rows = [
        (name, figure(s["mean"], s["low"], s["high"], s["n"]), s["method"])
        for name, s in results["scores"].items()
    ]
    kinds = ", ".join(f"{count} {kind}" for kind, count in results["error_kinds"].items())
    cost, median = results["cost_usd"], results["latency_s"]["p50"]
    said = [
        f"{results['run']}: {results['n']} cases, {results['errors']} without an answer"
        + (f" ({kinds})" if kinds else ""),
        f"cost: {'unknown' if cost is None else f'${cost:.4f}'}; median of a case: {median:.2f} s",
        *results["notes"],
    ]
    head = ("score", "mean [95 % interval]", "method")
    return "\n".join([table(head, rows, markdown=markdown), "", *said])
