"""Runs: errors as results, resume, kill -9, full disk, Ctrl-C, and the figures they leave."""

import asyncio
import csv
import json
import os
import random
import subprocess
import sys
import textwrap
import time
import tracemalloc
from decimal import Decimal
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel, computed_field

import scaffold.evals
from scaffold.evals import (
    Case,
    CasesError,
    Outcome,
    Run,
    RunError,
    Score,
    compare,
    evaluate,
)
from scaffold.evals.publication import read_failures, results_block, results_table
from scaffold.evals.results import summarise
from scaffold.evals.terminal import progress

SOURCE = Path(scaffold.evals.__file__).parents[2]


def cases_of(n, **more):
    return [Case(str(i), {"text": f"number {i}"}, {"label": i % 2}, **more) for i in range(n)]


async def solver(case, epoch):
    await asyncio.sleep(0)
    right = int(case.id) % 5 > 0
    return Outcome({"label": int(case.id) % 2 if right else 9})


def score(case, outcome):
    return {"exact": outcome.output["label"] == case.expected["label"]}


def run(folder, cases, solve=solver, scorer=score, **more):
    return asyncio.run(evaluate(cases, solve, scorer, folder=folder, **more))


def without_times(folder):
    results = json.loads((folder / "results.json").read_text("utf-8"))
    for name in ("latency_s", "run"):
        del results[name]
    return json.dumps(results)


def test_two_cases_of_one_id_are_refused_before_anything_is_solved(tmp_path):
    """Those of files are named by their line; these come from a `cases()` that makes its own."""
    asked = []

    async def noted(case, epoch):
        asked.append(case.id)
        return await solver(case, epoch)

    with pytest.raises(CasesError, match="two cases have the same id"):
        run(tmp_path / "run", [*cases_of(3), *cases_of(1)], noted)
    assert (asked, list(tmp_path.iterdir())) == ([], [])


def test_a_run_leaves_its_five_files_and_results_that_fit_the_schema(tmp_path):
    results = run(tmp_path / "r", cases_of(20, tags=("t",)), manifest={"solver": "s"})
    names = {path.name for path in (tmp_path / "r").iterdir()}
    assert names == {"cases.jsonl", "results.json", "failures.csv", "manifest.json", "report.html"}
    exact = results["scores"]["exact"]
    assert (exact["mean"], exact["n"], exact["method"]) == (0.8, 20, "Wilson")
    schema = json.loads((SOURCE / "scaffold/evals/results.schema.json").read_text("utf-8"))
    run(tmp_path / "b", cases_of(20, tags=("t",)), baseline=tmp_path / "r")
    for folder in ("r", "b"):
        stored = json.loads((tmp_path / folder / "results.json").read_text("utf-8"))
        jsonschema.validate(stored, schema)
    assert stored["against"]["baseline"]["against"] == "r"
    stored = run(tmp_path / "c", cases_of(20), baseline=tmp_path / "no")
    assert any("No comparison with the baseline" in note for note in stored["notes"])


def test_the_manifest_says_when_a_run_ended_and_how_the_server_named_its_models(tmp_path):
    async def named(case, epoch):
        return Outcome({"label": 0}, calls=[{"model": "m-1-2026", "cost_usd": None}])

    run(tmp_path / "r", cases_of(4), named, manifest={"solver": "s"})
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text("utf-8"))
    assert manifest["models"] == ["m-1-2026"]
    assert manifest["started"] <= manifest["finished"]
    started = manifest["started"]
    run(tmp_path / "r", cases_of(6), named, resume=True)
    manifest = json.loads((tmp_path / "r" / "manifest.json").read_text("utf-8"))
    assert (manifest["started"], manifest["solver"]) == (started, "s")


def test_a_case_that_raises_exits_or_takes_too_long_is_its_own_result(tmp_path):
    async def rough(case, epoch):
        match case.id:
            case "1":
                raise ValueError("broken")
            case "2":
                sys.exit(3)
            case "3":
                await asyncio.sleep(60)
            case "4":
                raise asyncio.CancelledError
            case "5":
                return Outcome(None)
            case "6":
                return Outcome(None, "no", "Refused")
        return await solver(case, epoch)

    results = run(tmp_path / "r", cases_of(10), rough, timeout_s=0.2)
    kinds = {"ValueError", "SystemExit", "TimeoutError", "CancelledError", "NoOutput", "Refused"}
    assert results["error_kinds"] == dict.fromkeys(sorted(kinds), 1)
    assert results["errors"] == 6
    assert results["scores"]["exact"]["n"] == 10  # errors stay in the denominator
    assert results["scores"]["exact"]["mean"] == pytest.approx(0.3)
    assert "6 without an answer" in results_table(results)
    rows = list(csv.DictReader((tmp_path / "r" / "failures.csv").open(encoding="utf-8-sig")))
    assert "broken (test_evals_run.py:" in next(r["error"] for r in rows if r["id"] == "1")
    assert "it took too long (see case_s" in next(r["error"] for r in rows if r["id"] == "3")


def test_a_scorer_that_raises_or_gives_nan_is_the_cases_result(tmp_path):
    def rough(case, outcome):
        return {"exact": float("nan") if case.id == "0" else 1 / (int(case.id) - 1)}

    results = run(tmp_path / "r", cases_of(4), scorer=rough)
    assert results["error_kinds"] == {"ScoringError": 2}


def test_what_an_error_counts_as_is_declared_and_none_is_left_out(tmp_path):
    async def failing(case, epoch):
        if case.id == "0":
            raise ValueError("x")
        return Outcome("ab")

    def scorer(case, outcome):
        return {"hit": True, "edits": 2.0, "maybe": None if case.id == "1" else 1.0}

    declared = {
        "edits": Score(higher_is_better=False, on_error=10.0),
        "maybe": Score(on_error=None),
    }
    scores = run(tmp_path / "r", cases_of(4), failing, scorer, scores=declared)["scores"]
    assert scores["hit"]["mean"] == 0.75
    assert scores["edits"]["mean"] == 4.0
    assert scores["maybe"]["n"] == 2


def test_a_score_may_be_a_figure_over_all_rows(tmp_path):
    def share(rows):
        return sum(r["output"]["label"] == r["expected"]["label"] for r in rows) / len(rows)

    found = run(tmp_path / "r", cases_of(40), scores={"share": Score(summary=share)})
    entry = found["scores"]["share"]
    assert entry["mean"] == 0.8
    assert entry["low"] < 0.8 < entry["high"]
    assert "bootstrap" in entry["method"]


def test_a_figure_over_all_rows_that_is_no_number_is_no_value_and_ends_no_run(tmp_path):
    def odds(rows):  # no draw of right ones alone has them
        wrong = sum(row["failed"] for row in rows)
        return sum(row["scores"]["exact"] for row in rows) / wrong if wrong else float("nan")

    figures = {"nan": float("nan"), "inf": float("inf"), "none": None}
    scores = {name: Score(summary=partial(always, value)) for name, value in figures.items()}
    scores["odds"] = Score(summary=odds)
    results = run(tmp_path / "r", cases_of(5), scores=scores)
    assert [results["scores"][name]["mean"] for name in figures] == [None] * 3
    found = results["scores"]["odds"]
    assert (found["mean"], found["low"] is None) == (4, False)
    text = (tmp_path / "r" / "results.json").read_text("utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    again = run(tmp_path / "again", cases_of(5), scores=scores, last_run=tmp_path / "r")
    assert again["against"]["last_run"]["scores"]["odds"]["diff"] == 0


def always(value, rows):
    return value


def test_epochs_give_pass_at_k_and_pass_hat_k_and_count_cases_not_tries(tmp_path):
    async def unsteady(case, epoch):
        return Outcome({"label": case.expected["label"] if epoch < int(case.id) % 4 else 9})

    results = run(tmp_path / "r", cases_of(40), unsteady, epochs=3)
    scores = results["scores"]
    assert results["n"] == scores["exact"]["n"] == 40
    assert scores["exact"]["mean"] == pytest.approx(0.5)
    assert scores["exact pass@3"]["mean"] == 0.75
    assert scores["exact pass^3"]["mean"] == 0.25
    assert scores["exact pass@2"]["n"] == 40


def test_tags_and_splits_are_reported_and_unreviewed_cases_apart(tmp_path):
    cases = [
        Case(str(i), {}, {"label": i % 2}, (f"t{i % 3}",), f"g{i % 4}", "test" if i < 6 else "dev")
        for i in range(24)
    ] + [Case("99", {}, {"label": 1}, reviewed=False)]
    results = run(tmp_path / "r", cases)
    assert set(results["by_tag"]) == {"t0", "t1", "t2", "split: dev", "split: test", "unreviewed"}
    assert results["by_tag"]["split: test"]["exact"]["n"] == 6
    assert results["n"] == 24
    assert results["unreviewed"] == 1
    assert "4 groups" in results["scores"]["exact"]["method"]


def test_cost_is_unknown_where_one_call_has_no_price_and_never_zero(tmp_path):
    def priced(price):
        async def solve(case, epoch):
            call = {"model": "m-1", "input_tokens": 10, "output_tokens": 5, "cost_usd": price(case)}
            return Outcome({"label": 0}, calls=[call])

        return solve

    known = run(tmp_path / "a", cases_of(4), priced(lambda case: Decimal("0.1")))
    assert known["cost_usd"] == pytest.approx(0.4)
    assert known["tokens"] == {"input": 40, "output": 20, "cached": 0, "reasoning": 0}
    assert known["models"] == ["m-1"]
    partly = run(tmp_path / "b", cases_of(4), priced(lambda c: Decimal(1) if c.id != "2" else None))
    assert partly["cost_usd"] is None
    assert "cost unknown" in results_table(partly)


def test_a_resumed_run_has_the_figures_of_an_undisturbed_one(tmp_path):
    run(tmp_path / "whole", cases_of(30), epochs=2)
    run(tmp_path / "parts", cases_of(12), epochs=2)
    path = tmp_path / "parts" / "cases.jsonl"
    path.write_bytes(path.read_bytes()[:-25])  # a line that a crash cut off
    asked = []

    async def counting(case, epoch):
        asked.append((case.id, epoch))
        return await solver(case, epoch)

    run(tmp_path / "parts", cases_of(30), counting, epochs=2, resume=True)
    assert len(asked) == 37
    assert without_times(tmp_path / "parts") == without_times(tmp_path / "whole")
    asked.clear()
    run(tmp_path / "parts", cases_of(30), counting, epochs=2, resume=True)
    assert asked == []


def test_a_case_that_changed_is_run_again_on_resume(tmp_path):
    run(tmp_path / "r", cases_of(5))
    changed = [*cases_of(5)[:4], Case("4", {"text": "new"}, {"label": 1})]
    results = run(tmp_path / "r", changed, resume=True)
    assert results["n"] == 5
    run_read = Run.read(tmp_path / "r")
    assert len(run_read.rows) == 5
    (record,) = run_read.records([row for row in run_read.rows if row.id == "4"])
    assert record["input"] == {"text": "new"}


def test_causes_that_were_filled_in_outlive_a_resume(tmp_path):
    run(tmp_path / "r", cases_of(10))
    path = tmp_path / "r" / "failures.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["0", "5"]
    rows[1]["cause"] = "ambiguous; question"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")  # as some spreadsheets save it
        writer.writeheader()
        writer.writerows(rows)
    run(tmp_path / "r", cases_of(10), resume=True)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [r["cause"] for r in csv.DictReader(file)] == ["", "ambiguous; question"]


def test_a_cause_that_was_saved_in_a_spreadsheets_own_encoding_ends_no_run_and_goes_on(tmp_path):
    run(tmp_path / "r", cases_of(10))
    path = tmp_path / "r" / "failures.csv"
    text = path.read_bytes().decode("utf-8-sig").replace("5,0,,", "5,0,Prüfung – “5”,")
    path.write_bytes(text.encode("cp1252"))
    run(tmp_path / "r", cases_of(10), resume=True)
    assert [row["cause"] for row in read_failures(path)] == ["", "Prüfung – “5”"]


def test_causes_outlive_a_failures_csv_that_cannot_be_written(tmp_path, monkeypatch):
    run(tmp_path / "r", cases_of(10))
    path = tmp_path / "r" / "failures.csv"
    written = path.read_bytes().replace(b"5,0,,", b"5,0,typo,")
    path.write_bytes(written)

    def full(self, row):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv.DictWriter, "writerow", full)
    with pytest.raises(RunError, match="No space left on device"):
        run(tmp_path / "r", cases_of(10), resume=True)
    assert path.read_bytes() == written


def test_a_second_command_that_goes_on_with_a_run_stops_and_takes_no_answer_away(tmp_path):
    folder = tmp_path / "r"
    run(folder, cases_of(2))

    async def both():
        first, second = (
            evaluate(cases_of(9), slow, score, folder=folder, resume=True) for _ in "12"
        )
        return await asyncio.gather(first, second, return_exceptions=True)

    async def slow(case, epoch):
        await asyncio.sleep(int(case.id) / 50)
        return await solver(case, epoch)

    results, stopped = sorted(asyncio.run(both()), key=lambda one: isinstance(one, RunError))
    assert "another command" in str(stopped)
    assert results["n"] == len(lines(folder)) == 9
    assert sorted(json.loads(line)["id"] for line in lines(folder)) == [str(i) for i in range(9)]


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path):
    run(tmp_path / "r", cases_of(2))
    with pytest.raises(RunError, match="--resume r"):
        run(tmp_path / "r", cases_of(2))
    with pytest.raises(RunError, match=r"no cases\.jsonl"):
        Run.read(tmp_path / "nothing")


def test_concurrency_is_bounded_and_used(tmp_path):
    now, most = 0, 0

    async def busy(case, epoch):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return Outcome({"label": 0})

    run(tmp_path / "r", cases_of(40), busy, concurrency=7)
    assert most == 7


def test_ctrl_c_reports_what_is_finished_and_a_resume_completes_it(tmp_path):
    eight = None

    async def slow(case, epoch):
        if int(case.id) >= 8:
            eight.set()
            await asyncio.sleep(60)
        return await solver(case, epoch)

    async def interrupted():
        nonlocal eight
        eight = asyncio.Event()
        task = asyncio.create_task(
            evaluate(cases_of(20), slow, score, folder=tmp_path / "r", concurrency=4)
        )
        await eight.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        return await task

    results = asyncio.run(interrupted())
    assert results["n"] == 8
    assert "12 of 20 did not run: it was interrupted" in results["notes"][0]
    assert (tmp_path / "r" / "report.html").is_file()
    run(tmp_path / "r", cases_of(20), resume=True)
    run(tmp_path / "whole", cases_of(20))
    assert without_times(tmp_path / "r") == without_times(tmp_path / "whole")


def lines(folder):
    return (folder / "cases.jsonl").read_bytes().splitlines()


def size_of(folder):
    path = folder / "cases.jsonl"
    return path.stat().st_size if path.exists() else 0


CHILD = """
import asyncio, random, resource, sys
from pathlib import Path
from scaffold.evals import Case, Outcome, RunError, evaluate

async def solve(case, epoch):
    await asyncio.sleep(random.Random(case.id).random() * 0.1)
    return Outcome({"label": int(case.id) % 3, "pad": "x" * 200})

def score(case, outcome):
    return {"exact": outcome.output["label"] == 0}

cases = [Case(str(i), {"i": i}, {"label": 0}) for i in range(2000)]
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
options = {"concurrency": 50, "resume": True}
try:
    asyncio.run(evaluate(cases, solve, score, folder=Path(sys.argv[1]), **options))
except RunError as error:
    sys.exit(f"takehome: {error}")
"""


def child(tmp_path, folder, *arguments):
    script = tmp_path / "child.py"
    script.write_text(textwrap.dedent(CHILD), "utf-8")
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def finished(process):
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_at_any_moment_nothing_is_lost_and_nothing_twice(tmp_path):
    assert finished(child(tmp_path, tmp_path / "whole"))[0] == 0
    source = random.Random(1)
    for _ in range(30 if os.environ.get("TAKEHOME_LONG") else 3):
        process = child(tmp_path, tmp_path / "killed")
        before = size_of(tmp_path / "killed")
        while process.poll() is None and size_of(tmp_path / "killed") <= before:
            time.sleep(0.005)
        time.sleep(source.random() * 0.02)
        process.kill()
        assert finished(process)[0] != 0  # it was killed before its end
        assert len(lines(tmp_path / "killed")) < 2000
    assert finished(child(tmp_path, tmp_path / "killed")) == (0, "")
    keys = [(r["id"], r["epoch"]) for r in map(json.loads, lines(tmp_path / "killed"))]
    assert len(keys) == len(set(keys)) == 2000
    assert without_times(tmp_path / "killed") == without_times(tmp_path / "whole")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a file-size limit")
def test_a_full_disk_ends_in_a_sentence_and_the_run_goes_on_later(tmp_path):
    code, said = finished(child(tmp_path, tmp_path / "r", "50000"))
    assert code == 1
    assert said.startswith("takehome: ")
    assert "make room, then go on with --resume r" in said
    assert "Traceback" not in said
    assert 0 < len(lines(tmp_path / "r")) < 2000
    assert finished(child(tmp_path, tmp_path / "r")) == (0, "")
    assert len(lines(tmp_path / "r")) == 2000


def test_a_pipe_gets_plain_lines_with_score_interval_cost_and_time_left(tmp_path, capsys):
    with progress(every_s=0) as show:
        run(tmp_path / "r", cases_of(30), concurrency=3, on_progress=show)
    shown = capsys.readouterr().err.splitlines()
    assert "30/30 done" in shown[-1]
    assert "exact 0.800 [" in shown[-1]
    assert "(n = 30)" in shown[-1]
    assert len(shown) == len(set(shown))  # each state once
    assert sum("30/30" in line for line in shown) == 1
    assert any("s left" in line for line in shown)
    assert "\x1b" not in "".join(shown)


def test_a_terminal_of_80_columns_has_room_for_the_time_left(tmp_path, capsys, monkeypatch):
    run(tmp_path / "r", cases_of(30), scorer=lambda c, o: {"exact": True})
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress() as show:
        show(Run.read(tmp_path / "r").rows, 2000)
    shown = capsys.readouterr().err.split("\r")[1]
    assert "30/2000 done, " in shown
    assert "s left" in shown
    assert "exact 1.000 [0.886, 1.000]" in shown[:79]


def test_in_a_pipe_the_last_state_is_printed_once_however_many_workers_tell_it(tmp_path, capsys):
    run(tmp_path / "r", cases_of(3))
    with progress(every_s=0) as show:
        for _ in range(3):
            show(Run.read(tmp_path / "r").rows, 3)
    assert capsys.readouterr().err.count("3/3 done") == 1


def test_any_output_can_be_kept(tmp_path):
    class Odd:
        def __repr__(self):
            return "<odd>"

    values = [
        "\ud800",
        b"\xff\x00",
        {1, 2},
        Odd(),
        float("inf"),
        "\u2028\x00",
        {"a": Decimal("1.5")},
    ]

    async def odd(case, epoch):
        return Outcome(values[int(case.id)])

    results = run(tmp_path / "r", cases_of(len(values)), odd, lambda case, outcome: {"ok": True})
    assert results["errors"] == 0
    assert len(Run.read(tmp_path / "r").rows) == len(values)


def test_an_output_that_no_json_can_hold_is_its_cases_error_and_its_calls_are_kept(tmp_path):
    class Raises(BaseModel):
        @computed_field
        @property
        def total(self) -> int:
            raise LookupError("no total")

    class NoRepr:
        def __repr__(self):
            raise LookupError("no repr")

    circle, deep = [], []
    circle.append(circle)
    for _ in range(2000):
        deep = [deep]
    values = [circle, 10**5000, deep, Raises(), NoRepr()]

    async def odd(case, epoch):
        call = {"model": "m", "cost_usd": 0.5, "prompt": "p"}
        if case.id == "5":  # nor what answers in the model's place
            return Outcome(None, "no", "Refused", [call], fallback=circle)
        return Outcome([*values, None, "fine"][int(case.id)], calls=[call])

    results = run(tmp_path / "r", cases_of(7), odd, lambda case, outcome: {"ok": True})
    assert (results["errors"], results["scores"]["ok"]["mean"]) == (6, pytest.approx(1 / 7))
    assert results["cost_usd"] == 3.5
    rows = list(map(json.loads, (tmp_path / "r" / "cases.jsonl").open(encoding="utf-8")))
    errors = " ".join(row["error"] for row in rows if row["error_kind"])
    assert errors.count("Circular reference") == 2
    assert "Exceeds the limit (4300 digits)" in errors
    assert "no total (test_evals_run.py:" in errors
    assert [row["scores"] for row in rows if not row["error_kind"]] == [{"ok": 1.0}]
    again = run(tmp_path / "r", cases_of(7), odd, lambda case, outcome: {"ok": True}, resume=True)
    assert again["errors"] == 6


def test_importing_the_harness_loads_neither_rich_nor_jinja():
    code = "import sys, scaffold.evals; print(*{'rich', 'jinja2', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.strip() == ""


def line_of(i):
    """A finished case as it is read back, with numbers of its own wherever there may be some."""
    record = {"id": f"case-{i}", "epoch": 0, "sha": f"{i:016x}", "cluster": f"case-{i}"}
    record |= {"tags": ["long", "german"], "split": "dev", "reviewed": True, "judge": None}
    record |= {"scores": {"exact": i % 2, "f1": i / 7}, "failed": not i % 2, "error_kind": None}
    record |= {"tokens": [i + 300, i % 90 + 300, 0, 0], "cost_usd": i / 1e6, "models": ["m-1-2026"]}
    return json.loads(json.dumps(record | {"latency_s": i / 1e3}))


def test_a_finished_case_is_held_in_less_than_a_kilobyte_also_while_it_is_summed_up(tmp_path):
    run_read, n = Run(tmp_path), 5_000
    tracemalloc.start()
    for i in range(n):
        run_read.add(line_of(i), 1)
    held, _ = tracemalloc.get_traced_memory()
    summarise(run_read, {}, n)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / n < 300
    assert peak / n < 1000


def test_a_run_and_the_one_it_is_held_against_take_less_than_a_kilobyte_a_case(tmp_path):
    n, lines = 10_000, [json.dumps(line_of(i)) for i in range(10_000)]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "manifest.json").write_text("{}", "utf-8")
    del lines
    tracemalloc.start()
    found = compare(tmp_path, Run.read(tmp_path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["scores"]["f1"]["n"] == n
    assert peak / n < 1000


def test_no_cases_make_a_report_without_figures(tmp_path):
    results = run(tmp_path / "r", [])
    assert results["n"] == 0
    assert results["scores"] == {}
    assert (tmp_path / "r" / "report.html").is_file()


def test_a_spreadsheet_gets_no_formula_and_no_row_is_torn(tmp_path):
    texts = ["=1+1", "@x", "a\u2028b", 'two\nlines, quoted "so"']
    cases = [Case(text, {"text": text}, {"label": 1}) for text in texts]

    async def wrong(case, epoch):
        return Outcome({"label": 9})

    run(tmp_path / "r", cases, wrong)
    rows = read_failures(tmp_path / "r" / "failures.csv")
    assert [row["id"] for row in rows] == ["'=1+1", "'@x", texts[2], texts[3]]
    assert "4 failures" in results_block(tmp_path / "r")
    run(tmp_path / "r", cases, wrong, resume=True)
    assert read_failures(tmp_path / "r" / "failures.csv") == rows


def test_a_spent_budget_is_no_cases_result_and_a_resume_runs_the_rest(tmp_path):
    class BudgetExceeded(Exception):
        """As the client raises it; the harness knows it by its name."""

    left = [3]

    async def dear(case, epoch):
        left[0] -= 1
        if left[0] < 0:
            raise BudgetExceeded("0.50 US dollars are spent.")
        return await solver(case, epoch)

    first = run(tmp_path / "r", cases_of(10), dear, concurrency=2)
    assert (first["n"], first["errors"]) == (3, 0)
    assert "7 of 10 did not run" in first["notes"][0]
    left[0] = 100
    second = run(tmp_path / "r", cases_of(10), dear, resume=True)
    assert (second["n"], second["errors"], second["notes"]) == (10, 0, [])


def test_without_the_optional_module_a_summary_is_an_error_at_once_and_epochs_are_not(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "scaffold.evals.summaries", None)  # as where it is absent
    with pytest.raises(RunError, match=r"copier update -d 'parts=\[summaries\]'"):
        run(tmp_path / "r", cases_of(4), scores={"share": Score(summary=lambda rows: 1.0)})
    assert not (tmp_path / "r").exists()
    assert list(run(tmp_path / "r", cases_of(4), epochs=2)["scores"]) == ["exact"]
