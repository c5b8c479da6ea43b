"""How many judged pairs a decision needs: `uv run python -m better_answer.pairs [results/RUN]`.

The standard error of kappa falls with the root of the number of pairs. What is printed is an
estimate from one run, by the formula of `scaffold.evals.agree.kappa`: it takes pairs as independent,
and pairs of one topic are not, so that it is the least that is needed.
"""

from __future__ import annotations

import sys
from math import ceil
from pathlib import Path

from scaffold.evals import Run
from scaffold.evals.agree import kappa

HALF_WIDTHS = (0.2, 0.1, 0.05)  # of the 95 % interval
Z = 1.96


def pairs_needed(n: int, standard_error: float, half_width: float) -> int:
    """Return the number of pairs at which the interval is kappa plus or minus `half_width`."""
    return ceil(n * (Z * standard_error / half_width) ** 2)


def main() -> None:
    """Print kappa of the run that was named, else of the one handed in, and the pairs needed."""
    run = Run.read(sys.argv[1] if sys.argv[1:] else Path("results/submitted"))
    rows = [row for row in run.records(run.rows) if row["expected"] and row["output"]]
    people, judge = ([row[side]["verdict"] for row in rows] for side in ("expected", "output"))
    found = kappa(people, judge)
    if found.mean is None or not found.se:
        sys.exit(f"No kappa in {run.folder}: people or judge have said one thing only.")
    print(f"kappa {found.mean:.3f}, standard error {found.se:.3f} (n = {found.n} pairs)")
    for half_width in HALF_WIDTHS:
        print(f"within {half_width:g}: {pairs_needed(found.n, found.se, half_width)} pairs")


if __name__ == "__main__":
    main()
