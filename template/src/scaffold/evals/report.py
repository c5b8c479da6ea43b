"""report.html: one file that opens from disk, with the figures first and the worst cases next."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from .failures import as_text
from .journal import Row, Run
from .outcome import Score
from .results import PLAIN, Results, is_failure, names_of, worst_first
from .terminal import figure

MOST_CASES = 5000
FIELD_BYTES = 1024
FULL_BYTES = 1_600_000  # of case data; what comes after it, less bad, is cut shorter
SHORT_BYTES = 120
CALLS = 8


def write_report(run: Run, results: Results, scores: Mapping[str, Score]) -> None:
    """Write report.html into the run's folder; text from cases can only ever be shown as text."""
    from jinja2 import Environment
    from markupsafe import Markup

    parts = {name: files("scaffold.evals").joinpath(name).read_text("utf-8") for name in _PARTS}
    names = names_of(run.rows)
    primary = next(iter(names), None)
    declared = scores.get(primary or "", PLAIN)
    rows = worst_first(run.rows, primary, declared)
    shown = rows
    if len(rows) > MOST_CASES:
        worst = MOST_CASES * 4 // 5
        shown = rows[:worst] + random.Random(0).sample(rows[worst:], MOST_CASES - worst)
    against = results["against"].get("baseline", {"flipped": {"gained": [], "lost": []}})
    data = {
        "scores": names,
        "gained": against["flipped"]["gained"],
        "lost": against["flipped"]["lost"],
        "cases": _cases(run, shown, names, declared),
    }
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        parts["report.html.j2"]
    )
    text = page.render(
        results=results,
        manifest=run.manifest,
        primary=next(iter(results["scores"]), None),
        shown=len(shown),
        total=len(rows),
        most=MOST_CASES,
        figure=figure,
        pretty=as_text,
        css=Markup(parts["report.css"]),
        js=Markup(parts["report.js"]),
        data=Markup(script_json(data)),
    )
    path = run.folder / "report.html"
    path.write_text(text, "utf-8", errors="replace", newline="\n")


_PARTS = ("report.html.j2", "report.css", "report.js")


def script_json(data: Any) -> str:
    """JSON that can stand inside a script element: nothing in it can close or open a tag."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", text)


def _cases(run: Run, rows: list[Row], names: list[str], declared: Score) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = []
    size, primary = 0, next(iter(names), None)
    for row, record in zip(rows, run.records(rows), strict=True):
        most = FIELD_BYTES if size < FULL_BYTES else SHORT_BYTES
        case: dict[str, Any] = {
            "id": cut(row.id, 200),
            "fails": is_failure(row, primary, declared),
            **{name: record[name] for name in ("epoch", "group", "split", "reviewed", "tags")},
            "scores": [row.scores.get(name) for name in names],
            "kind": row.error_kind,
            "error": cut(record["error"], most),
            "cost": None if row.cost_usd is None else float(row.cost_usd),
            "seconds": row.latency_s,
            "hidden": max(0, len(record["calls"]) - CALLS),
        }
        case |= {name: cut(record[name], most) for name in ("input", "expected", "output")}
        case["calls"] = [
            {name: cut(call[name] or "", most) for name in ("prompt", "reply", "tool_calls")}
            | {name: call[name] for name in ("model", "latency_s", "finish_reason", "error")}
            | {"tokens": [call["input_tokens"], call["output_tokens"]], "cost": call["cost_usd"]}
            for call in record["calls"][:CALLS]
        ]
        size += len(json.dumps(case, ensure_ascii=False))
        result.append(case)
    return result


def cut(value: Any, most: int = FIELD_BYTES) -> str:
    """Text of at most so many bytes; where it was longer, how long it is in cases.jsonl."""
    text = as_text(value)
    data = text.encode(errors="surrogatepass")
    if len(data) <= most:
        return text
    kept = data[:most].decode(errors="ignore")
    return f"{kept} … [cut: {len(data):,} bytes in cases.jsonl]"
