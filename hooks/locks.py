"""Lock files and the environment: uv's, and Poetry's where the starter has one."""

from pathlib import Path

import environment
from repository import Repository
from script import Say

_INSTALL_UV = "https://docs.astral.sh/uv/getting-started/installation/"
_REQUIREMENTS = Path("requirements.txt")
_UV_LOCK = Path("uv.lock")
_POETRY_LOCK = Path("poetry.lock")


def lock_and_sync(starter: bool, repo: Repository | None, say: Say) -> list[Path]:
    """Bring lock files and .venv up to date; return what of it the second commit may hold.

    A lock file that the user has changed and not committed stays theirs to commit. One that git
    does not have yet is ours outside a starter: of a run that could not commit.
    """
    locks = (_UV_LOCK, _POETRY_LOCK, Path("pyproject.toml"))
    free = [path for path in locks if not path.exists() or (repo and repo.unchanged(path))]
    if repo and not starter and _UV_LOCK.exists() and repo.at_head(_UV_LOCK) is None:
        free.append(_UV_LOCK)
    if starter and _POETRY_LOCK.exists():
        lock_poetry(say)
    if starter and Path("pdm.lock").exists():
        say("pyproject.toml has grown, so pdm.lock is out of date. Run: pdm lock --update-reuse")
    uv = environment.uv()
    if uv is None:
        say(f"uv is not installed ({_INSTALL_UV}). With it: uv sync. Without it: see README.md.")
    else:
        _by_uv(uv, starter, say)
    return [path for path in free if path.exists()]


def _by_uv(uv: str, starter: bool, say: Say) -> None:
    if environment.which("uv") is None:
        say(f"uv is not on your PATH; this run found it as {uv}.")
    if starter and _REQUIREMENTS.is_file():
        _add_requirements(uv, say)
    locked = environment.run([uv, "lock", "--quiet"])
    synced = environment.run([uv, "sync", "--quiet"]) if locked.ok else locked
    if synced.ok:
        say("uv.lock is written, .venv is ready.")
    else:
        step = "sync" if locked.ok else "lock"
        say(f"uv {step} failed ({synced.complaint}). When that is mended: uv sync")
        _say_of_python(synced.complaint, starter, say)
    if locked.ok and not _UV_LOCK.exists():
        say("uv.lock lies above this folder, in the uv workspace that it is in: commit it there.")


def _say_of_python(complaint: str, starter: bool, say: Say) -> None:
    """Say what to do about a starter whose Python is older than ours."""
    if starter and "Python requirement" in complaint:
        say("  Ours needs Python 3.11 or newer. Where the company allows it: uv python pin 3.11,")
        say("  and raise requires-python in pyproject.toml if that leaves 3.11 out.")
        if Path("src/pyproject.toml").exists():
            say("  Until then, theirs alone runs by: uv run --no-default-groups COMMAND")


def _add_requirements(uv: str, say: Say) -> None:
    """Give uv the lines of requirements.txt, where pyproject.toml is ours; pip goes on reading it."""
    if Path("src/pyproject.toml").exists() or not _names_any(_REQUIREMENTS):
        return
    if "dependencies = []" not in Path("pyproject.toml").read_text(encoding="utf-8"):
        return
    done = environment.run([uv, "add", "--quiet", "--no-sync", "-r", str(_REQUIREMENTS)])
    if done.ok:
        say("requirements.txt stays; its libraries now also stand in pyproject.toml, for uv.")
    else:
        say(f"Not all of requirements.txt goes with ours ({done.complaint}).")
        say("  Later: uv add -r requirements.txt")


def _names_any(requirements: Path) -> bool:
    text = requirements.read_bytes().decode("utf-8", "replace")
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def lock_poetry(say: Say) -> None:
    """Lock anew without raising versions: `poetry install` refuses a lock of an older pyproject."""
    program = environment.which("poetry")
    if program is None:
        say("pyproject.toml has grown, so poetry.lock is out of date. Run: poetry lock")
        return
    version = environment.run([program, "--version"], seconds=60).output
    keep = ["--no-update"] if b"version 1." in version else []
    done = environment.run([program, "lock", "--no-interaction", *keep], seconds=600)
    if done.ok:
        say("poetry.lock is locked anew, with the versions that it had.")
    else:
        command = " ".join(["poetry lock", *keep])
        say(f"poetry.lock is out of date, and locking failed ({done.complaint}). Run: {command}")
