"""Figures as text, and what a run shows while it goes, on a terminal or in a pipe."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .outcome import Score
from .results import Row, cost_of, judge_of, mean_of, names_of


@contextmanager
def progress(
    scores: Mapping[str, Score] = {}, every_s: float = 5.0
) -> Generator[Callable[[Sequence[Row], int], None]]:
    """Give an `on_progress`: one line that changes on a terminal, a line now and then in a pipe."""
    terminal, begun, due = sys.stderr.isatty(), time.monotonic(), 0.0
    first, latest = 0, None

    def show(rows: Sequence[Row], total: int, last: bool = False) -> None:
        nonlocal due, first, latest
        latest, first, now = (rows, total), first or len(rows), time.monotonic()
        if not last and (now < due or len(rows) == total):
            return
        errors = sum(row.error_kind is not None for row in rows)
        line = f"{len(rows)}/{total} done"
        if left := total - len(rows):  # those before the first were resumed
            line += f", {(now - begun) / (len(rows) - first + 1) * left:.0f} s left"
        line += f" · {errors} errors · cost {dollars(cost_of(rows))}"
        if judge := judge_of(rows):
            line += f" + {dollars(judge['cost_usd'])} judge"
        for name in names_of(rows[:100])[:1]:
            line += f" · {name} {figure(mean_of(rows, name, scores))}"
        width = shutil.get_terminal_size().columns - 1
        text = f"\r{line[:width]:{width}}" if terminal else line
        print(text, end="" if terminal and not last else "\n", file=sys.stderr, flush=True)
        # A tenth of the time at most goes into this, however many cases there are.
        due = now + max(0.2 if terminal else every_s, 10 * (time.monotonic() - now))

    try:
        yield show
    finally:
        if latest:
            show(*latest, last=True)


def figure(of: Mapping[str, Any], sign: str = "") -> str:
    """A mean or a difference as it may be printed: never without its interval and n."""
    if of["mean"] is None:
        return f"no value (n = {of['n']})"
    if of["low"] is None:
        return f"{of['mean']:{sign}.3f} (n = {of['n']}: too few for an interval)"
    return f"{of['mean']:{sign}.3f} [{of['low']:{sign}.3f}, {of['high']:{sign}.3f}] (n = {of['n']})"


def dollars(cost: float | None) -> str:
    """A cost as it may be printed."""
    return "unknown" if cost is None else f"${cost:.4f}"


def as_text(value: Any) -> str:
    """Text as it is (also an object's only one), the rest as indented JSON, nothing as ''."""
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=1)
