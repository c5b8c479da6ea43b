"""What is made of finished runs: failures.csv, report.html, and Markdown by the templates here."""

import csv
import json
import random
from collections import Counter
from collections.abc import Iterable
from io import StringIO
from math import inf
from pathlib import Path
from typing import Any

from .results import PLAIN, Results, Row, Run, Scores, names_of
from .terminal import as_text, dollars, figure

MOST_CASES, CALLS = 5000, 8  # in the report; and calls of a case
TEXTS = ("error", "input", "expected", "output")


def filled(template: str, **about: Any) -> str:
    """Fill in a template of this folder; in HTML all text is escaped."""
    from jinja2 import Environment, FileSystemLoader  # loaded only where something is written

    made = Environment(loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True)
    made.lstrip_blocks, made.autoescape = True, template.endswith("html.j2")
    made.filters |= {"figure": figure, "dollars": dollars, "as_text": as_text, "cell": _cell}
    return made.get_template(template).render(about)


def _cell(value: Any) -> str:
    line = " ".join(as_text(value).split())  # no markup, in one line, not too long
    line = line if len(line) <= 100 else line[:99] + "…"
    return line.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def write_report(run: Run, results: Results, scores: Scores) -> None:
    """Write failures.csv and report.html, both with the worst first: errors, then low scores."""
    names = names_of(run.rows)
    primary = next(iter(names), "")
    sign = 1 if scores.get(primary, PLAIN).higher_is_better else -1

    def rank(row: Row) -> tuple[bool, float, Row]:
        value = row.scores.get(primary)
        return row.error_kind is None, inf if value is None else sign * value, row

    rows = shown = sorted(run.rows, key=rank)
    _write_failures(run, (row for row in rows if row.failed), names)
    if len(rows) > MOST_CASES:
        worst = MOST_CASES * 4 // 5
        shown = rows[:worst] + random.Random(0).sample(rows[worst:], MOST_CASES - worst)
    # The worst 400 are cut at 1 kB a field, those after them sooner: 2,000 stay below 5 MB.
    cases = [_shown(r, 1024 if at < 400 else 120) for at, r in enumerate(run.records(shown))]
    about = {"results": results, "manifest": run.manifest, "names": names, "cases": cases}
    page = filled("report.html.j2", total=len(rows), most=MOST_CASES, **about)
    (run.folder / "report.html").write_text(page, "utf-8", errors="replace", newline="\n")


def _shown(record: dict[str, Any], most: int) -> dict[str, Any]:
    record["hidden"] = len(record["calls"][CALLS:])
    record["calls"] = record["calls"][:CALLS]
    for call in record["calls"]:
        call |= {name: cut(call.get(name), most) for name in ("prompt", "reply", "tool_calls")}
    return record | {name: cut(record[name], most) for name in TEXTS}


def cut(value: Any, most: int = 1024) -> str:
    """Text of at most so many characters; where it was longer, that the rest is in cases.jsonl."""
    text = as_text(value)
    more = f" … [cut: {len(text):,} characters in cases.jsonl]"
    return text if len(text) <= most else text[:most] + more


def _write_failures(run: Run, rows: Iterable[Row], names: list[str]) -> None:
    path, texts = run.folder / "failures.csv", ("id", "error_kind", *TEXTS)
    causes = {(row["id"], row["epoch"]): row["cause"] for row in read_failures(path)}
    with path.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        columns = ["id", "epoch", "cause", *names, *texts[1:]]
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for record in run.records(rows):
            row = record | record["scores"] | {n: as_text(record[n])[:1000] for n in texts}
            # A spreadsheet would run text that begins like a formula.
            row |= {n: f"'{row[n]}" for n in texts if row[n].startswith(tuple("=+-@\t\r"))}
            writer.writerow(row | {"cause": causes.get((row["id"], str(row["epoch"])), "")})


def read_failures(path: Path) -> list[dict[str, str]]:
    """Read failures.csv, also after a spreadsheet saved it with semicolons."""
    text = path.read_text("utf-8-sig") if path.is_file() else ""
    return list(csv.DictReader(StringIO(text), delimiter=";" if text.startswith("id;") else ","))


def results_table(results: Results) -> str:
    """The figures of a run with all that needs to be said about them, as Markdown."""
    return filled("results.md.j2", results=results)


def results_block(folder: Path) -> str:
    """The same for README, with the solver, the date, counted causes and three failures."""
    files = {name: (folder / f"{name}.json").read_text("utf-8") for name in ("results", "manifest")}
    about = {name: json.loads(text) for name, text in files.items()}
    failures = read_failures(folder / "failures.csv")
    causes = Counter(row["cause"] or "without a cause in failures.csv" for row in failures)
    return filled("results.md.j2", failures=failures, causes=causes.most_common(), **about)
