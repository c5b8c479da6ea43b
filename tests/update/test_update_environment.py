"""The whole of it, with uv: what an update adds is locked, installed, imported and tested."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from history import commit, copier
from rendering import git
from uv import find_uv_bin


def uv(folder: Path, *arguments: str) -> str:
    """Run uv on the folder's own environment."""
    own = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        [find_uv_bin(), *arguments],
        cwd=folder,
        env=own,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_part_and_a_bump_are_locked_and_installed_beside_a_library_of_ones_own(
    rendered: Callable[..., Callable[[Path], Path]], tmp_path: Path
) -> None:
    mine = rendered("v0.1.0")(tmp_path / "mine")
    (mine / "tests/test_mine.py").write_text("def test_mine():\n    assert 0\n", "utf-8")
    uv(mine, "add", "--quiet", "--no-sync", "tabulate")
    commit(mine)
    log = git(mine, "log", "--format=%H", "--all")
    command = ("update", "--trust", "--defaults", "--quiet", "--vcs-ref", "v0.2.0")
    said = copier(mine, *command, "-d", "parts=[documents]", code=1).stdout
    # Everything is in place; what fails is the test that failed before.
    assert "Tests fail (did they before, too?): tests/test_mine.py::test_mine: uv run" in said
    assert len(said.splitlines()) <= 10
    assert 'name = "pypdf"' in (mine / "uv.lock").read_text("utf-8")
    uv(mine, "run", "--no-sync", "python", "-c", "import tabulate, docx, scaffold.documents")
    assert git(mine, "log", "--format=%H", "--all") == log
    assert git(mine, "diff", "--cached", "--name-only") == ""
