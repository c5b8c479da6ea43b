"""One template with a past for the whole run; settings of nobody's."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "hooks")]

from history import history, render  # noqa: E402
from rendering import own_settings  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_settings(tmp_path_factory.mktemp("home")):
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, _own_settings: None) -> Path:
    # A blank and letters beyond ASCII: such a path has to work.
    return history(tmp_path_factory.mktemp("the templâte"))


@pytest.fixture(scope="session")
def rendered(
    tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Callable[..., Callable[[Path], Path]]:
    """Give copies of a render that is made once: a copy costs a tenth of a render."""
    made: dict[str, Path] = {}

    def of(version: str, **answers: Any) -> Callable[[Path], Path]:
        key = f"{version} {sorted(answers.items())}"
        if key not in made:
            made[key] = render(template, tmp_path_factory.mktemp("render"), version, **answers)
        return lambda folder: Path(shutil.copytree(made[key], folder))

    return of
