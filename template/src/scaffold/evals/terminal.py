"""Figures as text, and what a run shows while it goes, on a terminal or in a pipe."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .outcome import Score
from .results import Row, cost_of, mean_of, names_of


@contextmanager
def progress(
    scores: Mapping[str, Score] = {}, every_s: float = 5.0
) -> Generator[Callable[[Sequence[Row], int], None]]:
    """Give an `on_progress`: one line that changes on a terminal, a line now and then in a pipe."""
    terminal, begun = sys.stderr.isatty(), time.monotonic()
    first, told, due, latest = 0, 0, 0.0, None

    def show(rows: Sequence[Row], total: int, last: bool = False) -> None:
        nonlocal first, told, due, latest
        latest, done, now = (rows, total), len(rows), time.monotonic()
        first = first or done  # those before it were resumed
        if done > told if last else done > told and now >= due:
            errors = sum(row.error_kind is not None for row in rows)
            line = f"{done}/{total} done · {errors} errors · cost {dollars(cost_of(rows))}"
            for name in names_of(rows[:100])[:1]:
                line += f" · {name} {figure(mean_of(rows, name, scores))}"
            if done < total:
                left_s = (now - begun) / (done - first + 1) * (total - done)
                line += f" · {left_s:.0f} s left"
            width = shutil.get_terminal_size().columns - 1
            text = "\r" + line[:width].ljust(width) if terminal else line + "\n"
            print(text, end="", file=sys.stderr, flush=True)
            # A tenth of the time at most goes into this, however many cases there are.
            due = now + max(0.2 if terminal else every_s, 10 * (time.monotonic() - now))
            told = done

    try:
        yield show
    finally:
        if latest:
            show(*latest, last=True)
            print(end="\n" if terminal else "", file=sys.stderr)


def figure(of: Mapping[str, Any], name: str = "mean", sign: str = "") -> str:
    """A mean (of A, of B, a difference) as it may be printed: never without its interval and n."""
    low, high = (of.get(f"{name}_{end}", of[end]) for end in ("low", "high"))
    if of[name] is None:
        return f"no value (n = {of['n']})"
    ends = "" if low is None else f" [{low:{sign}.3f}, {high:{sign}.3f}]"
    return (
        f"{of[name]:{sign}.3f}{ends} (n = {of['n']}{'' if ends else ': too few for an interval'})"
    )


def dollars(cost: float | None) -> str:
    """A cost as it may be printed."""
    return "unknown" if cost is None else f"${cost:.4f}"


def as_text(value: Any) -> str:
    """Text as it is (also an object's only one), the rest as indented JSON, nothing as ''."""
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
