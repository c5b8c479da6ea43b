"""The branches that CI makes: one render a kind, which `copier update` takes as one of its own."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from history import NEWEST, update
from rendering import ROOT, git

SCRIPT = runpy.run_path(str(ROOT / ".github" / "scripts" / "render_branches.py"))


def test_a_rendered_branch_grows_by_a_commit_a_version_and_updates(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clone = Path(shutil.copytree(template, tmp_path / "a clone"))
    head = git(clone, "rev-parse", "HEAD")
    assert SCRIPT["kinds"](clone)[0] == "extract"
    for version in ("v0.1.0", "v0.2.0"):
        assert SCRIPT["commit"](clone, "extract", str(template), version) == "rendered/extract"
    assert git(clone, "rev-parse", "HEAD") == head
    assert git(clone, "status", "--porcelain") == ""
    subjects = git(clone, "log", "--format=%s", "rendered/extract").splitlines()
    assert subjects == ["Rendered from v0.2.0", "Rendered from v0.1.0"]
    # notes/ is there too: a fresh render has it, whatever .gitignore says.
    assert "notes/interview.md" in git(clone, "ls-tree", "-r", "--name-only", "rendered/extract")

    git(tmp_path, "clone", "--quiet", "--branch", "rendered/extract", str(clone), "mine")
    git(tmp_path / "mine", "tag", "scaffold")
    done = update(tmp_path / "mine", capfd)
    assert not done.failed
    assert f"Updated from v0.2.0 to {NEWEST}." in done.said
    assert (tmp_path / "mine/src/scaffold/added.py").exists()
