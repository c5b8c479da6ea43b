"""Two runs, paired: flips, differences, the gate; and what is published of a run."""

import asyncio
import csv
import json
import re

import numpy as np
import pytest
from scipy import stats as scipy_stats

from scaffold.evals import Case, Outcome, RunError, Score, as_markdown, compare, evaluate, gate
from scaffold.evals.publication import read_failures, results_block, results_table


def make(folder, answers, *, expected=1, scores=None, name="exact", group=None, at=0, **more):
    """A run whose case i answered answers[i]; an exception is raised. Ids begin with `at`."""
    cases = [
        Case(str(at + i), {"i": i}, expected, group=group(i) if group else None)
        for i in range(len(answers))
    ]

    async def solve(case, epoch):
        answer = answers[int(case.id) - at]
        if isinstance(answer, Exception):
            raise answer
        return Outcome(answer)

    def score(case, outcome):
        hit = outcome.output == case.expected
        return {name: hit if name == "exact" else outcome.output}

    asyncio.run(evaluate(cases, solve, score, folder=folder, scores=scores or {}, **more))
    return folder


def test_flips_are_named_both_ways_with_their_outputs_side_by_side(tmp_path):
    a = make(tmp_path / "a", [1, 1, 1, 0, 0])
    b = make(tmp_path / "b", [1, 1, 7, 1, ValueError("x")])
    found = compare(a, b)
    assert found["flipped"] == {"gained": ["3"], "lost": ["2"]}
    text = as_markdown(found, a, b)
    assert "1 better in B:" in text
    assert "7" in text.split("1 worse in B:")[1]
    stored = json.loads(json.dumps(found))
    assert stored["flipped"] == {"gained": ["3"], "lost": ["2"]}
    entry = stored["scores"]["exact"]
    assert (entry["a"], entry["b"], entry["n"]) == (0.6, 0.6, 5)
    assert entry["p"] == 1.0
    assert set(entry) >= {"a", "b", "diff", "low", "high", "p", "method", "regressed"}


def test_a_flip_is_shown_where_a_run_was_stopped_before_the_first_epoch_of_its_case(tmp_path):
    a, b = make(tmp_path / "a", [1, 0], epochs=2), make(tmp_path / "b", [0, 0], epochs=2)
    path = b / "cases.jsonl"
    kept = [line for line in path.read_text("utf-8").splitlines() if '"epoch": 0' not in line]
    path.write_text("\n".join(kept) + "\n", "utf-8")
    assert "1 worse in B" in as_markdown(compare(a, b), a, b)


def test_an_error_counts_in_a_comparison_as_it_does_in_the_score(tmp_path):
    a = make(tmp_path / "a", [1] * 10)
    b = make(tmp_path / "b", [1] * 5 + [ValueError("x")] * 5)
    assert compare(a, b)["scores"]["exact"]["diff"] == pytest.approx(-0.5)


def test_the_gate_fails_on_a_significant_loss_only_and_says_what_n_could_have_seen(tmp_path):
    a = make(tmp_path / "a", [1] * 40)
    slightly = make(tmp_path / "slightly", [1] * 38 + [0] * 2)
    badly = make(tmp_path / "badly", [1] * 28 + [0] * 12)
    passed, why = gate(compare(a, slightly), ["exact"])
    assert passed
    assert "no significant loss, -0.050 [" in why
    assert "a true loss of 0." in why
    passed, why = gate(compare(a, badly))
    assert not passed
    assert "exact: a significant loss, -0.300" in why
    assert gate(compare(badly, a))[0]  # a gain
    with pytest.raises(RunError, match="no score f1"):
        gate(compare(a, badly), ["f1"])


def test_where_lower_is_better_a_rise_is_the_loss(tmp_path):
    declared = {"edits": Score(higher_is_better=False, on_error=9.0)}
    a = make(tmp_path / "a", [1.0 + i % 3 for i in range(30)], name="edits", scores=declared)
    b = make(tmp_path / "b", [3.5 + i % 2 for i in range(30)], name="edits", scores=declared)
    found = compare(a, b, declared)
    assert found["scores"]["edits"]["regressed"]
    assert len(found["flipped"]["lost"]) == 30
    wanted = scipy_stats.ttest_rel(
        [3.5 + i % 2 for i in range(30)], [1.0 + i % 3 for i in range(30)]
    )
    assert found["scores"]["edits"]["p"] == pytest.approx(wanted.pvalue, rel=1e-6)
    held = make(tmp_path / "c", [2.5] * 30, name="edits", scores=declared, baseline=a)
    told = "Lower is better: edits."
    assert told in results_table(json.loads((held / "results.json").read_text("utf-8")))
    assert told in (held / "report.html").read_text("utf-8")


def test_cases_that_only_one_run_has_or_that_changed_are_left_out_and_counted(tmp_path):
    a = make(tmp_path / "a", [1] * 10)
    b = make(tmp_path / "b", [1] * 8)
    found = compare(a, b)
    assert found["scores"]["exact"]["n"] == 8
    assert any("2 of A, 0 of B" in note for note in found["notes"])
    other = make(tmp_path / "c", [2] * 10, expected=2)
    found = compare(a, other)
    assert found["scores"] == {}
    assert any("10 of A, 10 of B" in note for note in found["notes"])
    assert gate(found) == (False, "the runs share no case or score")


def test_groups_widen_a_paired_interval(tmp_path):
    answers = [1] * 40, [0 if i // 5 in (1, 4) else 1 for i in range(40)]
    alone = compare(make(tmp_path / "a", answers[0]), make(tmp_path / "b", answers[1]))
    in_groups = compare(
        make(tmp_path / "ga", answers[0], group=lambda i: f"g{i // 5}"),
        make(tmp_path / "gb", answers[1], group=lambda i: f"g{i // 5}"),
    )
    plain, wide = alone["scores"]["exact"], in_groups["scores"]["exact"]
    assert wide["high"] - wide["low"] > 1.3 * (plain["high"] - plain["low"])
    assert plain["regressed"]
    assert not wide["regressed"]
    assert "8 groups" in wide["method"]


def test_a_figure_over_all_rows_is_compared_by_a_paired_bootstrap(tmp_path):
    def share(rows):
        return sum(r["output"] == r["expected"] for r in rows) / len(rows)

    declared = {"share": Score(summary=share)}
    a = make(tmp_path / "a", [1] * 45 + [0] * 5, scores=declared)
    b = make(tmp_path / "b", [1] * 25 + [0] * 25, scores=declared)
    found = compare(a, b, declared)["scores"]["share"]
    assert found["diff"] == pytest.approx(-0.4)
    assert found["low"] < -0.4 < found["high"] < 0
    assert found["regressed"]


def test_what_changed_between_two_runs_is_said(tmp_path):
    about = [{"hashes": {"prompts": p, "code": "c", "cases": "k"}} for p in ("1", "2")]
    a = make(tmp_path / "a", [1, 0], manifest=about[0])
    b = make(tmp_path / "b", [1, 1], manifest=about[1])
    assert "Between A and B changed: prompts." in as_markdown(compare(a, b), a, b)


def test_where_both_commits_are_known_their_difference_can_be_asked_of_git(tmp_path):
    about = [{"hashes": {"code": c}, "commit": c * 40} for c in ("1", "2")]
    a = make(tmp_path / "a", [1, 0], manifest=about[0])
    b = make(tmp_path / "b", [1, 1], manifest=about[1])
    assert f"`git diff {'1' * 10} {'2' * 10}`" in as_markdown(compare(a, b), a, b)
    assert "git diff" not in as_markdown(compare(a, a), a, a)


def test_how_many_cases_a_difference_needs_is_what_the_power_of_a_t_test_asks_for(tmp_path):
    """SciPy's non-central t, at the standard deviation that was seen, sees it four times in five."""
    answers = [1.0] * 60, [1.25 - 0.9 * (i % 3 == 0) for i in range(60)]
    runs = (make(tmp_path / name, side, name="x") for name, side in zip("ab", answers, strict=True))
    found = compare(*runs)
    entry = found["scores"]["x"]
    gaps = [y - x for x, y in zip(*answers, strict=True)]
    assert entry["diff"] == pytest.approx(np.mean(gaps), abs=1e-12)
    n = entry["needed"]
    shift = abs(entry["diff"]) / (np.std(gaps, ddof=1) / n**0.5)
    limit = scipy_stats.t.ppf(0.975, n - 1)
    power = scipy_stats.nct.sf(limit, n - 1, shift) + scipy_stats.nct.cdf(-limit, n - 1, shift)
    assert 0.8 <= power <= 0.82  # the quantiles of the n at hand make it a few cases too many
    assert f"one of the size seen here at n = {n}" in gate(found)[1]


def test_no_mean_is_printed_without_its_interval_and_n(tmp_path):
    a = make(tmp_path / "a", [1] * 6 + [0] * 4)
    b = make(tmp_path / "b", [1] * 7 + [0] * 3)
    row = next(
        line for line in as_markdown(compare(a, b), a, b).splitlines() if line.startswith("| exact")
    )
    assert row.count("(n = 10)") == row.count("[") == 3
    c, d = make(tmp_path / "c", [1.5], name="x"), make(tmp_path / "d", [2.5], name="x")
    assert "too few for an interval" in as_markdown(compare(c, d), c, d)


def test_markdown_cannot_be_broken_by_an_output(tmp_path):
    a = make(tmp_path / "a", ["x | y\n# z", "same"], expected="x | y\n# z")
    b = make(tmp_path / "b", ["no", "same"], expected="x | y\n# z")
    table = as_markdown(compare(a, b), a, b).split("1 worse in B:")[1].strip().splitlines()
    assert table[2] == "| 0 | x \\| y # z | no |"


def test_the_published_block_has_figures_failures_and_their_causes(tmp_path):
    base = make(tmp_path / "base", [0] * 12, manifest={"solver": "baseline"})
    folder = make(
        tmp_path / "r", [1] * 7 + [0] * 5, manifest={"solver": "solution", "chosen": {"split": "dev", "ids": ["1"]}},
        baseline=base,
    )  # fmt: skip
    chosen = "split dev (only cases chosen by id, tag or limit)"
    assert chosen in results_block(folder)
    assert chosen in (folder / "report.html").read_text("utf-8")
    block = re.sub(" +", " ", results_block(folder))
    assert "| exact | 0.583 [" in block
    assert "(n = 12)" in block
    assert "+0.583 [" in block
    assert "5 failures: 5 without a cause" in block
    path = folder / "failures.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, cause in zip(rows, ["typo", "date", "date", "", "typo"], strict=True):
        row["cause"] = cause
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    block = results_block(folder)
    assert "2 typo, 2 date, 1 without a cause" in block
    told = [line.split(" | ")[:2] for line in block.splitlines() if line.startswith("| ")]
    ids = [row["id"] for row in rows]
    assert [[f"| {i}", c] for i, c in ((ids[0], "typo"), (ids[1], "date"), (ids[3], ""))] == told[
        -3:
    ]


def test_a_cause_goes_on_to_the_next_run_while_the_case_fails_with_the_same_output(tmp_path):
    first = make(tmp_path / "20250101-one", [1, 0, 0])
    path = first / "failures.csv"
    text = path.read_text("utf-8-sig")
    path.write_text(
        text.replace("\n1,0,,", "\n1,0,typo,").replace("\n2,0,,", "\n2,0,date,"), "utf-8"
    )
    assert [row["cause"] for row in read_failures(path)] == ["typo", "date"]
    second = make(tmp_path / "20250102-two", [1, 0, 0])
    assert [row["cause"] for row in read_failures(second / "failures.csv")] == ["typo", "date"]


def test_a_run_is_held_against_the_baseline_and_against_the_last_run_of_its_solver(tmp_path):
    base = make(tmp_path / "base", [0] * 20)
    last = make(tmp_path / "last", [1] * 15 + [0] * 5)
    folder = make(tmp_path / "now", [1] * 18 + [0] * 2, baseline=base, last_run=last)
    results = json.loads((folder / "results.json").read_text("utf-8"))
    differences = {which: held["scores"]["exact"] for which, held in results["against"].items()}
    assert {which: d["diff"] for which, d in differences.items()} == {
        "baseline": pytest.approx(0.9),
        "last_run": pytest.approx(0.15),
    }
    page = (folder / "report.html").read_text("utf-8")
    assert "paired difference to the baseline, to the last run" in page
    for which, run in (("baseline", "base"), ("last run", "last")):
        assert f"against the {which} <b>{run}</b>" in page
    table = results_table(results)
    assert re.search(r"\| baseline +\| paired .* \| last run +\| paired", table)
    assert "0.750 [0.531, 0.888] (n = 20)" in table
    assert "last run" not in results_block(folder)  # which is what somebody else reads


def test_no_baseline_is_a_legal_state_and_report_and_tables_say_so(tmp_path):
    folder = make(tmp_path / "r", [1, 0], manifest={"solver": "solution"})
    said = "There is no run of a baseline to compare with"
    assert said in (folder / "report.html").read_text("utf-8")
    assert said in results_table(json.loads((folder / "results.json").read_text("utf-8")))
    folder = make(tmp_path / "b", [1, 0], manifest={"solver": "baseline"})
    assert said not in (folder / "report.html").read_text("utf-8")


def test_a_baseline_that_fails_no_case_is_said_to_leave_nothing_to_show(tmp_path):
    said = "The baseline fails no case"
    solvers = {"perfect": "baseline", "fair": "baseline", "mine": "solution"}
    for name, solver in solvers.items():
        answers = [1, 0 if name == "fair" else 1]
        folder = make(tmp_path / name, answers, manifest={"solver": solver})
        results = json.loads((folder / "results.json").read_text("utf-8"))
        places = results_table(results), (folder / "report.html").read_text("utf-8")
        assert [said in place for place in places] == [name == "perfect"] * 2, name
    for answers in ([], [1]):  # of which nothing can be said
        few = make(tmp_path / f"{len(answers)}", answers, manifest={"solver": "baseline"})
        assert said not in (few / "report.html").read_text("utf-8")


def test_figures_by_group_take_the_cases_of_a_group_as_independent(tmp_path):
    answers = [1, 1, 1, 0, 1, 0, 0, 0]
    folder = make(tmp_path / "r", answers, group=lambda i: "first" if i < 4 else "second <b>")
    results = json.loads((folder / "results.json").read_text("utf-8"))
    assert list(results["by_group"]) == ["first", "second <b>"]
    alone = make(tmp_path / "alone", answers[:4])
    whole = json.loads((alone / "results.json").read_text("utf-8"))
    assert results["by_group"]["first"] == whole["scores"]
    assert whole["by_group"] == {}
    page = (folder / "report.html").read_text("utf-8")
    assert "By group (2)" in page
    assert "<caption>second &lt;b&gt;</caption>" in page
    assert "By group" not in (alone / "report.html").read_text("utf-8")


def test_of_many_groups_the_report_shows_the_first_and_says_where_the_others_are(tmp_path):
    folder = make(tmp_path / "r", [1] * 150, group=lambda i: f"{i:03}")
    page = (folder / "report.html").read_text("utf-8")
    assert "By group (150, the first 100: all are in results.json)" in page
    assert "<caption>099</caption>" in page
    assert "<caption>100</caption>" not in page
    assert len(json.loads((folder / "results.json").read_text("utf-8"))["by_group"]) == 150


def test_where_the_baseline_has_none_of_the_cases_a_sentence_stands_in_the_comparisons_place(
    tmp_path,
):
    base = make(tmp_path / "base", [0] * 3, at=100)
    folder = make(tmp_path / "r", [1] * 3, baseline=base)
    results = json.loads((folder / "results.json").read_text("utf-8"))
    assert results["against"] == {}
    assert "base has none of these cases or scores: run it anew" in results["notes"][-1]
    assert "`takehome eval --like latest --solver baseline` makes one." in results["notes"][-1]


def test_a_score_that_no_case_has_fails_the_gate_only_where_it_is_named(tmp_path):
    scores = {"rare": Score()}
    runs = [make(tmp_path / name, [1, 1, 0], scores=scores) for name in ("a", "b")]
    found = compare(*runs, scores)
    assert found["scores"]["rare"]["n"] == 0
    assert gate(found)[0]
    assert not gate(found, ["rare"])[0]
