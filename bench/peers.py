"""What the scripts here share: tables, and throwaway environments for the packages compared with."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "template" / "src"


def executable(environment: Path, name: str) -> Path:
    """A command of a virtual environment."""
    return environment / ("Scripts" if os.name == "nt" else "bin") / name


def installed(package: str, scratch: Path) -> tuple[str, str] | None:
    """Install a package, or several, by uv; its Python, and its versions and size. None, said, if it cannot."""
    name = re.split(r"[\[ ]", package)[0]
    place = scratch / f"peer-{name}"
    python = str(executable(place, "python"))
    venv = ["uv", "venv", "--quiet", "--python", sys.executable, str(place)]
    install = ["uv", "pip", "install", "--quiet", "--link-mode", "copy", "--python", python]
    try:
        for command in (venv, [*install, *package.split()]):
            subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        print(f"{package} is left out, as it could not be installed: {said}", flush=True)
        return None
    size = sum(
        file.stat().st_size for file in place.rglob("*") if file.is_file() and not file.is_symlink()
    )
    names = list(dict.fromkeys([name, "anthropic"]))
    code = f"""if True:
        from importlib.metadata import PackageNotFoundError, version
        for name in {names}:
            try:
                print(name, version(name), end="; ")
            except PackageNotFoundError:
                pass
    """
    versions = subprocess.check_output([python, "-c", code], encoding="utf-8")
    return python, f"{versions}{size / 1e6:.0f} MB installed"


def machine(*packages: str) -> str:
    """The kind of machine, and the versions of what is measured."""
    kind = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return "; ".join([kind, *(f"{name} {version(name)}" for name in packages)])


def spread(values: Sequence[float], digits: int = 2) -> str:
    """The median, and what lies around it."""
    middle, least, most = statistics.median(values), min(values), max(values)
    around = f" ({least:.{digits}f} to {most:.{digits}f})" if len(values) > 1 else ""
    return f"{middle:.{digits}f}{around}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
    print()
