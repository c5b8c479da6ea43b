"""The candidate's estimate.py for the worked examples, and estimates beside measurements."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ESTIMATE = ROOT / "template" / "src" / "{{ package_name }}" / "estimate.py"


def load_estimate() -> Any:
    """Import the estimate.py that every take-home with the part gets, from where it lies."""
    spec = importlib.util.spec_from_file_location("estimate", ESTIMATE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Beside:
    """An estimate, what somebody measured and published, and where."""

    what: str
    estimated: float
    measured: float
    source: str

    @property
    def off(self) -> float:
        """The estimate's error as a share of what was measured."""
        return self.estimated / self.measured - 1


def compare(rows: list[Beside], sources: dict[str, str]) -> str:
    """The rows as a Markdown table, and the sources that its last column names below it."""
    rounded = load_estimate().rounded
    lines = ["| what | estimated | measured | off by | source |", "|---|---:|---:|---:|---|"]
    for row in rows:
        values = f"{rounded(row.estimated)} | {rounded(row.measured)} | {row.off:+.0%}"
        lines.append(f"| {row.what} | {values} | [{row.source}] |")
    return "\n".join([*lines, "", *(f"[{name}]: {url}" for name, url in sources.items())])
