"""The workflows of this repository and of a render: pinned, without rights they do not need."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import ROOT

OURS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GIVEN = sorted((ROOT / "template/.github/workflows").glob("*.yml"))
SCRIPTS = ROOT / ".github" / "scripts"


def steps(workflow: Path) -> list[dict[str, Any]]:
    """Return every step of every job."""
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_one_action_is_one_commit_everywhere() -> None:
    pinned: dict[str, set[str]] = {}
    for workflow in (*OURS, *GIVEN):
        for uses in re.findall(r"uses: (\S+ # \S+|.*)", workflow.read_text("utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", uses), (workflow, uses)
            pinned.setdefault(uses.partition("@")[0], set()).add(uses.partition("@")[2])
    assert pinned
    assert {name: found for name, found in pinned.items() if len(found) > 1} == {}


@pytest.mark.parametrize("workflow", [*OURS, *GIVEN], ids=lambda path: path.stem)
def test_a_workflow_may_read_and_a_job_says_what_else_it_may(workflow: Path) -> None:
    content = yaml.safe_load(workflow.read_text("utf-8"))
    assert content["permissions"] == {"contents": "read"}
    for name, job in content["jobs"].items():
        assert job["timeout-minutes"] <= 60, name
        assert len(job.get("permissions", {})) <= 1, name
    for step in steps(workflow):
        if "checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_every_script_that_a_workflow_runs_is_there_and_no_script_is_left_over() -> None:
    text = "".join(workflow.read_text("utf-8") for workflow in OURS)
    named = set(re.findall(r"\.github/scripts/(\w+\.py)", text))
    assert named == {path.name for path in SCRIPTS.glob("*.py")}


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("zizmor", ("--offline", "--no-progress", ".github", "template/.github")),
        ("actionlint", tuple(str(path) for path in (*OURS, *GIVEN))),
    ],
)
def test_nothing_is_found_in_any_workflow_by(program: str, arguments: tuple[str, ...]) -> None:
    found = shutil.which(program, path=Path(sys.executable).parent) or shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not in this environment; `uv run pytest` has it")
    done = subprocess.run(
        [found, *arguments], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_releases_text_is_its_section_of_the_changelog_and_a_missing_one_stops_it(
    tmp_path: Path,
) -> None:
    for name in (".github/scripts/release_notes.py", "hooks/changelog.py"):
        target = tmp_path / name
        target.parent.mkdir(parents=True)
        target.write_text((ROOT / name).read_text("utf-8"), "utf-8")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n- Soon.\n\n## 1.2.0\n\nWords.\n\n- A point.\n\n## 1.1.0\n",
        "utf-8",
    )

    def notes(version: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(tmp_path / ".github/scripts/release_notes.py"), version]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    assert notes("v1.2.0").stdout == "Words.\n\n- A point.\n"
    for version in ("v1.1.0", "v1.3.0", "nonsense"):
        assert notes(version).returncode == 1
        assert f"for {version}" in notes(version).stderr
