"""Fixtures: a kind's overlay laid out as a repository, without Copier, and importable."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scaffold import prompts

TEMPLATE = Path(__file__).parents[2] / "template"
# What a kind's parts bring into the candidate's package, from beside the overlays.
OF_PARTS = {"rag": ("retrieval.py", "embeddings.py")}
SCHEMAS = '''"""Another problem."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, Field


class Input(BaseModel):
    text: str


{output}


class Expected(Output):
    pass
'''


def _lay_out(kind: str, folder: Path, package: str) -> Path:
    """Copy a kind's files into `folder`, the package's name filled in, with a pyproject.toml."""
    overlay = TEMPLATE / f"{{% if kind == '{kind}' %}}.{{% endif %}}"
    sources = [(overlay, source) for source in filter(Path.is_file, overlay.rglob("*"))]
    of_parts = (TEMPLATE / "src" / "{{ package_name }}" / name for name in OF_PARTS.get(kind, ()))
    for root, source in [*sources, *((TEMPLATE, source) for source in of_parts)]:
        if "__pycache__" in source.parts:
            continue
        name = source.relative_to(root).as_posix().replace("{{ package_name }}", package)
        target = folder / name.removesuffix(".jinja")
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".jinja"):
            text = source.read_text(encoding="utf-8").replace("{{ package_name }}", package)
            target.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(source, target)
    table = f'[tool.takehome]\npackage = "{package}"\nmodel = "openai:x"\nsolver = "baseline"\n'
    (folder / "pyproject.toml").write_text(table, encoding="utf-8")
    return folder


class Project:
    """A laid out kind, importable while the test runs."""

    def __init__(self, folder: Path, package: str) -> None:
        self.folder, self.package = folder, package

    def module(self, name: str) -> Any:
        module: ModuleType = importlib.import_module(f"{self.package}.{name}")
        return module

    def lines(self) -> list[dict[str, Any]]:
        text = (self.folder / "data/cases.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def write_schemas(self, output: str) -> None:
        path = self.folder / "src" / self.package / "schemas.py"
        path.write_text(SCHEMAS.replace("{output}", output), encoding="utf-8")


@contextmanager
def _project(kind: str, folder: Path, package: str = "the_task") -> Generator[Project]:
    """Lay `kind` out in `folder`, work there, and forget its modules and prompts afterwards."""
    _lay_out(kind, folder, package)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder / "src"))
        patch.setattr(sys, "dont_write_bytecode", True)  # the same name is imported many times
        prompts._environment.cache_clear()
        yield Project(folder, package)
        prompts._environment.cache_clear()
        for name in [n for n in sys.modules if n.split(".")[0] == package]:
            del sys.modules[name]


@pytest.fixture
def lay_out() -> Callable[[str, Path, str], Path]:
    return _lay_out


def _fixture(kind: str) -> Any:
    """Make the fixture that lays out a kind, and is called like it."""

    @pytest.fixture(name=kind)
    def laid_out(tmp_path: Path) -> Iterator[Project]:
        with _project(kind, tmp_path) as project:
            yield project

    return laid_out


# A fixture for each overlay (`blank`, `extract` and so on): a new kind needs no line here.
for _overlay in TEMPLATE.glob("{% if kind ==*"):
    _kind = _overlay.name.split("'")[1]
    globals()[_kind] = _fixture(_kind)
