"""The candidate's estimate.py and the worked examples, imported from where they lie."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ESTIMATE = ROOT / "template" / "src" / "{{ package_name }}" / "estimate.py"
EXAMPLES = ROOT / "examples" / "estimate"


def load(path: Path) -> Any:
    """Import a file under a name of its own, so that a test may change its constants."""
    name = f"loaded_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def estimate() -> Any:
    return load(ESTIMATE)


@pytest.fixture(params=["serving", "retrieval"])
def example(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", list(sys.path))
    return load(EXAMPLES / f"{request.param}.py")
