"""The part `api` in a render: added later it brings what it needs; its container files are sound."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import ROOT, git, render

ADD = ("update", "--trust", "--defaults", "--quiet", "--skip-tasks", "-d", "parts=[api]")


@pytest.fixture(scope="module")
def folder(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(template, tmp_path_factory.mktemp("api") / "task", kind="blank")


def test_without_the_part_there_is_no_such_command(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    told = run_in(folder, "python", "-m", "scaffold.cli", "serve", code=2)
    assert "serve needs the part api: `copier update" in told.stderr
    assert "Traceback" not in told.stderr


def test_added_later_it_brings_routes_to_start_from_and_keeps_what_stands(
    folder: Path, run_in: Callable[..., Any]
) -> None:
    mine = folder / "src" / "task" / "runs.py"
    mine.write_text('"""Mine."""\n', encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=Mine")
    run_in(folder, "copier", *ADD)
    new = {line[3:] for line in git(folder, "status", "--porcelain", "-uall").split("\n") if line}
    assert {"src/task/api.py", "Dockerfile", "compose.yaml", ".dockerignore"} < new
    assert "src/scaffold/serving/page/index.html" in new
    assert "src/task/runs.py" not in new
    assert "fastapi" in git(folder, "diff", "pyproject.toml")
    shown = run_in(folder, "python", "-m", "scaffold.cli", "serve", "--help").stdout
    assert "--workers" in shown


def test_the_image_holds_the_data_that_answers_come_from() -> None:
    template = ROOT / "template"
    copied = (template / "Dockerfile").read_text("utf-8").splitlines()
    assert "COPY --from=build --chown=app /app/data data" in copied  # owned: an index is written
    let_in = (template / ".dockerignore").read_text("utf-8").splitlines()
    assert "!data" in let_in
    assert not {"!.env", "!results", "!notes"} & set(let_in)


def test_the_image_is_built_also_where_the_last_prompt_was_deleted() -> None:
    lines = (ROOT / "template" / "Dockerfile").read_text("utf-8").splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY")]
    here = [source for source in copied if not any(one.startswith("--from") for one in source)]
    assert here == [["."], ["pyproject.toml"]]  # no folder that may be empty, which git leaves out
    made = next(line for line in lines if line.startswith("RUN uv sync"))
    assert made.endswith("mkdir -p data prompts recordings")
    for folder in ("data", "prompts", "recordings"):
        assert [source[-1] for source in copied].count(f"/app/{folder}") == 1


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        pytest.skip("hadolint is not in this environment; `uv run pytest` has it")
    done = subprocess.run(
        [program, ROOT / "template" / "Dockerfile"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_repositorys_own_checks_build_the_image_and_ask_for_its_health() -> None:
    text = (ROOT / "template" / ".github" / "workflows" / "checks.yml").read_text("utf-8")
    steps = yaml.safe_load(text)["jobs"]["checks"]["steps"]
    [build] = [step for step in steps if "docker compose up --build" in step.get("run", "")]
    assert build["if"] == "hashFiles('src/scaffold/serving/app.py') != ''"  # where there is an API
    assert "--wait" in build["run"]  # until HEALTHCHECK says so
    assert "curl --fail" in build["run"]
    assert "localhost:8000/health" in build["run"]
