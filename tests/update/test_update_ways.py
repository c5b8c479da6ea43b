"""The other ways in: each by Copier's own command, as a person types it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from history import NEWEST, Work, change, commit, copier, render, update
from rendering import git

Rendered = Callable[..., Callable[[Path], Path]]
UPDATE = ("update", "--trust", "--defaults", "--skip-tasks")


def answer(folder: Path, name: str) -> str:
    """Return what the answers file has for `name`."""
    recorded = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    return str(recorded[name])


def test_recopy_keeps_what_was_written_and_brings_the_given_files_anew(
    rendered: Rendered, tmp_path: Path
) -> None:
    mine = rendered("v0.1.0")(tmp_path / "mine")
    (mine / "src/my_task/solution.py").write_text("# All mine\n", "utf-8")
    (mine / "tests" / "unit").mkdir()
    (mine / "tests/unit/test_deep.py").write_text("# Mine, too\n", "utf-8")
    (mine / "README.md").write_text("# My README\n", "utf-8")
    (mine / "src/scaffold/prompts.py").write_text("broken\n", "utf-8")
    commit(mine)
    copier(mine, "recopy", "--trust", "--defaults", "--overwrite", "--skip-tasks")
    changed = set(git(mine, "diff", "--name-only").split())
    assert "src/scaffold/prompts.py" in changed
    assert not changed & {"src/my_task/solution.py", "tests/unit/test_deep.py", "README.md"}
    assert answer(mine, "_commit") == NEWEST


def test_check_update_tells_a_newer_version_by_its_exit_code(
    rendered: Rendered, tmp_path: Path
) -> None:
    old = rendered("v0.1.0")(tmp_path / "old")
    copier(old, "check-update", "--quiet", code=2)
    shown = copier(old, "check-update", "--output-format", "json").stdout
    assert '"update_available": true' in shown
    change(old / ".copier-answers.yml", "_commit: v0.1.0", f"_commit: {NEWEST}")
    copier(old, "check-update", "--quiet", code=0)


def test_a_dirty_tree_is_refused_by_copier_and_left_as_it_is(
    rendered: Rendered, tmp_path: Path
) -> None:
    mine = rendered("v0.1.0")(tmp_path / "mine")
    (mine / "README.md").write_text("# Not committed\n", "utf-8")
    done = copier(mine, *UPDATE, code=None)
    assert done.returncode != 0
    assert "dirty" in done.stderr
    assert git(mine, "status", "--porcelain").split() == ["M", "README.md"]
    assert (mine / "README.md").read_text("utf-8") == "# Not committed\n"


def test_a_folder_of_a_monorepo_is_updated_and_its_neighbours_are_not(
    template: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / "all of it"
    neighbour = whole / "other" / "README.md"
    neighbour.parent.mkdir(parents=True)
    neighbour.write_text("Theirs\n", "utf-8")
    mine = render(template, whole / "tasks" / "mein Täsk", "v0.1.0")
    shutil.rmtree(mine / ".git")
    git(whole, "init", "--quiet")
    commit(whole)
    git(whole, "tag", "scaffold")
    agents = mine / "AGENTS.md"
    agents.write_text(agents.read_text("utf-8").replace("; read it ", "; read it soon, "), "utf-8")
    shutil.rmtree(mine / "data")
    (mine / "src/my_task/solution.py").write_text("# All mine\n", "utf-8")
    commit(whole)
    work = Work.of(mine)
    done = update(mine, capfd)
    assert work.lost(mine, done.said) == []
    assert 'Conflict in "AGENTS.md" (line 3)' in done.said
    assert (mine / "src/scaffold/added.py").exists()
    changed = git(whole, "-c", "core.quotePath=off", "status", "--porcelain", "-z").split("\0")
    assert [name for name in changed if name and "tasks/mein Täsk/" not in name] == []


def test_an_existing_repository_becomes_one_that_updates(template: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "main.py").write_text("print('the company')\n", "utf-8")
    (theirs / "README.md").write_text("# The company's\n", "utf-8")
    git(theirs, "init", "--quiet")
    commit(theirs, "Their starter")
    data = ("-d", "starter=true", "-d", "package_name=my_task", "--vcs-ref", "v0.2.0")
    copier(theirs, "copy", "--defaults", "--skip-tasks", *data, str(template), ".")
    shutil.rmtree(theirs / ".takehome")
    commit(theirs, "Ours beside it")
    copier(theirs, *UPDATE)
    assert answer(theirs, "_commit") == NEWEST
    assert (theirs / "main.py").read_text("utf-8") == "print('the company')\n"
    assert (theirs / "README.md").read_text("utf-8") == "# The company's\n"
    assert (theirs / "src/scaffold/added.py").exists()


@pytest.mark.parametrize("named", ["relative path and tag", "commit", "address"])
def test_a_template_named_by_path_and_tag_by_commit_or_by_address_is_found_again(
    named: str, template: Path, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    near = Path(shutil.copytree(template, tmp_path / "near by"))
    # A commit between two versions, as one has it who takes the newest commit.
    (near / "CHANGELOG.md").write_text("## Unreleased\n\n- Soon.\n", "utf-8")
    git(near, "checkout", "--quiet", "v0.2.0")
    git(near, "commit", "--quiet", "--allow-empty", "--message=Between")
    between = git(near, "rev-parse", "HEAD").strip()
    git(near, "tag", "keep/it")
    git(near, "checkout", "--quiet", "--force", "main")
    source, version = {
        "relative path and tag": ("../near by", "v0.1.0"),
        "commit": (str(near), between),
        "address": (f"git+{near.as_uri()}", "v0.1.0"),
    }[named]
    arguments = ("--defaults", "--skip-tasks", "-d", "package_name=my_task", "--vcs-ref", version)
    copier(tmp_path / "here", "copy", *arguments, source, "mine")
    mine = tmp_path / "here" / "mine"
    git(mine, "init", "--quiet")
    commit(mine)
    assert answer(mine, "_src_path") == (source if named == "address" else str(near))
    copier(mine, *UPDATE)
    assert answer(mine, "_commit") == NEWEST
    assert (mine / "src/scaffold/added.py").exists()
