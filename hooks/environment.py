"""Calling uv and git: where they are, and what of our own environment they must not see."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Set by the environment that Copier runs in, or by a git hook around it; uv and git would take
# them for the new repository's.
_FOREIGN = {
    *("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX", "CONDA_DEFAULT_ENV"),
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "__PYVENV_LAUNCHER__"),
    *("UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"),
    *("UV_RUN_RECURSION_DEPTH", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY"),
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
}


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left: `output` as bytes, and the last line of what it said on stderr."""

    ok: bool
    output: bytes = b""
    complaint: str = ""


def uv() -> str | None:
    """Return uv's path: on PATH, the one that runs us (uvx), or the one beside Copier."""
    beside = Path(sys.executable).parent / ("uv.exe" if os.name == "nt" else "uv")
    for found in (which("uv"), os.environ.get("UV"), str(beside)):
        if found and Path(found).is_file():
            return found
    return None


def git() -> str | None:
    """Return git's path."""
    return which("git")


def which(name: str) -> str | None:
    """Return a program's path, by PATH."""
    found = shutil.which(name)
    # Windows looks into the working directory first, and that one is the company's starter.
    if found and Path(found).resolve().parent == Path.cwd().resolve():
        return None
    return found


def run(
    command: list[str],
    *,
    stdin: bytes = b"",
    seconds: float = 900,
    also: dict[str, str] | None = None,
) -> Done:
    """Run `command` here, without a shell; what it prints is kept, not shown."""
    environment = {k: v for k, v in os.environ.items() if k.upper() not in _FOREIGN}
    environment |= {"PYTHONUTF8": "1", "GIT_TERMINAL_PROMPT": "0", **(also or {})}
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            env=environment,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Done(False, complaint=f"it took longer than {seconds:.0f} seconds")
    except OSError as error:
        return Done(False, complaint=str(error))
    return Done(done.returncode == 0, done.stdout, _complaint(done.stderr))


def _complaint(stderr: bytes) -> str:
    """Return what went wrong and its first cause, out of all that a program printed."""
    lines = [line.strip(" │╰─▶├×") for line in stderr.decode("utf-8", "replace").splitlines()]
    errors = [line for line in lines if line.startswith(("error:", "fatal:"))]
    causes = [line for line in lines if line.lower().startswith(("caused by:", "cause:"))]
    others = [line for line in lines if line and not line.startswith(("hint:", "warning:"))]
    parts = [line.partition(":")[2].strip() for line in (*errors[:1], *causes[-1:])]
    others = others or ["no reason given"]
    first = others[-1] if others[0].startswith("Traceback") else others[0]
    said = (": ".join(parts) if parts else first).rstrip(".:")
    return said if len(said) <= 200 else f"{said[:199]}…"
