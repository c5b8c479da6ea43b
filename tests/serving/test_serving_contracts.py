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

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contracts.md").read_text("utf-8")


def put(folder: Path, heading: str) -> None:
    """Write the files of one section into the copy, whose package is called `task`."""
    [section] = [part for part in PAGE.split("\n## ") if part.startswith(heading)]
    for block in re.findall(r"```(?:python|make)\n# (\S+)\n(.*?)```", section, re.DOTALL):
        name, text = (part.replace("my_task", "task") for part in block)
        (folder / name).write_text(text, encoding="utf-8")


def run(folder: Path, *command: str) -> str:
    known = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    paths = os.pathsep.join([str(folder / "src"), str(ROOT / "template" / "src")])
    beside = os.pathsep.join([str(Path(sys.executable).parent), known["PATH"]])
    environment = {**known, "PYTHONPATH": paths, "PATH": beside}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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
    put(folder, "When the model fails")
    command = ("python", "-m", "scaffold.cli", "eval", "--solver", solver, "--json")
    found = json.loads(run(folder, *command))["scores"]
    assert list(found) == ["normalised", "with_fallback"]
    assert found["with_fallback"]["mean"] > 0.1  # the baseline's answers
    own = found["with_fallback"]["mean"] if solver == "baseline" else 0
    assert found["normalised"]["mean"] == own  # there is no key: so the model answered nothing
