"""Which label is taken for which, by class and with intervals: `python -m` this, [RUN]."""

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scaffold.evals import Run
from scaffold.evals.stats import estimate
from scaffold.evals.terminal import figure

from .scoring import NO_ANSWER, given, wanted


def tables(rows: list[dict[str, Any]]) -> str:
    """Return the confusion matrix, a row for each right label, and the figures of each class."""
    counts = Counter((wanted(row), given(row)) for row in rows)
    classes = sorted({label for pair in counts for label in pair})
    lines = _row("right \\ given", *classes) + _row(*["---"] * (len(classes) + 1))
    for label in sorted({label for label, _ in counts}):
        lines += _row(label, *(str(counts[label, other]) for other in classes))
    lines += "\n" + _row("class", "recall", "precision") + _row("---", "---", "---")
    for label in (label for label in classes if label != NO_ANSWER):
        recall = _share([row for row in rows if wanted(row) == label])
        precision = _share([row for row in rows if given(row) == label])
        lines += _row(label, recall, precision)
    return lines


def _share(rows: list[dict[str, Any]]) -> str:
    right = [float(wanted(row) == given(row)) for row in rows]
    return figure(asdict(estimate(right, [row["cluster"] for row in rows])))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def main() -> None:
    """Print the tables of the run that was named, else of the newest, else of what is handed in."""
    runs = ["submitted", *sorted(run.name for run in Path().glob("results/2*")), *sys.argv[1:]]
    folder = Path("results", Path(runs[-1]).name)
    if not (folder / "cases.jsonl").is_file():
        sys.exit(f"There is no run {folder.name} in results/: `takehome eval` makes one.")
    run = Run.read(folder)
    labelled = [row for row in run.records(run.rows) if row["expected"]]
    print(f"{run.folder.name}\n\n{tables(labelled)}", end="")


if __name__ == "__main__":
    main()
