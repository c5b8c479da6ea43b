"""What an update costs the one who edited, in public Copier templates and in this one.

    uv run python bench/update_peers.py NAME=PATH:OLD:NEW …

PATH is a clone of a template with the tags OLD and NEW. Each is rendered at OLD with its defaults,
edited in the same way (README, a source file, a dependency, a test deleted, a workflow, a new
file), and updated to NEW with inline conflicts. This one goes from the first to the last version of
tests/update/history.py, as it has no releases yet. Templates' own tasks do not run.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "update"))
from copier import run_copy
from history import NEWEST, Work, commit, history
from peers import machine, table
from rendering import git, own_settings

# For questions without a default; a template ignores what it does not ask.
ANSWERS = {
    "package_name": "my_task",
    "project_name": "My task",
    "project_description": "A task.",
    "project_url": "https://example.com/task",
    "author_name": "Someone",
    "author_email": "someone@example.com",
    "package_description": "A task.",
    "package_author_name": "Someone",
    "package_author_email": "someone@example.com",
    "package_github_org": "someone",
}


def edit(folder: Path) -> list[str]:
    """Do the same to each; return what was done."""
    done = []
    sources = sorted(p for p in folder.glob("src/**/*.py") if "scaffold" not in p.parts)
    edited = [
        folder / "README.md",
        *sources[-1:],
        *sorted(folder.glob(".github/workflows/*.yml"))[:1],
    ]
    for path in edited:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        lines[2:2] = [f"# Mine, in {path.name}\n"]
        path.write_text("".join(lines), "utf-8")
        done.append(path.relative_to(folder).as_posix())
    pyproject = folder / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    added = re.sub(
        r"^dependencies = \[", 'dependencies = ["tabulate>=0.9",', text, flags=re.MULTILINE
    )
    if added != text:
        pyproject.write_text(added, "utf-8")
        done.append("pyproject.toml")
    for test in sorted(folder.glob("tests/test_*.py"))[:1]:
        test.unlink()
        done.append(f"-{test.relative_to(folder).as_posix()}")
    (folder / "mine.txt").write_text("Mine\n", "utf-8")
    return done


def row(name: str, template: Path, old: str, new: str, folder: Path) -> list[str]:
    """Update one template's project; count what became of the work."""
    run_copy(
        str(template),
        folder,
        ANSWERS,
        vcs_ref=old,
        defaults=True,
        skip_tasks=True,
        unsafe=True,
        quiet=True,
    )
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "Rendered")
    git(folder, "tag", "scaffold")
    done = edit(folder)
    commit(folder)
    work = Work.of(folder)
    command = [sys.executable, "-m", "copier", "update", "--trust", "--defaults", "--skip-tasks"]
    ended = subprocess.run(
        [*command, "--vcs-ref", new], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    conflicts = git(folder, "diff", "--name-only", "--diff-filter=U").split()
    # A conflict that nobody names counts as one here, not as a loss: its text is in the file.
    lost = work.lost(folder, " ".join(f'"{name}"' for name in conflicts))
    named = all(f'"{conflict}"' in ended.stdout for conflict in conflicts)
    said = "-" if not conflicts else "yes" if named else "no"
    print(f"{name}: edited {', '.join(done)}", flush=True)
    return [
        name,
        f"{old} to {new}",
        str(len(git(folder, "diff", "--name-only", "HEAD").split())),
        "; ".join(lost) or "nothing",
        ", ".join(conflicts) or "none",
        said,
        str(ended.returncode),
    ]


def peer(given: str) -> tuple[str, Path, str, str]:
    """Take NAME=PATH:OLD:NEW apart."""
    name, _, rest = given.partition("=")
    path, old, new = rest.rsplit(":", 2)
    return name, Path(path), old, new


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", nargs="*", type=peer, metavar="NAME=PATH:OLD:NEW")
    peers = parser.parse_args().peers
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made).resolve()
        with own_settings(scratch):
            rows = []
            for number, (name, *versions) in enumerate(peers):
                rows.append(row(name, *versions, scratch / f"peer {number}"))
            ours = history(scratch / "template")
            rows.append(row("this one", ours, "v0.1.0", NEWEST, scratch / "ours"))
    print(machine("copier"))
    head = [
        "template",
        "versions",
        "files changed",
        "lost or come back",
        "conflicts in",
        "named",
        "exit",
    ]
    table(head, rows)


if __name__ == "__main__":
    main()
