"""CONTRIBUTING.md's rules for updates, held against the last release and against made-up breaches."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from history import change
from rendering import ROOT
from template_rules import breaches, checked_out, last_release


@pytest.fixture(scope="module")
def released(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checked_out(template, "v0.2.0", tmp_path_factory.mktemp("released"))


def test_this_working_tree_keeps_the_rules_since_the_last_release(
    tmp_path: Path,
) -> None:
    tag = last_release(ROOT)
    if not tag:
        pytest.skip("nothing has been released yet")
    old = checked_out(ROOT, tag, tmp_path / "old")
    assert breaches(old, ROOT, tag, tmp_path) == []


def test_a_version_that_only_adds_keeps_the_rules(
    template: Path, released: Path, tmp_path: Path
) -> None:
    assert last_release(template) == "v0.3.0"
    new = checked_out(template, "v0.3.0", tmp_path / "new")
    assert breaches(released, new, "v0.2.0", tmp_path) == []


SCAFFOLD = "template/src/scaffold"
BREACHES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a renamed file that people edit": (
        lambda new: (new / "template/AGENTS.md.jinja").rename(new / "template/RULES.md.jinja"),
        "AGENTS.md is no longer rendered, and no migration of this version names it",
    ),
    "a new question whose default drops a file": (
        lambda new: (
            change(
                new / "copier.yml",
                "\nbrief:\n",
                "\nci:\n  type: bool\n  help: CI?\n  default: false\n\nbrief:\n",
            ),
            (new / "template/.github").rename(new / "template/{% if ci %}.github{% endif %}"),
        ),
        ".github/workflows/checks.yml is no longer rendered",
    ),
    "a new question without a default": (
        lambda new: change(
            new / "copier.yml", "\nbrief:\n", "\nci:\n  type: bool\n  when: false\n\nbrief:\n"
        ),
        "the new question ci has no default",
    ),
    "a question that is gone": (
        lambda new: change(new / "copier.yml", "\nmodel:\n", "\nanother:\n"),
        "the question model is gone",
    ),
    "a choice that is gone": (
        lambda new: change(new / "copier.yml", '    "anthropic": anthropic\n', ""),
        "vendors has the choice anthropic no more",
    ),
    "a folder taken from the candidate": (
        lambda new: change(new / "copier.yml", "  - /prompts\n", ""),
        "/prompts was the candidate's",
    ),
    "a name that candidates import": (
        lambda new: change(new / SCAFFOLD / "prompts.py", "def render(", "def fill("),
        "scaffold.prompts.render is gone",
    ),
}


@pytest.mark.parametrize("what", BREACHES)
def test_a_breach_of_the_rules_is_named(what: str, released: Path, tmp_path: Path) -> None:
    make, sentence = BREACHES[what]
    new = Path(shutil.copytree(released, tmp_path / "new"))
    make(new)
    if what in ("a question that is gone", "a choice that is gone"):  # renders no more, either
        from template_rules import narrowed_questions as found

        said = found(released, new)
    else:
        said = breaches(released, new, "v0.2.0", tmp_path)
    assert [s for s in said if s.startswith(sentence)]
    assert len(said) == 1


def test_a_migration_that_names_the_file_or_a_notice_of_a_release_before_makes_it_no_breach(
    released: Path, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(released, tmp_path / "old"))
    new = Path(shutil.copytree(released, tmp_path / "new"))
    change(
        old / "CHANGELOG.md", "- Rich 14 is the floor.", "- Deprecated: `scaffold.prompts.render`."
    )
    change(new / SCAFFOLD / "prompts.py", "def render(", "def fill(")
    (new / "template/AGENTS.md.jinja").rename(new / "template/RULES.md.jinja")
    with (new / "copier.yml").open("a", encoding="utf-8") as questions:
        questions.write('  - version: v0.3.0\n    command: ["python", "move.py", "AGENTS.md"]\n')
    assert breaches(old, new, "v0.2.0", tmp_path) == []
