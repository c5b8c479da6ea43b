"""Commit a render of every kind to its own branch `rendered/KIND`, for reading and for `copier update`.

    python .github/scripts/render_branches.py --address URL --version v1.2.0

Each branch grows by one commit a version, so its history shows what a version changes. It needs
Copier in its environment, and runs in a clone of this repository; it pushes nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Render each kind and commit it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repository", type=Path, default=ROOT, help="clone that gets the branches"
    )
    parser.add_argument("--address", required=True, help="where `copier update` finds the template")
    parser.add_argument("--version", required=True, help="tag to render")
    chosen = parser.parse_args(arguments)
    for kind in kinds(chosen.repository):
        print(commit(chosen.repository.resolve(), kind, chosen.address, chosen.version))
    return 0


def kinds(template: Path) -> list[str]:
    """Return the kinds that the template offers."""
    questions = yaml.safe_load((template / "copier.yml").read_text(encoding="utf-8"))
    return list(questions["kind"]["choices"].values())


def commit(repository: Path, kind: str, address: str, version: str) -> str:
    """Put the render of one kind on top of its branch; return the branch's name."""
    branch = f"rendered/{kind}"
    with tempfile.TemporaryDirectory() as made:
        tree = Path(made).resolve() / "my-take-home"
        command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", "--skip-tasks"]
        command += ["--vcs-ref", version, "-d", f"kind={kind}", "-d", "package_name=my_task"]
        subprocess.run([*command, str(repository), str(tree)], check=True)
        answers = tree / ".copier-answers.yml"
        text = answers.read_text(encoding="utf-8")
        # The path of the machine that rendered it is nobody else's; a long one takes two lines.
        text = re.sub(
            r"^_src_path:.*\n(?: .*\n)*", f"_src_path: {address}\n", text, flags=re.MULTILINE
        )
        answers.write_text(text, encoding="utf-8")
        # An index of its own: the branch that is checked out, and its files, stay as they are.
        index = str(Path(made).resolve() / "index")
        git(
            repository,
            "--work-tree",
            str(tree),
            "add",
            "--all",
            "--force",
            ".",
            folder=tree,
            index=index,
        )
        written = git(repository, "write-tree", index=index)
        parents = [
            name
            for name in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}")
            if git(repository, "rev-parse", "--quiet", "--verify", name, check=False)
        ][:1]
        before = [part for name in parents for part in ("-p", name)]
        message = f"Rendered from {version}"
        made_commit = git(repository, "commit-tree", written, *before, "-m", message)
        git(repository, "update-ref", f"refs/heads/{branch}", made_commit)
    return branch


def git(
    repository: Path,
    *arguments: str,
    folder: Path | None = None,
    index: str = "",
    check: bool = True,
) -> str:
    """Run git on the repository and return what it printed."""
    where = subprocess.run(
        ["git", "rev-parse", "--absolute-git-dir"],
        cwd=repository,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout.strip()
    done = subprocess.run(
        ["git", "--git-dir", where, *arguments],
        cwd=folder or repository,
        env={**os.environ, **({"GIT_INDEX_FILE": index} if index else {})},
        capture_output=True,
        encoding="utf-8",
        check=check,
    )
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
