"""A command that is forked ends, prints and finds its way as one of its own process does."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import warm_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks nothing here")

WORLD = """
import json, os, sys
print(json.dumps([os.getcwd(), sorted(os.environ.items()), sys.argv, sys.path[:3], sys.stdin.read()]))
print("é", file=sys.stderr)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    return own | {"PYTHONPATH": str(tmp_path / "src"), "PYTHONUTF8": "1", "ONLY_HERE": "1"}


def both(
    command: tuple[str, ...], folder: Path, environment: dict[str, str]
) -> tuple[CompletedProcess[str], CompletedProcess[str]]:
    """Run a command forked, and in a process of its own."""
    alone = warm_python.run(command, folder, environment | {"PYTHONHASHSEED": "random"})
    return warm_python.run(command, folder, environment), alone


def test_a_command_has_its_own_folder_environment_arguments_path_and_input(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "world.py").write_text(WORLD, encoding="utf-8")
    for command in (("python", "-m", "world", "a b"), ("python", "-c", WORLD, "a b")):
        forked, alone = both(command, tmp_path, environment)
        seed = '["PYTHONHASHSEED", "random"], '
        assert forked.stdout == alone.stdout.replace(seed, "")
        assert '"ONLY_HERE"' in forked.stdout
        assert forked.stderr == alone.stderr == "é\n"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("pass", 0),
        ("raise SystemExit", 0),
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('a sentence')", 1),
        ("import os; os._exit(5)", 5),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import atexit; atexit.register(print, 'the end')", 0),
        ("import threading; threading.Thread(target=print, args=('later',)).start()", 0),
    ],
)
def test_a_command_ends_as_it_does_alone(
    tmp_path: Path, environment: dict[str, str], script: str, code: int
) -> None:
    forked, alone = both(("python", "-c", script), tmp_path, environment)
    assert forked.returncode == alone.returncode == code
    assert (forked.stdout, forked.stderr) == (alone.stdout, alone.stderr)


def test_an_exception_ends_a_command_with_its_traceback(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    forked, alone = both(("python", "-c", "1 / 0"), tmp_path, environment)
    assert forked.returncode == alone.returncode == 1
    assert forked.stderr.splitlines()[-1] == alone.stderr.splitlines()[-1]
    assert "Traceback" in forked.stderr


def test_a_command_that_hangs_is_ended_and_the_next_one_runs(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    hangs = ("python", "-c", "import time; time.sleep(60)")
    assert warm_python.run(hangs, tmp_path, environment, timeout_s=1).returncode == -14
    assert warm_python.run(("python", "-c", "pass"), tmp_path, environment).returncode == 0


def test_what_one_command_imports_and_changes_is_not_there_for_the_next(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "src").mkdir()
    for text in ("first", "second"):
        (tmp_path / "src" / "ours.py").write_text(f"print({text!r})\n", encoding="utf-8")
        script = ("python", "-c", "import ours, os; print(os.environ.setdefault('LEFT', 'new'))")
        environment["LEFT"] = text
        done = warm_python.run(script, tmp_path, environment | {"PYTHONDONTWRITEBYTECODE": "1"})
        assert done.stdout == f"{text}\n{text}\n"
