"""docs/contracts.md: every file as it stands there, put into a fresh copy and called."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from serving.conftest import lay_out

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contracts.md").read_text("utf-8")


def section(heading: str) -> str:
    [found] = [part for part in PAGE.split("\n## ") if part.startswith(heading)]
    return found


def put(folder: Path, heading: str) -> None:
    """Write the files of one section into the copy, whose package is called `task`."""
    blocks = r"```(?:python|make)\n# (\S+)\n(.*?)```"
    for block in re.findall(blocks, section(heading), re.DOTALL):
        name, text = (part.replace("my_task", "task") for part in block)
        (folder / name).write_text(text, encoding="utf-8")


def run(folder: Path, *command: str, code: int = 0) -> str:
    known = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    paths = os.pathsep.join([str(folder / "src"), str(ROOT / "template" / "src")])
    beside = os.pathsep.join([str(Path(sys.executable).parent), known["PATH"]])
    environment = {**known, "PYTHONPATH": paths, "PATH": beside}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout


HEADINGS = [part.partition("\n")[0] for part in PAGE.split("\n## ") if "```python\n# " in part]


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_checks_of_the_repository_find_nothing_in_a_contract(
    folder: Path, heading: str
) -> None:
    put(folder, heading)
    settings = (ROOT / "template" / "pyproject.toml.jinja").read_text("utf-8")
    chosen = re.search(r"select = \[(.*)\]", settings)
    assert chosen
    rules = ",".join(re.findall(r"\w+", chosen[1]))
    apart = 'lint.isort={known-first-party=["scaffold"], known-local-folder=["task"]}'
    options = ("--isolated", "--line-length=100", f"--config={apart}")
    files = [
        name for name in ("src/task/api.py", "app.py", "src/main.py") if (folder / name).exists()
    ]
    run(folder, "ruff", "check", *options, f"--select={rules}", *files)
    run(folder, "ruff", "format", "--check", *options, *files)


def test_a_resource_has_the_names_and_codes_of_its_contract(
    folder: Path, serve: Callable[..., Any]
) -> None:
    put(folder, "A resource")
    with serve(folder) as server:
        created = httpx2.post(f"{server.url}/runs", json={"prompt": "Mend   this."})
        assert created.status_code == 201
        assert set(created.json()) == {"run_id", "status"}
        time.sleep(0.2)
        state = server.get(f"/runs/{created.json()['run_id']}").json()
        assert (state["prompt"], state["status"]) == ("Mend   this.", "completed")
        assert {"run_id", "execution_log", "created_at", "completed_at"} < set(state)
        assert state["answer"]["output"] == {"text": "Mend this."}
        for wrong in ({"prompt": ""}, {"prompt": 5}, {}):
            assert httpx2.post(f"{server.url}/runs", json=wrong).status_code == 400
        assert server.get("/runs/nosuch").status_code == 404
        assert server.get("/health").status_code == 200


def test_an_agents_tool_calls_have_the_names_of_the_contracts_log(
    tmp_path: Path, serve: Callable[..., Any]
) -> None:
    folder = lay_out(tmp_path / "task", "agent")
    put(folder, "An agent's run")
    prompt = {"prompt": "Cancel q-219."}
    with serve(folder) as server:
        created = httpx2.post(f"{server.url}/runs", json=prompt)
        assert (created.status_code, created.json()["status"]) == (201, "pending")
        time.sleep(0.5)
        state = server.get(f"/runs/{created.json()['run_id']}").json()
        assert (state["prompt"], state["status"]) == (prompt["prompt"], "completed")
        [entry] = state["execution_log"]
        assert {"step_number": 1, "tool": "get_order", "status": "failed"}.items() <= entry.items()
        assert entry["input"] == {"order_id": "Q-219"}
        assert "has no order Q-219" in entry["error"]
        assert httpx2.post(f"{server.url}/runs", json={"prompt": ""}).status_code == 400
        assert server.get("/runs/nosuch").status_code == 404


def test_files_have_the_names_of_the_contract_and_say_where_sources_disagree(
    tmp_path: Path,
) -> None:
    folder = lay_out(tmp_path / "task", "extract")
    put(folder, "Files of given names")
    main = folder / "src" / "main.py"
    main.write_text(main.read_text("utf-8").replace("*.pdf", "*.txt"), "utf-8")
    (folder / "data" / "termsheets").mkdir()
    (folder / "data" / "termsheets" / "one.txt").write_text("Total: 400.00\nDate: 2026-01-02\n")
    (folder / "data" / "policy.md").write_text("Total: 500.00\n")
    run(folder, "make", "run")
    out = {file.stem: json.loads(file.read_text("utf-8")) for file in folder.glob("out/*.json")}
    assert set(out) == {"extracted_data", "conflicts", "execution_log"}
    assert list(out["conflicts"]) == ["total"]
    policy, sheet = out["extracted_data"]["total"]
    assert (policy["value"], policy["source"]) == ("500.00", "data/policy.md")
    assert (sheet["value"], sheet["quote"]) == ("400.00", "Total: 400.00")
    assert [one["standing"] for one in out["extracted_data"]["issued"]] == ["absent", "given"]
    assert out["execution_log"]["data/policy.md"] == {"calls": [], "failure": None}


def test_an_endpoint_has_the_path_and_fields_of_its_contract(
    folder: Path, serve: Callable[..., Any]
) -> None:
    put(folder, "One endpoint")
    (folder / "src" / "task" / "runs.py").unlink()
    with serve(folder) as server:
        answer = httpx2.post(f"{server.url}/resolve-ticket", json={"ticket_text": "It   broke."})
        assert answer.json() == {"resolution": "It broke.", "source": "baseline"}


def test_a_command_has_the_name_of_its_contract(folder: Path) -> None:
    put(folder, "A command")
    assert run(folder, "python", "app.py", "Mend   this.") == "Mend this.\n"
    assert "Mend this." in run(folder, "make", "run")
    assert json.loads((folder / "out" / "answer.json").read_text()) == {"text": "Mend this."}


@pytest.mark.parametrize("solver", ["baseline", "solution"])
def test_a_fallback_earns_the_model_no_points(folder: Path, solver: str) -> None:
    shown = re.findall(r"```python\n(.*?)```", section("When the model fails"), re.DOTALL)[0]
    assert shown in (folder / "src" / "task" / "solution.py").read_text("utf-8")
    command = ("python", "-m", "scaffold.cli", "eval", "--solver", solver, "--json")
    # There is no key, so the model answers nothing: the exit code says that, too.
    found = json.loads(run(folder, *command, code=solver == "solution"))
    if solver == "baseline":
        assert list(found["scores"]) == ["exact", "normalised", "token_f1"]
        return
    assert list(found["scores"]) == ["exact", "exact_with_fallback"]
    assert found["scores"]["exact"]["mean"] == 0
    assert found["scores"]["exact_with_fallback"]["mean"] > 0.1  # the baseline's answers
    told = "10 of 10 answers are the fallback's: only exact_with_fallback counts them."
    assert told in found["notes"]


def test_whoever_runs_the_solution_is_told_when_the_baseline_answered(folder: Path) -> None:
    command = ("python", "-m", "scaffold.cli", "run", "Mend   this.", "--json")
    answer = json.loads(run(folder, *command))
    assert (answer["output"], answer["answered_by"]) == ({"text": "Mend this."}, "baseline")
    assert "ANTHROPIC_API_KEY is not set" in answer["failure"]
    answer = json.loads(run(folder, *command, "--solver", "baseline"))
    assert (answer["answered_by"], "failure" in answer) == ("baseline", False)
