"""Fixtures for the hooks' tests; the hooks' own modules and this folder's are on the path."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "hooks")]

from hook_desk import Desk, interpreter, render  # noqa: E402


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with blanks and letters in its name, rendered a moment ago; git knows a name."""
    folder, stood = tmp_path / "Aufgabe für später", tmp_path / "where I stood"
    programs = tmp_path / "programs"
    for made in (folder, stood, programs):
        made.mkdir()
    render(folder)
    # Python too, and not an environment's: uv lies beside that one, however short PATH is.
    found = {"git": shutil.which("git"), "uv": find_uv_bin(), "python3": interpreter()}
    for name, program in found.items():
        assert program, f"these tests need {name}"
        _link(programs / name, Path(program).resolve())
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\n\tname = Someone\n\temail = someone@example.org\n\tuseConfigOnly = true\n",
        encoding="utf-8",
    )
    dropped = ("UV", "VIRTUAL_ENV", "EMAIL")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.startswith(("GIT_", "PYTHON"))
    }
    environment |= {
        "PATH": str(programs),
        "PWD": str(stood),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return Desk(folder, stood, programs, environment)


def _link(link: Path, program: Path) -> None:
    try:
        link.symlink_to(program)
    except OSError:
        pytest.skip("this machine allows no symbolic links, which give the hook its own PATH")


@pytest.fixture
def lines() -> tuple[list[str], Callable[[str], None]]:
    """What a step says, and the function it says it with."""
    said: list[str] = []
    return said, said.append
