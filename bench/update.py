"""An update of a half-done take-home, against the same change merged by someone who knows git.

    uv run python bench/update.py [--pairs 5]

One side runs `copier update`, hook included, but without the candidate's tests, which cost the same
on both sides. The other has the template's files on a branch (a commit a version, as a fork would)
and runs `git merge` and `uv sync`. Both take the same repository over the same four versions of
tests/update/history.py, with the same edits; the sides take turns. uv's cache is warm.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "update"))
from history import NEWEST, commit, history, render
from peers import machine, spread, table
from rendering import git, own_settings


def run(folder: Path, *command: str) -> float:
    """Run a command; return how long it took."""
    own = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    started = time.perf_counter()
    subprocess.run(
        command,
        cwd=folder,
        env=own | {"TAKEHOME_UPDATE_TESTS": "0"},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


def work(folder: Path) -> None:
    """Edit files of both owners, in no place that the template changes."""
    (folder / "src/my_task/solution.py").write_text("# All mine\n", "utf-8")
    settings = folder / "src/scaffold/settings.py"
    settings.write_text(settings.read_text("utf-8") + "\n# Mine.\n", "utf-8")
    commit(folder)


def prepared(template: Path, scratch: Path) -> Path:
    """Return a synced take-home of the first version, with the newest one on a branch."""
    folder = render(template, scratch / "mine", "v0.1.0")
    newer = render(template, scratch / "newer", NEWEST)
    git(folder, "checkout", "--quiet", "-b", "template")
    # A fork's history has the candidate's own folders, too: there its merge leaves them alone.
    for name in ("README.md", "notes", "src/my_task"):
        target = newer / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        old = folder / name
        (shutil.copytree if old.is_dir() else shutil.copy)(old, target)
    for old in [path for path in folder.iterdir() if path.name != ".git"]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(newer, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    commit(folder, NEWEST)
    git(folder, "checkout", "--quiet", "main")
    work(folder)
    run(folder, "uv", "sync", "--quiet")
    commit(folder, "The lock file")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    pairs = parser.parse_args().pairs
    times: dict[str, list[float]] = {"copier": [], "without uv": [], "git": []}
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made).resolve()
        with own_settings(scratch):
            ready = prepared(history(scratch / "template"), scratch)
            command = (sys.executable, "-m", "copier", "update", "--trust", "--defaults", "--quiet")
            for number in range(pairs):
                sides = [
                    Path(shutil.copytree(ready, scratch / f"{number}{s}", symlinks=True))
                    for s in "abc"
                ]
                times["copier"].append(run(sides[0], *command))
                merge = run(sides[1], "git", "merge", "--quiet", "--no-edit", "template")
                times["git"].append(merge + run(sides[1], "uv", "sync", "--quiet"))
                times["without uv"].append(run(sides[2], *command, "--skip-tasks"))
    print(machine("copier", "uv"))
    head = ["copier update s", "the same without uv s", "git merge and uv sync s"]
    table(head, [[spread(times[side]) for side in ("copier", "without uv", "git")]])


if __name__ == "__main__":
    main()
