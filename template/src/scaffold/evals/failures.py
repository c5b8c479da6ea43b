"""failures.csv: what went wrong, worst first, with an empty column for its cause."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .journal import Run
from .outcome import Score
from .results import PLAIN, is_failure, names_of, worst_first


def write_failures(run: Run, scores: Mapping[str, Score]) -> None:
    """Write failures.csv; causes that were filled in before are kept."""
    path, names = run.folder / "failures.csv", names_of(run.rows)
    causes = {(row["id"], row["epoch"]): row["cause"] for row in read_failures(path)}
    primary = next(iter(names), "")
    declared = scores.get(primary, PLAIN)
    rows = [row for row in run.rows if is_failure(row, primary, declared)]
    columns = ["error_kind", "error", "input", "expected", "output"]
    with path.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "epoch", "cause", *names, *columns])
        for record in run.records(worst_first(rows, primary, declared)):
            case = (_cell(record["id"]), str(record["epoch"]))
            values = [record["scores"].get(name) for name in names]
            texts = [_cell(as_text(record[name])[:1000]) for name in columns]
            writer.writerow([*case, causes.get(case, ""), *values, *texts])


def read_failures(path: Path) -> list[dict[str, str]]:
    """Read failures.csv, also after a spreadsheet saved it with semicolons."""
    if not path.is_file():
        return []
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        return list(csv.DictReader(file, delimiter=";" if header.startswith("id;") else ","))


def as_text(value: Any) -> str:
    """Text as it is (also an object's only one), the rest as indented JSON, nothing as ''."""
    if isinstance(value, dict) and len(value) == 1:
        only = next(iter(value.values()))
        value = only if isinstance(only, str) else value
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=1)


def _cell(text: str) -> str:
    """A spreadsheet would run text that begins like a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text
