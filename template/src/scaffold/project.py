"""Where the repository is, and which code in it is yours: `[tool.takehome]` of pyproject.toml."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

Solve = Callable[[Any, Any], Awaitable[Any]]


class ProjectError(Exception):
    """The repository is not as a command needs it; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Project:
    """One take-home: its root folder, and the three answers that the commands need."""

    root: Path
    package: str
    model: str
    solver: str

    def module(self, name: str) -> ModuleType:
        """Return the module `name` of the candidate's package, or raise ProjectError."""
        full = f"{self.package}.{name}"
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as missing:
            if missing.name not in (full, self.package):
                raise  # the candidate's own import: its traceback says more than we could
            raise ProjectError(
                f"There is no src/{self.package}/{name}.py: create it, or mend the package's name "
                "under [tool.takehome] in pyproject.toml; then `uv sync`."
            ) from missing

    def solver_named(self, name: str) -> Solve:
        """Return `solve` of a module of the package, or any `module:function`."""
        place, _, function = name.partition(":")
        if find_spec(f"{self.package}.{place}") or not function:
            module = self.module(place)
        elif find_spec(place.partition(".")[0]):
            module = importlib.import_module(place)
        else:
            raise ProjectError(
                f"There is no module {place}: write module:function, as Python does."
            )
        found: Solve | None = getattr(module, function or "solve", None)
        if found is None:
            raise ProjectError(f"{place} has no function {function or 'solve'}(input, llm).")

        async def solve(input: Any, llm: Any) -> Any:
            output = await found(input, llm)
            if not hasattr(output, "model_dump"):  # a dict would be scored 0 without a word
                kind = type(output).__name__
                raise ProjectError(f"{name} must return Output of schemas.py; it returned {kind}.")
            return output

        return solve


def find() -> Project:
    """Return the repository around the working directory.

    Raises:
        ProjectError: no pyproject.toml with a whole table `[tool.takehome]` there or above.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        try:
            table = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        except ValueError as error:
            raise ProjectError(f"{file} cannot be read: {error}. Mend it first.") from error
        if found := table.get("tool", {}).get("takehome"):
            try:
                return Project(folder, **{key: str(value) for key, value in found.items()})
            except TypeError as error:
                keys = "package, model and solver"
                raise ProjectError(f"{file}: [tool.takehome] needs {keys}, no more.") from error
    raise ProjectError(f"No pyproject.toml with [tool.takehome] in {here} or above: change folder.")
