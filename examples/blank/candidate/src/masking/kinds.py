"""What still gets through, by its kind: `uv run python -m masking.kinds [results/RUN]`."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scaffold.evals import Run

from .scoring import leaks


def table(rows: Iterable[dict[str, Any]]) -> str:
    """Return, for each kind, how many values there are and how many of them can still be read."""
    values, readable = Counter[str](), Counter[str]()
    for row in rows:
        right, given = row["expected"]["text"], row["output"]["text"]
        kinds = re.findall(r"\[([A-Z]+)\]", right)  # in the order of the values
        for kind, value in zip(kinds, row["expected"]["personal"], strict=True):
            values[kind] += 1
            readable[kind] += leaks(value, given, right)
    lines = [f"| {kind} | {values[kind]} | {readable[kind]} |\n" for kind in sorted(values)]
    return "".join(["| kind | values | still readable |\n| --- | --- | --- |\n", *lines])


def main() -> None:
    """Print the table of the run that was named, else of the one handed in."""
    run = Run.read(sys.argv[1] if sys.argv[1:] else Path("results/submitted"))
    rows = run.records(run.rows)
    print(table(row for row in rows if row["expected"] and row["output"]), end="")


if __name__ == "__main__":
    main()
