"""What `copier update` runs in the project after its merge: what came, what conflicts, does it run.

Standard library only, run by Copier's own interpreter. Copier itself exits 0 with conflicts in the
files; here that is exit 1, as are failing tests. It stages, commits and deletes nothing.
"""

import argparse
import os
import sys
from pathlib import Path

# An interpreter started with PYTHONSAFEPATH does not look beside the script by itself.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from script import Say, options, print_any_letter, python_is_too_old, say

_OPTIONS = {"answers-file": ".copier-answers.yml", "starter": "false", "skip-tasks": "false"}
_LINES = 10


def main(arguments: list[str] | None = None) -> int:
    """Report, lock, sync and test; return 1 where conflicts or failing tests remain."""
    print_any_letter()
    if python_is_too_old():
        say("Updated. Copier on Python 3.11 or newer says more. Next: git status, then uv sync")
        return 0
    try:
        return report(options("after_update.py", _OPTIONS, arguments), say)
    except KeyboardInterrupt:
        say("Interrupted. The files are updated; `git status` shows them, `uv sync` does the rest.")
    except Exception as error:
        say(f"Updated, but the report stopped ({type(error).__name__}: {error}). Next: git status")
    return 0


def report(answers: argparse.Namespace, say: Say) -> int:
    """Say in at most ten lines what the update did; run what shows that all still works."""
    import check
    import environment
    import hidden
    import merged
    import parts
    import repository

    program = environment.git()
    if program is None:
        say("Updated. git is not to be found, so this cannot say what changed. Next: uv sync")
        return 0
    repo = repository.Repository(program)
    # Before uv: markers in pyproject.toml make it unreadable.
    left = merged.look(repo, answers.answers_file)
    lines = [merged.settle(name, where) for name, where in list(left.conflicts.items())[:3]]
    if len(left.conflicts) > 3:
        lines[2:] = [f"Conflicts in {len(left.conflicts) - 2} more: git diff --diff-filter=U"]
    if left.gone:
        lines.append(
            f"Gone, as the template has them no more: {_some(left.gone)} (git restore FILE)."
        )
    kept = hidden.changed(repo)
    if kept:
        path, copy = kept[0]
        more = f" and {len(kept) - 1} more there" if len(kept) > 1 else ""
        lines.append(
            f'Your "{path.as_posix()}", which git ignores, was replaced; it is in {copy}{more}.'
        )
    try:
        added = parts.add(repo, answers.answers_file)
    except OSError as error:
        added = []
        lines.append(f"The starter files of what you added are missing ({error}).")
    if added:
        lines.append(f"To start from, written where nothing stood: {_some(added)}.")
    if left.changed:
        lines.insert(0, f"Changed by it, and not committed: {_some(left.changed)}.")
    if left.conflicts:
        failed, end = True, ["When they are settled: uv sync, then uv run pytest, then git commit"]
    elif answers.skip_tasks == "true":
        failed, end = False, ["Nothing was run (--skip-tasks). Next: uv sync, then uv run pytest"]
    else:
        failed, end = check.run(answers.starter == "true")
    for line in [*_news(_LINES - len(lines) - len(end)), *lines, *end]:
        say(line)
    return 1 if failed else 0


def _news(room: int) -> list[str]:
    """Return from where to where it went, and what came, in at most `room` lines."""
    import changelog
    import rendered

    old, new = os.environ.get("VERSION_FROM", "?"), os.environ.get("VERSION_TO", "?")
    if old == new:
        return [f"The template's version stays {new}."]
    try:
        text = (rendered.TEMPLATE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    except OSError:
        text = ""
    came = [
        f"{part.version}: {_short(bullet)}"
        for part in changelog.between(text, old, new)
        for bullet in part.bullets
    ]
    shown = came if len(came) < room else came[: max(room - 2, 0)]
    rest = len(came) - len(shown)
    more = [f"{rest} more in the template's CHANGELOG.md"] if rest and room > 1 else []
    return [f"Updated from {old} to {new}.", *(f"- {line}" for line in [*shown, *more])]


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119].rsplit(' ', 1)[0]} …"


def _some(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' if " " in name else name for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


if __name__ == "__main__":
    sys.exit(main())
