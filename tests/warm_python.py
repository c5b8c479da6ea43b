"""Runs short commands of Python without importing the same libraries again for each.

Importing pydantic, Typer and the vendors' SDKs is most of what a command in a render takes. One
process has done it; for each command it forks, and the copy runs the command in the folder and
environment that were asked for. No module of a render is imported before.

Copies share the seed of their hashes: what has to come out alike in two processes, whatever the
order of a set, is asked of processes of their own.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

BIN = Path(sys.executable).parent
SCRIPTS = ("copier", "pytest")
LIBRARIES = (
    *("anthropic", "copier.__main__", "docx", "fastapi", "genai_prices", "httpx2", "jinja2"),
    *("openai", "openpyxl", "pydantic_settings", "pypdf", "pytest", "rich.progress", "typer"),
    "uvicorn",
)


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_s: int = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command of this environment as `subprocess.run` would, and sooner where that can be.

    With a PYTHONHASHSEED in `environment` it is a process of its own.
    """
    tool, *arguments = command
    python = tool == "python" and arguments[0] in ("-m", "-c")
    forks = sys.platform == "linux"  # elsewhere a process is not forked once it has threads
    if forks and (python or tool in SCRIPTS) and "PYTHONHASHSEED" not in environment:
        return _warm().run(command, folder, environment, timeout_s)
    script = BIN / tool
    return subprocess.run(
        [str(script) if script.exists() else tool, *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )


@cache
def _warm() -> WarmPython:
    warm = WarmPython()
    atexit.register(warm.close)
    return warm


class WarmPython:
    """The process that is there already, seen from the tests."""

    def __init__(self) -> None:
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=own,
        )

    def run(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_s: int
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end (-14 where that takes too long), and return what it printed."""
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.TemporaryDirectory() as made:
            out, err = Path(made) / "out", Path(made) / "err"
            request = {
                "command": command,
                "folder": str(folder),
                "environment": dict(environment),
                "timeout_s": timeout_s,
                "printed": [str(out), str(err)],
            }
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            printed = out.read_text("utf-8"), err.read_text("utf-8")
        return subprocess.CompletedProcess(command, code, *printed)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Copy:
    """A fork of the warm process, on its way to be the command that was asked for."""

    code: int | None = None

    def run(self, request: dict[str, Any]) -> None:
        """Run the command, and note what it ended with."""
        self.code = 1  # where an exception ends it
        try:
            _prepare(request)
            _run(*request["command"])
            self.code = 0
        except SystemExit as end:
            self.code = end.code if isinstance(end.code, int) else int(end.code is not None)
            raise

    def leave(self) -> None:
        """Spare the copy to take down the libraries, which would take longer than its command."""
        if self.code is not None:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(self.code)


def _serve(copy: Copy) -> None:
    """Fork for every request; return once there is none any more, or in a copy that has run."""
    for line in sys.stdin:
        forked = os.fork()
        if not forked:
            copy.run(json.loads(line))
            return
        _, status = os.waitpid(forked, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _prepare(request: dict[str, Any]) -> None:
    """Take the folder, the environment and the path of the command, and print where it prints."""
    signal.alarm(request["timeout_s"])
    for number, path in enumerate((os.devnull, *request["printed"])):
        os.dup2(os.open(path, os.O_CREAT | (os.O_WRONLY if number else os.O_RDONLY)), number)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("sitecustomize")


def _run(tool: str, *arguments: str) -> None:
    """Run what `python` or a script beside it would run."""
    if tool in SCRIPTS:
        sys.argv = [str(BIN / tool), *arguments]
        sys.path.insert(0, str(BIN))
        runpy.run_path(sys.argv[0], run_name="__main__")
        return
    option, what, *rest = arguments
    if option == "-m":
        sys.argv = [what, *rest]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    sys.argv = [option, *rest]
    sys.path.insert(0, "")
    main = sys.modules["__main__"] = ModuleType("__main__")
    exec(compile(what, "<string>", "exec"), vars(main))


if __name__ == "__main__":
    from copier_in_a_hurry import hurry

    of_this_process = Copy()
    atexit.register(of_this_process.leave)  # before the libraries do: so it is called last
    sys.path.pop(0)
    for library in LIBRARIES:
        importlib.import_module(library)
    hurry()
    gc.collect()
    gc.freeze()  # or each copy would walk through all of it
    _serve(of_this_process)
