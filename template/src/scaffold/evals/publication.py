"""What people read of finished runs: report.html, failures.csv, Markdown by the templates here."""

import csv
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from .results import PLAIN, Results, Row, Run, RunError, Scores, names_of
from .terminal import as_text, dollars, figure

MOST_CASES = 5000  # in the report; 2,000 stay below 5 MB, and the worst have most of that:
SIZES = ((1024, 8, 1750), (120, 8, 1000), (40, 0, 0))  # characters, calls, bytes for each after it
TEXTS, SAID = ("error", "input", "expected", "output"), ("prompt", "reply", "tool_calls")


def cut(value: Any, most: int = 1024) -> str:
    """Text of at most so many characters; where it was longer, that the rest is in cases.jsonl."""
    text = as_text(value)
    if len(text) > most and isinstance(value, dict):  # a long field would hide the short ones
        text = as_text(dict(sorted(value.items(), key=lambda field: len(as_text(field[1])))))
    more = f" … [cut: {len(text):,} characters in cases.jsonl]"
    return text if len(text) <= most else text[:most] + more


def _cell(value: Any) -> str:
    """A cell of a Markdown table: no markup, one line, not too long."""
    line = " ".join(as_text(value).split())
    line = line if len(line) <= 100 else line[:99] + "…"
    return line.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def filled(template: str, **about: Any) -> str:
    """Fill in a template of this folder; in HTML all text is escaped."""
    from jinja2 import Environment, FileSystemLoader  # loaded only where something is written

    made = Environment(loader=FileSystemLoader(Path(__file__).parent), trim_blocks=True)
    made.lstrip_blocks, made.autoescape = True, template.endswith("html.j2")
    made.filters |= {"figure": figure, "dollars": dollars, "as_text": as_text, "cell": _cell}
    return made.get_template(template).render(about)


def write_report(run: Run, results: Results, scores: Scores) -> None:
    """Write failures.csv and report.html, both with the worst first: errors, then low scores."""
    from jinja2.utils import htmlsafe_json_dumps

    names = names_of(run.rows)
    primary = next(iter(names), "")
    sign = 1 if scores.get(primary, PLAIN).higher_is_better else -1

    def worth(row: Row) -> tuple[bool, float]:
        return row.error_kind is None, sign * (row.score(primary) or 0.0)

    rows = shown = sorted(run.rows, key=worth)
    _write_failures(run, (row for row in rows if row.failed), names)
    if len(rows) > MOST_CASES:
        worst = MOST_CASES * 4 // 5
        shown = rows[:worst] + random.Random(0).sample(rows[worst:], MOST_CASES - worst)
    cases, room = list[str](), 2100 * max(2000, len(shown))
    for case in run.records(shown):
        if other := case.pop("fallback", None):
            case |= {"output": other, "error": f"{case['error']}\nThe output is the fallback's."}
        asked = case.pop("judge_calls", [])
        judging = [call | {"model": f"{call['model']}, judging"} for call in asked]
        for most, first, each in SIZES:
            calls = [*case["calls"][:first], *judging[:first]]
            short = case | {name: cut(case[name], most) for name in TEXTS}
            short["hidden"] = len(case["calls"]) + len(judging) - len(calls)
            short["calls"] = [c | {name: cut(c.get(name), most) for name in SAID} for c in calls]
            text = htmlsafe_json_dumps(short, ensure_ascii=False)
            after = room - len(text.encode(errors="backslashreplace"))
            if after >= each * (len(shown) - len(cases) - 1):
                break
        room = after
        cases.append(text)
    about = {"results": results, "manifest": run.manifest, "names": names, "cases": cases}
    page = filled("report.html.j2", total=len(rows), most=MOST_CASES, **about)
    (run.folder / "report.html").write_text(page, "utf-8", errors="backslashreplace", newline="\n")


def _write_failures(run: Run, rows: Iterable[Row], names: list[str]) -> None:
    path, texts = run.folder / "failures.csv", ("id", "error_kind", *TEXTS)
    # A cause goes on as long as the case fails with the same output: from what was submitted, from
    # the last run, from this one before it was resumed.
    earlier = sorted(run.folder.parent.glob("2*/failures.csv"))[-2:]
    causes = {
        (row.get("id"), row.get("epoch"), row.get("output")): row["cause"]
        for file in (path.parents[1] / "submitted" / path.name, *earlier, path)
        for row in read_failures(file)
        if row["cause"]
    }
    half = path.with_suffix(".part")  # until it is whole: the file there may hold new causes
    with half.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as file:
        columns = ["id", "epoch", "cause", *names, *texts[1:]]
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for record in run.records(rows):
            row = record | record["scores"] | {n: as_text(record[n])[:1000] for n in texts}
            # A spreadsheet would run text that begins like a formula.
            row |= {n: f"'{row[n]}" for n in texts if row[n].startswith(tuple("=+-@\t\r"))}
            same = (row["id"], str(row["epoch"]), row["output"])
            writer.writerow(row | {"cause": causes.get(same, "")})
    half.replace(path)


def read_failures(path: Path) -> list[dict[str, str]]:
    """Read failures.csv, also after a spreadsheet saved it with semicolons, or as Windows-1252."""
    try:
        text = path.read_text("utf-8-sig") if path.is_file() else ""
    except UnicodeDecodeError:
        text = path.read_text("cp1252", "replace")
    rows = csv.DictReader(StringIO(text), restval="", delimiter=";" if text[:3] == "id;" else ",")
    return [{"cause": "", **row} for row in rows]


def results_table(results: Results) -> str:
    """The figures of a run with all that needs to be said about them, as Markdown."""
    return filled("results.md.j2", results=results)


def results_block(folder: Path) -> str:
    """The same for README, with the solver, the date, counted causes and a failure of each."""
    about = {n: json.loads((folder / f"{n}.json").read_bytes()) for n in ("results", "manifest")}
    failures = read_failures(folder / "failures.csv")
    counts = Counter(row["cause"] for row in failures)
    worst = {row["cause"]: row for row in reversed(failures)}  # they begin with the worst
    shown = [worst[cause] for cause in sorted(counts, key=lambda c: (not c, -counts[c]))]
    others = [row for row in failures if row not in shown]
    about |= {"failures": failures, "causes": counts.most_common(), "shown": [*shown, *others][:3]}
    return filled("results.md.j2", **about)


def gate(found: Results, names: Sequence[str] = (), margin: float = 0.0) -> tuple[bool, str]:
    """Whether no 95 % interval (of `names`, else all) lies beyond a loss of `margin`; and why."""
    if unknown := set(names) - set(found["scores"]):
        raise RunError(f"no score {', '.join(unknown)}; there is: {', '.join(found['scores'])}")
    # Of all scores, those that no case of either run has (as nothing was to be graded) say nothing.
    chosen = {n: d for n, d in found["scores"].items() if (n in names if names else d["n"])}
    lost = [n for n, d in chosen.items() if d["at_best"] is not None and d["at_best"] < -margin]
    known = bool(chosen) and all(d["diff"] is not None for d in chosen.values())
    return known and not lost, filled("gate.j2", chosen=chosen, lost=lost, margin=margin).strip()


def as_markdown(found: Results, a: Path | str, b: Path | str) -> str:
    """A comparison as Markdown: a table of scores, then what flipped, with both outputs."""
    flipped = {*found["flipped"]["gained"], *found["flipped"]["lost"]}
    outputs = list[dict[str, Any]]()
    for run in (Run.read(a), Run.read(b)):
        # The last one of a case counts: the first of its epochs that ran.
        records = run.records(row for row in reversed(run.rows) if row.id in flipped)
        outputs.append({r["id"]: r["error_kind"] or r["output"] for r in records})
    return filled("compare.md.j2", found=found, a=outputs[0], b=outputs[1])
