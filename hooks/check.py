"""After an update: is the environment whole again, and do the candidate's tests pass."""

import os
import re
from pathlib import Path

import environment
import locks

_STARTERS_TESTS = Path("tests/test_solution.py")


def run(starter: bool) -> tuple[bool, list[str]]:
    """Lock, sync and test; tell whether tests fail, and what there is to say.

    What cannot be done here (no uv, no network) is a sentence and no failure.
    """
    said: list[str] = []
    if starter and Path("poetry.lock").exists():
        locks.lock_poetry(said.append)
    failed, sentence = _synced_and_tested(starter)
    return failed, [*said, sentence]


def _synced_and_tested(starter: bool) -> tuple[bool, str]:
    uv = environment.uv()
    if uv is None:
        return False, "uv is not installed. With it: uv sync, then uv run pytest"
    for step in ("lock", "sync"):
        done = environment.run([uv, step, "--quiet"])
        if not done.ok:
            later = "When that is mended: uv sync, uv run pytest"
            return False, f"uv {step} failed ({done.complaint}). {later}"
    current = "uv.lock and .venv are up to date"
    if os.environ.get("TAKEHOME_UPDATE_TESTS") == "0":
        return False, f"{current}; TAKEHOME_UPDATE_TESTS=0: no tests."
    # A company's own tests may need what only the company has.
    chosen = [_STARTERS_TESTS.as_posix()] if starter and _STARTERS_TESTS.exists() else []
    command = [uv, "run", "--no-sync", "pytest", "-q", "--no-header", "--tb=no", "-rfE"]
    tested = environment.run([*command, *chosen])
    text = tested.output.decode("utf-8", "replace")
    failing = re.findall(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
    if tested.ok:
        return False, f"{current}, and the tests pass."
    if not failing and ("no tests ran" in text or not text.strip()):
        why = "there was no test to run" if text.strip() else f"no test ran ({tested.complaint})"
        return False, f"{current}; {why}."
    names = ", ".join(failing[:3]) or "see"
    more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
    return True, f"Tests fail (did they before, too?): {names}{more}: uv run pytest"
