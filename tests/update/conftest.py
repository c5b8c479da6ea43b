"""One template with a past for the whole run; settings of nobody's."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "hooks")]

from history import history, render  # noqa: E402
from rendering import made_once, own_settings, shared_folder  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_settings(tmp_path_factory.mktemp("home")):
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, _own_settings: None) -> Path:
    # A blank and letters beyond ASCII: such a path has to work.
    return made_once(shared_folder(tmp_path_factory) / "the templâte with a past", history)


@pytest.fixture(scope="session")
def rendered(
    tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Callable[..., Callable[[Path], Path]]:
    """Give copies of a render that is made once: a copy costs a tenth of a render."""
    renders = shared_folder(tmp_path_factory) / "renders with a past"

    def of(version: str, **answers: Any) -> Callable[[Path], Path]:
        asked = sha256(repr(sorted(answers.items())).encode()).hexdigest()[:16]

        def make(folder: Path) -> Path:
            return render(template, folder, version, **answers)

        made = made_once(renders / version / asked / "render", make)
        return lambda folder: Path(shutil.copytree(made, folder))

    return of
