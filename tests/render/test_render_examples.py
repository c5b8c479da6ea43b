"""The examples' answers are answers, and the figures in their pages are what a run gives."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from rendering import ROOT, render

QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
EXAMPLES = sorted((ROOT / "examples").glob("*/answers.yml"))


@pytest.mark.parametrize("answers", EXAMPLES, ids=lambda file: file.parent.name)
def test_every_key_of_an_answers_file_is_a_question(answers: Path) -> None:
    """Copier ignores an unknown key in silence, so that a misspelt answer would go unnoticed."""
    given = yaml.safe_load(answers.read_text("utf-8"))
    assert given
    assert {key for key in given if key.startswith("_") or key not in QUESTIONS} == set()


@pytest.mark.parametrize("answers", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_figures_of_an_example_are_what_a_run_gives(
    template: Path, tmp_path: Path, run_in: Callable[..., Any], answers: Path
) -> None:
    page = answers.with_name("README.md").read_text("utf-8")
    figures = re.findall(r"^\| ([\w.]+) +\| (\d\.\d{3} \[.*?\] \(n = \d+\))", page, re.M)
    assert figures
    folder = render(template, tmp_path / "out", **yaml.safe_load(answers.read_text("utf-8")))
    printed = run_in(folder, "python", "-m", "scaffold.cli", "eval").stdout
    for name, figure in figures:
        assert re.search(rf"^\| {re.escape(name)} +\| {re.escape(figure)}", printed, re.M), printed
