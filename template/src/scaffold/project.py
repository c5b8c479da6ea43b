"""Where the repository is, and which code in it is the candidate's.

`[tool.takehome]` in pyproject.toml names the package; nothing else in the scaffold knows it.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

Solve = Callable[[Any, Any], Awaitable[Any]]


class ProjectError(Exception):
    """The repository is not as the commands need it; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Project:
    """One take-home repository: its root folder and what `[tool.takehome]` says."""

    root: Path
    package: str
    model: str
    solver: str

    def module(self, name: str) -> ModuleType:
        """Return the module `name` of the candidate's package.

        Raises:
            ProjectError: there is no such module, or it cannot be imported.
        """
        full = f"{self.package}.{name}"
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as missing:
            if missing.name not in (full, self.package):
                raise  # the candidate's own import: its traceback says more than we could
            raise ProjectError(
                f"There is no {self.path(name)} to load; [tool.takehome] in pyproject.toml says "
                f'package = "{self.package}". Create the file, or mend the name and run `uv sync`.'
            ) from missing

    def solver_named(self, name: str) -> Solve:
        """Return `solve` of a module of the candidate's package, or any `module:function`."""
        place, _, function = name.partition(":")
        module = importlib.import_module(place) if function else self.module(place)
        found: Solve | None = getattr(module, function or "solve", None)
        if found is None:
            raise ProjectError(
                f"{place} has no function {function or 'solve'} to solve cases with."
            )
        return found

    def path(self, name: str) -> str:
        """Return where the module `name` lies, as people write it: from the root, with slashes."""
        return f"src/{self.package}/{name}.py"


def find(start: Path | None = None) -> Project:
    """Return the repository around `start` (default: the working directory).

    Raises:
        ProjectError: no pyproject.toml with a table `[tool.takehome]` there or above, or a bad one.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if not file.is_file():
            continue
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("takehome")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ProjectError(f"{file} cannot be read as TOML: {error}. Mend it first.") from error
        if table is not None:
            return _project(folder, table)
    raise ProjectError(
        f"No pyproject.toml with a table [tool.takehome] in {here} or above it: "
        "change into the repository, then run the command again."
    )


def _project(root: Path, table: dict[str, object]) -> Project:
    values = {"solver": "baseline", "model": "", **table}
    for key in ("package", "model", "solver"):
        if not isinstance(values.get(key), str):
            raise ProjectError(
                f'{root / "pyproject.toml"}: [tool.takehome] needs {key} = "…", a string.'
            )
    return Project(root, str(values["package"]), str(values["model"]), str(values["solver"]))
