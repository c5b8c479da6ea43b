"""What a command says where it cannot do what was asked: a sentence, and nothing written."""

from __future__ import annotations

import importlib
import inspect
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rendering import render

from scaffold.cli import COMMANDS

TAKEHOME = ("python", "-m", "scaffold.cli")


@pytest.fixture(scope="module")
def folder(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(template, tmp_path_factory.mktemp("commands") / "task", kind="blank")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("eval", "--tag", "nosuch"), "No case is left"),
        (("eval", "--split", "test"), "No case is left"),
        (("eval", "--case", "nosuch"), "nosuch"),
        (("eval", "--solver", "nosuch"), "There is no src/task/nosuch.py"),
        (("eval", "--solver", "nosuch:solve"), "nosuch.py: write it, or pass --solver"),
        (("eval", "--solver", "baseline:nosuch"), "has no function nosuch"),
        (("eval", "--replay", "--live"), "exclude each other"),
        (("eval", "--resume", "nosuch"), "There is no run nosuch"),
        (("eval", "--like", "nosuch", "--limit", "2"), "repeat a run's solver and cases"),
        (("eval", "--like", "nosuch", "--split", "test"), "nor --split and --epochs"),
        (("eval", "--like", "nosuch", "--epochs", "2"), "nor --split and --epochs"),
        (("eval", "--resume", "nosuch", "--epochs", "2"), "nor --split and --epochs"),
        (("eval", "--failed-from", "nosuch"), "There is no run nosuch"),
        (("eval", "--spot-check", "2"), "No case is recorded with baseline"),
        (("agree", "a.csv", "b.csv"), "agree needs the part judge"),
        (("chat",), "chat needs the part files"),
        (("eval", "--batch"), "--batch needs the part batch"),
        (("run", "--in", "a.csv", "--out", "b.csv"), "--in needs the part files"),
        (("doctor",), "ANTHROPIC_API_KEY is not set; put it into .env."),
        (("publish", "nosuch"), "There is no run nosuch"),
        (("compare", "a", "b"), "There is no run a"),
        (("run", "nosuch.txt", "--solver", "baseline"), "There is no file nosuch.txt"),
        (("run", "{}", "--solver", "baseline"), "does not fit Input"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_command_is_a_sentence_and_writes_nothing(
    folder: Path, run_in: Callable[..., Any], command: tuple[str, ...], sentence: str
) -> None:
    before = set(folder.glob("results/*"))  # other tests run here, too, and in any order
    told = run_in(folder, *TAKEHOME, *command, code=2)
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
    assert set(folder.glob("results/*")) == before


def test_a_solver_that_returns_no_output_model_is_told_so(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    odd = folder / "src" / "task" / "odd.py"
    odd.write_text("async def solve(input, llm):\n    return {'text': 'x'}\n", encoding="utf-8")
    told = run_in(folder, *TAKEHOME, "eval", "--solver", "odd", "--limit", "2", code=1)
    assert "return Output of schemas.py, not dict" in told.stderr


def test_the_report_compares_with_the_baseline_over_all_cases_not_with_the_last_small_one(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    copy = folder / "src" / "task" / "copy_of_baseline.py"
    copy.write_text("from .baseline import solve as solve\n", encoding="utf-8")
    whole = json.loads(run_in(folder, *TAKEHOME, "eval", "--json").stdout)
    run_in(folder, *TAKEHOME, "eval", "--limit", "2")
    other = run_in(folder, *TAKEHOME, "eval", "--solver", "copy_of_baseline", "--json")
    assert json.loads(other.stdout)["against"]["baseline"]["against"] == whole["run"]


def test_a_run_is_held_against_the_last_one_of_the_same_solver_over_the_same_cases(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    whole = json.loads(run_in(folder, *TAKEHOME, "eval", "--json").stdout)
    few = json.loads(run_in(folder, *TAKEHOME, "eval", "--limit", "3", "--json").stdout)
    assert few["against"]["last_run"]["against"] == whole["run"]
    again = json.loads(run_in(folder, *TAKEHOME, "eval", "--json").stdout)
    assert again["against"]["last_run"]["against"] == whole["run"]
    resumed = run_in(folder, *TAKEHOME, "eval", "--resume", whole["run"], "--json").stdout
    assert json.loads(resumed)["against"].get("last_run", {}).get("against") not in (
        *(few["run"], again["run"], whole["run"]),
    )


def test_a_baseline_of_todays_cases_is_preferred_to_one_of_those_before(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    run_in(folder, *TAKEHOME, "eval")  # on the sample cases
    cases = folder / "data" / "cases.jsonl"
    cases.write_text(cases.read_text("utf-8").replace('{"id": "', '{"id": "my-'), encoding="utf-8")
    own = run_in(folder, *TAKEHOME, "eval", "--split", "all", "--json").stdout
    (folder / "src/task/plain.py").write_text("from .baseline import solve\n", encoding="utf-8")
    held = json.loads(run_in(folder, *TAKEHOME, "eval", "--solver", "plain", "--json").stdout)
    assert held["against"]["baseline"]["against"] == json.loads(own)["run"]


def test_without_a_baseline_the_rest_works_and_says_so(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    package = folder / "src" / "task"
    (package / "baseline.py").rename(package / "plain.py")
    told = run_in(folder, *TAKEHOME, "eval", "--solver", "plain")
    assert "There is no run of a baseline to compare with" in told.stdout
    (report,) = folder.glob("results/*/report.html")
    assert "There is no run of a baseline to compare with" in report.read_text("utf-8")
    run_in(folder, *TAKEHOME, "publish", "latest")


def test_only_what_failed_in_a_run_runs_again(folder: Path, run_in: Callable[..., Any]) -> None:
    run_in(folder, *TAKEHOME, "eval")
    (first,) = {run for run in folder.glob("results/*") if (run / "results.json").exists()} & {
        max(folder.glob("results/*"))
    }
    lines = [json.loads(line) for line in (first / "cases.jsonl").read_text("utf-8").splitlines()]
    failed = sorted(line["id"] for line in lines if line["failed"])
    assert 0 < len(failed) < len(lines)
    run_in(folder, *TAKEHOME, "eval", "--failed-from", first.name)
    again = (max(folder.glob("results/*")) / "cases.jsonl").read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["id"] for line in again) == failed
    right = next(line["id"] for line in lines if not line["failed"])
    only = ("eval", "--failed-from", first.name, "--case")
    one = json.loads(run_in(folder, *TAKEHOME, *only, failed[0], "--json").stdout)
    assert one["n"] == 1
    told = run_in(folder, *TAKEHOME, *only, right, code=2).stderr
    assert f"Nothing of that failed in {first.name}" in told


def test_what_a_solver_prints_is_not_among_the_figures(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    loud = folder / "src" / "task" / "loud.py"
    loud.write_text(
        "from . import baseline\n\n\nasync def solve(input, llm):\n"
        "    print('what I saw')\n    return await baseline.solve(input, llm)\n",
        encoding="utf-8",
    )
    for command in (("eval",), ("run", "a text"), ("eval", "--dry-run")):
        told = run_in(folder, *TAKEHOME, *command, "--solver", "loud", "--json")
        json.loads(told.stdout)
        assert "what I saw" in told.stderr


def test_what_a_case_asked_before_it_took_too_long_is_in_the_cost(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    late = folder / "src" / "task" / "late.py"
    late.write_text(
        "import asyncio\nfrom types import SimpleNamespace\n\n\nasync def solve(input, llm):\n"
        "    call = {'model': 'm', 'cost_usd': 0.25, 'latency_s': 1.0}\n"
        "    llm.calls.append(SimpleNamespace(logged=lambda: call))\n"
        "    await asyncio.sleep(60)\n",
        encoding="utf-8",
    )
    command = ("eval", "--solver", "late", "--limit", "2", "--json")
    told = run_in(folder, *TAKEHOME, *command, code=1, TAKEHOME_CASE_S="0.2")
    results = json.loads(told.stdout)
    assert (results["error_kinds"], results["cost_usd"]) == ({"TimeoutError": 2}, 0.5)
    assert "the first: it took too long (see case_s" in told.stderr


def test_a_dry_run_says_what_it_would_take_and_writes_nothing(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    before = sorted(folder.glob("results/*"))
    said = json.loads(
        run_in(folder, *TAKEHOME, "eval", "--dry-run", "--epochs", "3", "--json").stdout
    )
    cases = (folder / "data" / "cases.jsonl").read_text("utf-8").splitlines()
    assert said["tries"] == 3 * len(cases)
    assert (said["calls"], said["cost_usd"]) == (0, 0)
    assert sorted(folder.glob("results/*")) == before


def test_an_input_becomes_a_case_to_review_and_is_counted_apart(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    before = (folder / "data" / "cases.jsonl").read_text("utf-8")
    for _ in range(2):  # the second time it is there already
        run_in(folder, *TAKEHOME, "run", "What now?", "--solver", "baseline", "--save-case")
    after = (folder / "data" / "cases.jsonl").read_text("utf-8")
    assert after.startswith(before)
    (line,) = after[len(before) :].splitlines()
    assert json.loads(line)["input"] == {"text": "What now?"}
    results = json.loads(run_in(folder, *TAKEHOME, "eval", "--json").stdout)
    assert results["unreviewed"] == 1
    assert results["n"] == len(before.splitlines())


def test_a_run_says_that_code_changed_after_the_test_split_was_looked_at(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    data = folder / "data" / "cases.jsonl"
    lines = [json.loads(line) for line in data.read_text("utf-8").splitlines()]
    lines[0]["split"] = "test"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    first = json.loads(run_in(folder, *TAKEHOME, "eval", "--split", "test", "--json").stdout)
    again = json.loads(run_in(folder, *TAKEHOME, "eval", "--json").stdout)
    assert (first["notes"], again["notes"]) == ([], [])
    with (folder / "src" / "task" / "baseline.py").open("a", encoding="utf-8") as file:
        file.write("# a change\n")
    (note,) = json.loads(run_in(folder, *TAKEHOME, "eval", "--json").stdout)["notes"]
    assert note.startswith(f"code changed after {first['run']} had looked at the test split")


def test_a_loss_within_the_margin_is_no_regression(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    worse = folder / "src" / "task" / "worse.py"
    worse.write_text(
        "from .schemas import Output\n\n\nasync def solve(input, llm):\n    return Output(text='')\n",
        encoding="utf-8",
    )
    for solver in ("baseline", "worse"):
        run_in(folder, *TAKEHOME, "eval", "--solver", solver)
    runs = [run.name for run in sorted(folder.glob("results/*"))]
    gate = ("compare", *runs, "--fail-on-regression", "token_f1")
    said = run_in(folder, *TAKEHOME, *gate, code=1).stdout
    assert "token_f1: a significant loss" in said
    assert (
        "no significant loss of more than 1.0"
        in run_in(folder, *TAKEHOME, *gate, "--margin", "1").stdout
    )


def test_a_runs_score_is_held_against_peoples_labels(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank", parts=["judge"])
    run_in(folder, *TAKEHOME, "eval")
    (run,) = folder.glob("results/*")
    lines = [json.loads(line) for line in (run / "cases.jsonl").read_text("utf-8").splitlines()]
    rows = [f"{line['id']},{line['scores']['exact']:g}\n" for line in lines[1:]]
    (folder / "people.csv").write_text("id,label\n" + "".join(rows), encoding="utf-8")
    command = ("agree", "people.csv", "latest", "--score", "exact")
    found = json.loads(run_in(folder, *TAKEHOME, *command, "--json").stdout)
    assert (found["kappa"], found["n"], found["left_out"]) == (1, len(lines) - 1, 1)
    assert "Cohen's kappa 1.000" in run_in(folder, *TAKEHOME, *command).stdout
    told = run_in(folder, *TAKEHOME, *command[:3], "--score", "nosuch", code=2).stderr
    assert "no score nosuch in" in told
    assert "there is: exact, normalised" in told


def test_a_publish_that_fails_leaves_the_submitted_run_whole(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    for _ in range(2):
        run_in(folder, *TAKEHOME, "eval")
    first, second = sorted(run.name for run in folder.glob("results/2*"))
    run_in(folder, *TAKEHOME, "publish", first)
    before = (folder / "README.md").read_text("utf-8")
    (folder / "results" / second / "gone").symlink_to("nowhere")  # cannot be copied
    told = run_in(folder, *TAKEHOME, "publish", second, code=2)
    assert "Traceback" not in told.stderr
    assert "run the same command again" in told.stderr
    submitted = json.loads((folder / "results/submitted/results.json").read_text("utf-8"))
    assert submitted["run"] == first
    assert (folder / "README.md").read_text("utf-8") == before


def test_figures_of_code_that_has_changed_since_cannot_be_published_by_way_of_a_resume(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    run_in(folder, *TAKEHOME, "eval")
    (run,) = (path.name for path in folder.glob("results/2*"))
    with (folder / "src/task/baseline.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    told = run_in(folder, *TAKEHOME, "eval", "--resume", run, code=2)
    assert f"--like {run}" in told.stderr
    told = run_in(folder, *TAKEHOME, "publish", run, code=2)
    assert f"--like {run}" in told.stderr
    assert not (folder / "results/submitted").exists()
    run_in(folder, *TAKEHOME, "eval", "--like", run)
    run_in(folder, *TAKEHOME, "publish", "latest")
    (folder / "prompts/new.j2").write_text("changed", "utf-8")
    assert "prompts/ has changed" in run_in(folder, *TAKEHOME, "publish", "latest", code=2).stderr


def test_without_git_a_manifest_calls_no_tree_dirty(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    shutil.rmtree(folder / ".git")
    run_in(folder, *TAKEHOME, "eval", GIT_CEILING_DIRECTORIES=str(tmp_path))
    (manifest,) = folder.glob("results/2*/manifest.json")
    said = json.loads(manifest.read_text("utf-8"))
    assert (said["commit"], said["dirty"]) == (None, None)


def test_a_run_may_be_named_by_its_path(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    run_in(folder, *TAKEHOME, "eval")
    (run,) = (path.relative_to(folder) for path in folder.glob("results/2*"))
    told = run_in(folder, *TAKEHOME, "eval", "--resume", str(run))
    assert (folder / run / "report.html").as_uri() in told.stderr


def test_an_eval_begins_while_another_one_records(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    (folder / "recordings/key").mkdir(parents=True)
    manifests = list[Any]()
    for name in ("a.json", "b.5f.tmp"):  # what is half written is away in a moment
        (folder / "recordings/key" / name).write_text("{}", "utf-8")
        run_in(folder, *TAKEHOME, "eval")
        newest = max(folder.glob("results/2*/manifest.json"))
        manifests.append(json.loads(newest.read_text("utf-8")))
    first, second = (manifest["hashes"]["recordings"] for manifest in manifests)
    assert first == second


def test_a_run_in_which_some_cases_have_no_answer_says_why(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    (folder / "src/task/shaky.py").write_text(
        "from pathlib import Path\n\nfrom .schemas import Input, Output\n\n\n"
        "async def solve(input: Input, llm: object) -> Output:\n"
        "    if input.text:\n"
        "        Path('data/raw/sales.db').read_bytes()\n"
        "    return Output(text=input.text)\n",
        encoding="utf-8",
    )
    cases = [{"id": text or "0", "input": {"text": text}} for text in ("", "a", "b")]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    (folder / "data/cases.jsonl").write_text(lines, encoding="utf-8")
    told = run_in(folder, *TAKEHOME, "eval", "--solver", "shaky").stderr
    assert "takehome: 2 have no answer, the first: " in told
    assert "data/raw/sales.db" in told


def test_publish_says_what_a_clone_will_lack_and_what_git_does_not_track(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank")
    (folder / "data/raw").mkdir()
    (folder / "data/raw/sales.db").write_text("", encoding="utf-8")
    run_in(folder, *TAKEHOME, "eval")
    with (folder / "AGENTS.md").open("a", encoding="utf-8") as file:
        file.write("A line that an update brought.\n")
    assert "git ignores data/raw" not in run_in(folder, *TAKEHOME, "publish", "latest").stdout
    assert "assignment: nothing yet" in (folder / "README.md").read_text("utf-8")
    (folder / "src/task/store.py").write_text('FILE = "data/raw/sales.db"\n', encoding="utf-8")
    (folder / "app.py").write_text("import task\n", encoding="utf-8")
    run_in(folder, *TAKEHOME, "eval")
    told = run_in(folder, *TAKEHOME, "publish", "latest").stdout
    assert "git ignores data/raw, and src/task/store.py names it" in told
    assert "git does not track it: app.py, src/task/store.py" in told


def test_the_reviewers_page_has_a_place_for_data_that_git_does_not_hold(
    template: Path, tmp_path: Path
) -> None:
    kept_back = render(template, tmp_path / "kept", kind="sql", data="sales.db")
    assert "`data/raw/` is not in this repository" in (kept_back / "README.md").read_text("utf-8")
    given = render(template, tmp_path / "given", kind="sql", data="sales.db", commit_data=True)
    ours = (given / "README.md").read_text("utf-8")
    assert "not in this repository" not in ours
    theirs = tmp_path / "theirs"  # a company's repository, which holds its data
    theirs = render(template, theirs, kind="sql", data="sales.db", starter=True)
    page = (theirs / ".takehome/README.md").read_text("utf-8")
    assert "not in this repository" not in page
    assert ["the company's own commands" in text for text in (page, ours)] == [True, False]
    rules = [(folder / "AGENTS.md").read_text("utf-8") for folder in (theirs, given)]
    assert ["the company's own files where the brief" in text for text in rules] == [True, False]


def test_a_row_that_went_bad_since_a_kill_has_its_error_and_no_old_answer(
    template: Path, tmp_path: Path, run_in: Callable[..., Any]
) -> None:
    folder = render(template, tmp_path / "task", kind="blank", parts=["files"])
    command = (*TAKEHOME, "run", "--in", "in.csv", "--out", "out.csv", "--solver", "baseline")
    (folder / "in.csv").write_text("text\na\nb\n", encoding="utf-8")
    (folder / "out.csv.part").mkdir()  # the answers are kept, as after a kill
    run_in(folder, *command, code=2)
    (folder / "out.csv.part").rmdir()
    (folder / "in.csv").write_text("text\na,more\nb\n", encoding="utf-8")
    assert json.loads(run_in(folder, *command).stdout)["errors"] == 1
    first, second = (folder / "out.csv").read_text("utf-8").splitlines()[1:]
    assert first.startswith('a,,"no JSON object, or more cells than columns')
    assert second == "b,b,"


def test_a_commands_module_has_a_function_of_its_name() -> None:
    for name, (_, module) in COMMANDS.items():
        found = importlib.import_module(f"scaffold.{module}")
        assert inspect.isfunction(getattr(found, name))
