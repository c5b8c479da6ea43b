"""Is the scaffold whole in this repository? Run it with `uv run pytest tests/scaffold`."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import scaffold


def test_every_module_of_the_scaffold_imports() -> None:
    names = [m.name for m in pkgutil.walk_packages(scaffold.__path__, "scaffold.")]
    assert "scaffold.cli" in names
    for name in names:
        importlib.import_module(name)


def test_the_command_line_explains_itself() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "scaffold.cli", "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "eval" in shown.stdout
