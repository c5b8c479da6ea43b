"""What is made of a finished run: failures.csv, report.html, and README's block of results."""

import csv
import json
import random
import re
from collections import Counter
from collections.abc import Mapping
from io import StringIO
from math import inf
from pathlib import Path
from typing import Any

from .outcome import Score
from .results import PLAIN, Results, Row, Run, names_of, read_results
from .terminal import as_text, brief, dollars, figure, table

MOST_CASES = 5000
CALLS = 8
FIELDS = ("input", "expected", "output")


def write_report(run: Run, results: Results, scores: Mapping[str, Score]) -> None:
    """Write failures.csv and report.html, where text of a case can only ever be shown as text."""
    from jinja2 import Environment  # loaded only where a report is written
    from markupsafe import Markup

    names = names_of(run.rows)
    first = next(iter(names), "")
    sign = 1 if scores.get(first, PLAIN).higher_is_better else -1
    worth = ((row, row.scores.get(first)) for row in run.rows)
    ranked = [(row.error_kind is None, inf if v is None else sign * v, row) for row, v in worth]
    rows = shown = [row for _, _, row in sorted(ranked)]  # errors, then from bad to good
    _write_failures(run, rows, names)
    if len(rows) > MOST_CASES:
        worst = MOST_CASES * 4 // 5
        shown = rows[:worst] + random.Random(0).sample(rows[worst:], MOST_CASES - worst)
    page, css, js = (
        Path(__file__).with_name(f"report.{ending}").read_text("utf-8")
        for ending in ("html.j2", "css", "js")
    )
    flipped = results["against"].get("baseline", {"flipped": {"gained": [], "lost": []}})["flipped"]
    # The worst 400 are cut at 1 kB a field, those after them sooner: 2,000 stay below 5 MB.
    records = enumerate(zip(shown, run.records(shown), strict=True))
    cases = [_case(row, record, names, 1024 if i < 400 else 120) for i, (row, record) in records]
    data = json.dumps({"scores": names, **flipped, "cases": cases}, ensure_ascii=False)
    # Nothing in a script element may close it or open another; a lone surrogate is no UTF-8.
    data = re.sub(r"[<>&\u2028\u2029\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", data)
    html = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(page)
    about: dict[str, Any] = {"results": results, "manifest": run.manifest, "figure": figure}
    about |= {"shown": len(shown), "total": len(rows), "most": MOST_CASES}
    about |= {"primary": next(iter(results["scores"]), None), "pretty": as_text}
    text = html.render(about, css=Markup(css), js=Markup(js), data=Markup(data))
    (run.folder / "report.html").write_text(text, "utf-8", errors="replace", newline="\n")


def _case(row: Row, record: dict[str, Any], names: list[str], most: int) -> dict[str, Any]:
    """What the page shows of a case."""
    same = ("id", "epoch", "group", "split", "reviewed", "tags")
    return {
        **{name: record[name] for name in same},
        **{name: cut(record[name], most) for name in (*FIELDS, "error")},
        **{"kind": row.error_kind, "fails": row.failed, "cost": row.cost_usd},
        "scores": [row.scores.get(name) for name in names],
        "seconds": row.latency_s,
        "hidden": max(0, len(record["calls"]) - CALLS),
        "calls": [
            {name: cut(call[name] or "", most) for name in ("prompt", "reply", "tool_calls")}
            | {name: call[name] for name in ("model", "latency_s", "finish_reason", "error")}
            | {"tokens": [call["input_tokens"], call["output_tokens"]], "cost": call["cost_usd"]}
            for call in record["calls"][:CALLS]
        ],
    }


def cut(value: Any, most: int = 1024) -> str:
    """Text of at most so many characters; where it was longer, that the rest is in cases.jsonl."""
    text = as_text(value)
    more = f" … [cut: {len(text):,} characters in cases.jsonl]"
    return text if len(text) <= most else text[:most] + more


def _write_failures(run: Run, rows: list[Row], names: list[str]) -> None:
    """Write failures.csv; causes that were filled in before are kept."""
    path, columns = run.folder / "failures.csv", ["error_kind", "error", *FIELDS]
    causes = {(row["id"], row["epoch"]): row["cause"] for row in read_failures(path)}
    with path.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "epoch", "cause", *names, *columns])
        for record in run.records(row for row in rows if row.failed):
            case = (_cell(record["id"]), str(record["epoch"]))
            values = [record["scores"].get(name) for name in names]
            texts = [_cell(as_text(record[name])[:1000]) for name in columns]
            writer.writerow([*case, causes.get(case, ""), *values, *texts])


def _cell(text: str) -> str:
    """A spreadsheet would run text that begins like a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def read_failures(path: Path) -> list[dict[str, str]]:
    """Read failures.csv, also after a spreadsheet saved it with semicolons."""
    text = path.read_text("utf-8-sig") if path.is_file() else ""
    return list(csv.DictReader(StringIO(text), delimiter=";" if text.startswith("id;") else ","))


def results_block(folder: Path) -> str:
    """The results of a run as Markdown: figures, model as served, date, cost, failures."""
    results, about = read_results(folder), Run.read(folder).manifest
    differences = results["against"].get("baseline", {"scores": {}})["scores"]
    rows: list[tuple[str, ...]] = []
    for name, s in results["scores"].items():
        d = differences.get(name)
        against = figure(d["diff"], d["low"], d["high"], d["n"], "+") if d else ""
        row = (name, figure(s["mean"], s["low"], s["high"], s["n"]), against)
        rows.append(row if differences else row[:2])
    facts = (
        f"Solver {about.get('solver', 'unknown')}, {', '.join(results['models']) or 'no model'}, "
        f"{about['started'][:10]}; {results['n']} cases, {results['errors']} without an answer; "
        f"cost {dollars(results['cost_usd'])}, median {results['latency_s']['p50']:.2f} s a case."
    )
    head: tuple[str, ...] = ("score", "mean [95 % interval]")
    head += ("paired difference to the baseline",) if differences else ()
    columns, failures = ("id", "cause", *FIELDS), read_failures(folder / "failures.csv")
    causes = Counter(row["cause"] or "without a cause in failures.csv" for row in failures)
    counted = ", ".join(f"{count} {cause}" for cause, count in causes.most_common())
    report = "Every case: `results/submitted/report.html`, which opens in any browser."
    parts = [table(head, rows, markdown=True), facts, *results["notes"], report]
    parts.append(f"{len(failures)} failures{': ' if counted else ''}{counted}.")
    if failures:
        # Markdown shows the text as it is: no markup, no line break, not too long
        lines = [
            [brief(row[name], 120).replace("<", "&lt;").replace("`", "'") for name in columns]
            for row in failures[:3]
        ]
        parts.append(table(columns, lines, markdown=True))
    return "\n\n".join(parts)
