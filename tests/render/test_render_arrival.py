"""The whole way, as people go it: copy with the hook, score, hand in, and a reviewer's clone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rendering import ROOT, git

BIN = Path(sys.executable).parent


def tool(folder: Path, *command: str, code: int = 0) -> str:
    """Run a command as a person would: with this machine's uv and its cache, and without a key."""
    left_out = ("VIRTUAL_ENV", "UV", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    own = {name: value for name, value in os.environ.items() if name not in left_out}
    own["PIP_COMPILE"] = "0"  # most of what is installed is imported by no test
    done = subprocess.run(
        [str(BIN / command[0]) if (BIN / command[0]).exists() else command[0], *command[1:]],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env=own,
        check=False,
    )
    if done.returncode != code:
        pytest.fail(f"{command}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


@pytest.fixture(scope="module")
def arrived(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take-home from a brief and a CSV, in paths with blanks and letters beyond ASCII."""
    here = tmp_path_factory.mktemp("arrivée one")
    (here / "the brief.md").write_text("# Sort tickets\n\nFour hours.\n", encoding="utf-8")
    (here / "tickets.csv").write_text(
        "ticket_id,text,label\n"
        "1,Where is my parcel?,Where is my parcel?\n"
        "2,It broke,defect\n"
        "3,Refund please,refund\n",
        encoding="utf-8",
    )
    answers = ["-d", "kind=blank", "-d", "brief=the brief.md", "-d", "data=tickets.csv"]
    tool(here, "copier", "copy", "--trust", "--defaults", *answers, str(template), "übung one")
    return here / "übung one"


def test_one_command_makes_the_repository_and_a_second_scores_the_briefs_own_data(
    arrived: Path,
) -> None:
    assert (arrived / "BRIEF.md").read_text("utf-8") == "# Sort tickets\n\nFour hours.\n"
    results = json.loads(tool(arrived, "uv", "run", "takehome", "eval", "--json"))
    assert results["n"] == 3
    assert results["errors"] == 0
    run = arrived / "results" / results["run"]
    assert {f.name for f in run.iterdir()} >= {
        "manifest.json",
        "cases.jsonl",
        "results.json",
        "failures.csv",
        "report.html",
    }


def test_the_first_commit_is_the_render_alone_and_the_second_holds_the_lock(arrived: Path) -> None:
    assert git(arrived, "rev-list", "--count", "HEAD").strip() == "2"
    first = git(arrived, "ls-tree", "-r", "--name-only", "-z", "scaffold").split("\0")
    assert "uv.lock" not in first
    assert "src/scaffold/cli.py" in first
    second = git(arrived, "diff", "--name-only", "-z", "scaffold", "HEAD").split("\0")
    assert [name for name in second if name] == ["uv.lock"]


def test_brief_and_raw_data_stay_out_of_git_unless_a_yes_was_given(arrived: Path) -> None:
    tracked = git(arrived, "ls-files")
    assert "BRIEF" not in tracked
    assert "data/raw" not in tracked
    assert (arrived / "data" / "raw" / "tickets.csv").is_file()


def test_a_reviewers_clone_does_uv_sync_and_all_works(arrived: Path, tmp_path: Path) -> None:
    tool(arrived, "uv", "run", "takehome", "eval")
    tool(arrived, "git", "add", "data/cases.jsonl")
    git(arrived, "-c", "user.name=C", "-c", "user.email=c@example.com", "commit", "-qm", "Cases")
    git(tmp_path, "clone", "--quiet", str(arrived), "clone")
    clone = tmp_path / "clone"
    tool(clone, "uv", "sync", "--quiet")
    tool(clone, "uv", "run", "pytest", "-q")
    assert json.loads(tool(clone, "uv", "run", "takehome", "eval", "--json"))["n"] == 3


def test_venv_and_pip_do_what_uv_does(arrived: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(arrived), "clone")
    clone = tmp_path / "clone"
    tool(clone, sys.executable, "-m", "venv", ".venv")
    scripts = clone / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    python = str(scripts / "python")
    tool(clone, python, "-m", "pip", "install", "-q", "--upgrade", "pip>=25.1")
    groups = ["--group", "scaffold", "--group", "dev"]
    tool(clone, python, "-m", "pip", "install", "-q", "-e", ".", *groups)
    tool(clone, str(scripts / "takehome"), "eval", "--help")
    tool(clone, python, "-m", "pytest", "-q")


def test_publish_writes_the_two_blocks_and_nothing_else(arrived: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(arrived), "clone")
    clone = tmp_path / "clone"
    (clone / "data").mkdir(exist_ok=True)
    case = {"id": "1", "input": {"text": "a"}, "expected": {"text": "a"}}
    (clone / "data" / "cases.jsonl").write_text(json.dumps(case) + "\n", encoding="utf-8")
    before = (clone / "README.md").read_text("utf-8")
    tool(clone, "uv", "run", "takehome", "eval")
    assert (clone / "README.md").read_text("utf-8") == before
    tool(clone, "uv", "run", "takehome", "publish", "latest")
    after = (clone / "README.md").read_text("utf-8")
    assert "nothing yet" in after  # a case is data, not code
    assert "Given by the template: `src/scaffold/`, unchanged." in after
    assert "n = 1" in after or "| 1 |" in after
    outside = [line for line in before.splitlines() if line not in after.splitlines()]
    assert outside == []
    told = tool(clone, "uv", "run", "takehome", "publish", "submitted")
    assert (clone / "README.md").read_text("utf-8") == after
    # Whoever pushes as told hands in the tag, too, which says who wrote what; git alone leaves it.
    (push,) = re.findall("`git (push [^`]+)`", told)
    assert f"`git {push}`" in (clone / "AGENTS.md").read_text("utf-8")
    git(tmp_path, "init", "--quiet", "--bare", "hub")
    git(clone, "remote", "set-url", "origin", str(tmp_path / "hub"))
    git(clone, *push.split())
    assert git(tmp_path / "hub", "tag").split() == ["scaffold"]


def test_a_folder_of_documents_is_searched_before_there_is_a_question(
    template: Path, tmp_path: Path
) -> None:
    handbook = tmp_path / "hand buch"
    handbook.mkdir()
    (handbook / "boats.md").write_text("The red boat leaves at noon.\n", encoding="utf-8")
    (handbook / "prices.csv").write_text("what,price\nticket,3\n", encoding="utf-8")
    answers = ["-d", "kind=rag", "-d", "data=hand buch"]
    tool(tmp_path, "copier", "copy", "--trust", "--defaults", *answers, str(template), "mine")
    mine = tmp_path / "mine"
    tool(mine, "uv", "run", "takehome", "eval", code=2)
    ask = ("uv", "run", "takehome", "run", "--solver", "baseline")
    said = json.loads(tool(mine, *ask, "When does the boat leave?"))
    assert said["answer"] == "The red boat leaves at noon."
    assert [citation["place"] for citation in said["citations"]] == ["boats.md#1"]
    right = {"answer": "noon", "sources": ["boats.md"]}
    case = {"id": "1", "input": {"question": "When does the boat leave?"}, "expected": right}
    (mine / "data" / "cases.jsonl").write_text(json.dumps(case) + "\n", encoding="utf-8")
    results = json.loads(tool(mine, "uv", "run", "takehome", "eval", "--json"))
    assert results["scores"]["correct"]["mean"] == results["scores"]["citation"]["mean"] == 1
    tool(mine, "uv", "run", "pytest", "-q")


def test_ci_run_takes_its_command_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    block = readme.split("<!-- tests: begin -->")[1].split("<!-- tests: end -->")[0]
    assert len([line for line in block.splitlines() if line and "```" not in line]) == 1
    assert "tests: begin" in (ROOT / ".ci" / "run").read_text("utf-8")
    workflow = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf-8"))
    assert ".ci/run" in [step.get("run") for step in workflow["jobs"]["tests"]["steps"]]
