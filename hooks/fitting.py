"""Ours, as rendered over a starter, made to fit to what theirs has; before the first commit."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import files
import pytest_settings


def fit(package: str, pending: Path) -> list[Path]:
    """Let ours leave settings and folders of theirs alone; return files that are new.

    Ours are `pending` (or what it was merged into) and src/pyproject.toml, where theirs has a
    pyproject.toml; else the one here, which is both.
    """
    settings, build = pending, Path("src/pyproject.toml")
    if not pending.exists() and not build.exists():
        settings = build = Path("pyproject.toml")
    _rewrite(settings, pytest_settings.left_to_theirs)
    _rewrite(build, partial(beside_their_src, package=package))
    return _rules_for_our_tests(package)


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_bytes().decode("utf-8") if path.exists() else ""
    if change(text) != text:
        files.write_atomically(path, change(text))


def _rules_for_our_tests(package: str) -> list[Path]:
    """Give tests/ the rules of our code, where no test of theirs lies there that has others."""
    rules = Path("tests/ruff.toml")
    tests = [path for path in Path("tests").rglob("*.py") if "scaffold" not in path.parts]
    theirs = [path for path in tests if path.name not in ("test_solution.py", "test_design.py")]
    if theirs or not tests or rules.exists():
        return []
    lines = ['extend = "../src/scaffold/ruff.toml"', "", "[lint.isort]"]
    lines.append(f'known-local-folder = ["{package}"]')
    files.write_atomically(rules, "\n".join(lines) + "\n")
    return [rules]


def beside_their_src(text: str, package: str) -> str:
    """Return our pyproject.toml as rendered; where src/ is a package of theirs, uv_build refuses."""
    if not Path("src/__init__.py").exists():
        return text
    src = "" if 'module-root = ""\n' in text else "src/"
    instead = {
        'requires = ["uv_build>=0.8"]  # the floor for two packages in module-name\n'
        'build-backend = "uv_build"\n': (
            'requires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        ),
        "[tool.uv.build-backend]\n": (
            "# Not uv_build: src/ is a package of the starter's\n[tool.hatch.build.targets.wheel]\n"
        ),
        'module-root = ""\n': "",
        f'module-name = ["{package}", "scaffold"]\n': (
            f'packages = ["{src}{package}", "{src}scaffold"]\n'
        ),
    }
    for ours, new in instead.items():
        text = text.replace(ours, new)
    return text
