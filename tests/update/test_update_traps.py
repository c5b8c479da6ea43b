"""What Copier does by itself would cost work; each precaution has a test that fails without it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from history import NEWEST, Work, change, commit, release, update
from rendering import git

Rendered = Callable[..., Callable[[Path], Path]]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def mine(rendered: Rendered, tmp_path: Path) -> Path:
    """A take-home of the first version, in a folder with a blank and letters beyond ASCII."""
    return rendered("v0.1.0")(tmp_path / "meine Aufgäbe")


def test_a_file_that_both_sides_added_keeps_both_texts_and_is_named(
    mine: Path, capfd: Capture
) -> None:
    (mine / ".editorconfig").write_text("root = false  # mine\n", "utf-8")
    commit(mine)
    work = Work.of(mine)
    done = update(mine, capfd, version="v0.3.0")
    assert work.lost(mine, done.said) == []
    assert done.failed
    assert 'Conflict in ".editorconfig"' in done.said
    text = (mine / ".editorconfig").read_text("utf-8")
    assert "root = false  # mine" in text
    assert "indent_style = space" in text


def test_a_file_that_git_ignores_is_copied_before_it_is_written_over(
    mine: Path, capfd: Capture
) -> None:
    with (mine / ".git" / "info" / "exclude").open("a", encoding="utf-8") as rules:
        rules.write("CITATION.cff\n/src/scaffold/settings.py\n")
    (mine / "CITATION.cff").write_text("title: mine\n", "utf-8")
    done = update(mine, capfd, version="v0.3.0")
    kept = mine / ".git" / "takehome-before-update" / "CITATION.cff"
    assert (mine / "CITATION.cff").read_text("utf-8") == "title: the template's\n"
    assert kept.read_text("utf-8") == "title: mine\n"
    assert 'Your "CITATION.cff", which git ignores, was replaced; it is in .git/' in done.said
    assert not done.failed


def test_an_edited_file_that_the_template_has_no_more_is_named_and_git_has_it(
    rendered: Rendered, tmp_path: Path, capfd: Capture
) -> None:
    mine = rendered("v0.3.0")(tmp_path / "mine")
    (mine / ".editorconfig").write_text("root = false  # mine\n", "utf-8")
    commit(mine)
    work = Work.of(mine)
    done = update(mine, capfd)
    assert work.lost(mine, done.said) == []
    assert "Gone, as the template has them no more: .editorconfig (git restore FILE)" in done.said
    git(mine, "restore", ".editorconfig")
    assert (mine / ".editorconfig").read_text("utf-8") == "root = false  # mine\n"


def test_a_library_of_ones_own_merges_beside_a_bump_of_the_templates(
    mine: Path, capfd: Capture
) -> None:
    lines = '[\n    "httpx>=1",\n    "pandas>=2.3",\n]'
    change(mine / "pyproject.toml", "dependencies = []", f"dependencies = {lines}")
    commit(mine)
    done = update(mine, capfd, version="v0.2.0")
    assert not done.failed
    text = (mine / "pyproject.toml").read_text("utf-8")
    assert f"dependencies = {lines}" in text
    assert '"rich>=14.0"' in text
    assert "<<<<<<<" not in text


def test_an_added_part_brings_its_module_its_libraries_and_files_where_none_stand(
    mine: Path, capfd: Capture
) -> None:
    (mine / "src/my_task/tables.py").write_text("MINE = 1\n", "utf-8")
    commit(mine)
    work = Work.of(mine)
    done = update(mine, capfd, version="v0.1.0", parts=["documents"], vendors=["anthropic"])
    assert work.lost(mine, done.said) == []
    assert "The template's version stays v0.1.0." in done.said
    assert "To start from, written where nothing stood: src/my_task/reading.py." in done.said
    assert (mine / "src/my_task/reading.py").read_text("utf-8") == "# Reads for my_task\n"
    assert (mine / "src/scaffold/documents.py").exists()
    assert not (mine / "src/scaffold/llm/openai.py").exists()
    assert '"pypdf' in (mine / "pyproject.toml").read_text("utf-8")


def test_a_brief_or_data_named_to_an_update_is_not_passed_over_in_silence(
    mine: Path, capfd: Capture
) -> None:
    done = update(mine, capfd, version="v0.2.0", data="late.csv")
    assert not done.failed
    assert "An update places no brief and no data" in done.said
    commit(mine)
    assert "An update places" not in update(mine, capfd, version="v0.2.0").said


def test_another_kind_is_refused_before_anything_is_written(mine: Path, capfd: Capture) -> None:
    done = update(mine, capfd, kind="blank")
    assert done.failed
    assert 'kind is "extract" here and cannot change' in done.said
    assert git(mine, "status", "--porcelain") == ""


def test_an_old_name_stays_although_it_was_reserved_since_and_the_title_changes(
    template: Path, mine: Path, tmp_path: Path, capfd: Capture
) -> None:
    newer = Path(shutil.copytree(template, tmp_path / "template"))
    change(
        newer / "copier.yml", "scaffold takehome test tests", "my_task scaffold takehome test tests"
    )
    release(newer, "v1.1.0")
    change(mine / ".copier-answers.yml", f"_src_path: {template}", f"_src_path: {newer}")
    commit(mine)
    done = update(mine, capfd, project_name="Another title")
    assert not done.failed
    assert "package_name: my_task" in (mine / ".copier-answers.yml").read_text("utf-8")
    assert 'package = "my_task"' in (mine / "pyproject.toml").read_text("utf-8")
    assert sorted(p.name for p in (mine / "src").iterdir()) == ["my_task", "scaffold"]


def test_an_edit_of_the_given_code_survives_although_another_file_was_deleted(
    mine: Path, capfd: Capture
) -> None:
    # Where a file was deleted, Copier renders _skip_if_exists before any answer is known.
    (mine / "CLAUDE.md").unlink()
    given = mine / "src/scaffold/llm/__init__.py"
    given.write_text('"""Mine."""\n' + given.read_text("utf-8"), "utf-8")
    commit(mine)
    work = Work.of(mine)
    done = update(mine, capfd)
    assert work.lost(mine, done.said) == []
    assert "# Sent with another header." in given.read_text("utf-8")
    assert f"to {NEWEST}" in done.said


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le"])
def test_a_given_file_with_other_letters_than_utf_8_is_named_since_the_merge_drops_them(
    encoding: str, mine: Path, capfd: Capture
) -> None:
    agents = mine / "AGENTS.md"
    line = "Größe\n" if encoding == "latin-1" else "Size\n"  # as a shell appends it
    agents.write_bytes(agents.read_bytes() + line.encode(encoding))
    commit(mine)
    done = update(mine, capfd)
    assert done.failed
    assert '"AGENTS.md": it was not UTF-8, and the merge dropped letters of yours.' in done.said
    assert 'git restore "AGENTS.md"' in done.said


@pytest.mark.parametrize(
    ("name", "value"), [("apply.whitespace", "fix"), ("status.showUntrackedFiles", "no")]
)
def test_a_setting_of_git_that_would_lose_lines_is_refused_before_anything_is_written(
    name: str, value: str, mine: Path, capfd: Capture
) -> None:
    commit(mine)
    git(mine, "config", name, value)
    done = update(mine, capfd)
    assert done.failed
    assert f"git's {name} is {value} here" in done.said
    assert git(mine, "status", "--porcelain", "--untracked-files=all") == ""
    git(mine, "config", name, done.said.split(f"git config {name} ")[1].split()[0])
    assert not update(mine, capfd).failed


def assert_refused(mine: Path, capfd: Capture, why: str) -> None:
    """The update ends with that sentence, and has written nothing."""
    done = update(mine, capfd)
    assert done.failed
    assert why in done.said
    assert git(mine, "status", "--porcelain") == ""


def test_a_committed_reject_is_refused_since_the_next_one_would_replace_it(
    mine: Path, capfd: Capture
) -> None:
    (mine / "AGENTS.md.rej").write_text("mine\n", "utf-8")
    commit(mine)
    assert_refused(mine, capfd, '"AGENTS.md.rej" is committed')


def test_a_folder_where_the_template_has_a_file_is_refused_before_anything_is_written(
    mine: Path, capfd: Capture
) -> None:
    (mine / "CLAUDE.md").unlink()
    (mine / "CLAUDE.md").mkdir()
    (mine / "CLAUDE.md/rules.md").write_text("mine\n", "utf-8")
    commit(mine)
    assert_refused(mine, capfd, '"CLAUDE.md" is no file here')


def test_a_link_out_of_the_folder_is_refused_before_anything_is_written(
    mine: Path, tmp_path: Path, capfd: Capture
) -> None:
    (mine / "data").rename(tmp_path / "large disk")
    (mine / "data").symlink_to(tmp_path / "large disk")
    commit(mine)
    assert_refused(mine, capfd, '"data" is a link out of this folder')


def test_edits_that_git_was_told_not_to_see_are_copied_before_they_are_written_over(
    mine: Path, capfd: Capture
) -> None:
    git(mine, "update-index", "--skip-worktree", "AGENTS.md")
    git(mine, "update-index", "--assume-unchanged", "src/scaffold/prompts.py")
    for name in ("AGENTS.md", "src/scaffold/prompts.py"):
        (mine / name).write_text("mine alone\n", "utf-8")
    done = update(mine, capfd)
    kept = mine / ".git/takehome-before-update"
    assert "which git ignores, was replaced; it is in .git/takehome-before-update" in done.said
    assert (kept / "AGENTS.md").read_text("utf-8") == "mine alone\n"
    assert (kept / "src/scaffold/prompts.py").read_text("utf-8") == "mine alone\n"


def test_the_copy_of_an_ignored_file_outlives_the_next_update(mine: Path, capfd: Capture) -> None:
    with (mine / ".git" / "info" / "exclude").open("a", encoding="utf-8") as rules:
        rules.write("CITATION.cff\n")
    (mine / "CITATION.cff").write_text("title: mine\n", "utf-8")
    update(mine, capfd, version="v0.3.0")
    commit(mine)
    done = update(mine, capfd)
    kept = mine / ".git" / "takehome-before-update-1" / "CITATION.cff"
    assert kept.read_text("utf-8") == "title: mine\n"
    assert "is now in .git/takehome-before-update-1" in done.said
