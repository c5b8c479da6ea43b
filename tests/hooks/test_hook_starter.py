"""Into the company's starter repository: nothing of theirs is lost, and both sides run."""

import subprocess
from pathlib import Path

import environment
import hook_layouts
import locks
import pytest
import starter
from hook_desk import PYPROJECT, REPOSITORY, Desk
from hook_layouts import PENDING, TABLES
from ruff import find_ruff_bin


@pytest.fixture
def their(desk: Desk) -> Desk:
    """The desk, with a starter repository that Copier has just copied over."""
    for name in (".gitignore", "README.md", "pyproject.toml"):
        (desk.folder / name).unlink()
    return desk


def _copy_over(desk: Desk, layout: dict[str, str], *, commit: bool = True) -> None:
    """Put a starter under the render: what collides waits in .takehome/, as copier.yml has it."""
    rendered = [path for path in desk.folder.rglob("*") if path.is_file()]
    aside = desk.folder.with_name("rendered aside")
    for path in rendered:
        moved = aside / path.relative_to(desk.folder)
        moved.parent.mkdir(parents=True, exist_ok=True)
        path.rename(moved)
    hook_layouts.make(desk.folder, layout, commit=commit)
    for path in rendered:
        path.parent.mkdir(parents=True, exist_ok=True)
        (aside / path.relative_to(desk.folder)).rename(path)
    pending = PENDING | ({"pyproject.toml": TABLES} if "pyproject.toml" in layout else {})
    hook_layouts.make(desk.folder / ".takehome", pending, commit=False)


def test_our_first_commit_is_one_on_top_of_theirs(their: Desk) -> None:
    _copy_over(their, hook_layouts.MAKEFILE)
    for name in ("pre-commit", "prepare-commit-msg"):
        hook = their.folder / ".git/hooks" / name
        hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)
    said = their.run("--starter=true", without=("uv",))
    assert said.code == 0
    assert "as it arrived" not in said.text
    subjects = their.git("log", "--format=%s").splitlines()
    assert subjects[1:] == ["Their starter"]
    assert their.git("rev-parse", "scaffold") == their.git("rev-parse", "HEAD")
    assert their.git("diff", "--name-only", "--diff-filter=DR", "HEAD~1", "HEAD") == ""
    changed = their.git("diff", "--name-only", "--diff-filter=M", "HEAD~1", "HEAD").split()
    assert changed == [".gitignore", "README.md"]
    assert not (their.folder / ".takehome").exists()


def test_their_readme_becomes_the_brief(their: Desk) -> None:
    _copy_over(their, hook_layouts.PICTURE)
    said = their.run("--starter=true", without=("uv",))
    assert their.read("BRIEF.md") == hook_layouts.README
    assert their.read("README.md") == PENDING["README.md"]
    assert their.git("show", "HEAD~1:README.md") == hook_layouts.README
    assert "the text of their README.md" in said.text


def test_a_named_brief_wins_and_their_readme_is_in_git(their: Desk) -> None:
    _copy_over(their, hook_layouts.PICTURE)
    (their.stood / "mail.txt").write_text("The mail\n", encoding="utf-8")
    their.run("--starter=true", "--brief=mail.txt", without=("uv",))
    assert their.read("BRIEF.md") == "The mail\n"
    assert not (their.folder / "README.original.md").exists()


def test_a_readme_that_git_does_not_have_is_kept(their: Desk) -> None:
    _copy_over(their, hook_layouts.PICTURE)
    (their.folder / "README.md").write_text("edited since\n", encoding="utf-8")
    (their.stood / "mail.txt").write_text("The mail\n", encoding="utf-8")
    their.run("--starter=true", "--brief=mail.txt", without=("uv",))
    assert their.read("README.original.md") == "edited since\n"
    assert their.read("README.md") == PENDING["README.md"]


def test_a_readme_that_cannot_be_kept_stays(their: Desk) -> None:
    _copy_over(their, hook_layouts.PICTURE | {"README.original.md": "theirs, too\n"})
    (their.folder / "README.md").write_text("edited since\n", encoding="utf-8")
    (their.stood / "mail.txt").write_text("The mail\n", encoding="utf-8")
    said = their.run("--starter=true", "--brief=mail.txt", without=("uv",))
    assert "Ours waits in .takehome/README.md" in said.text
    assert their.read("README.original.md") == "theirs, too\n"
    assert their.read("README.md") == "edited since\n"


def test_a_readme_of_another_form_stays_and_is_the_brief(their: Desk) -> None:
    _copy_over(their, {"readme.rst": "Task\n====\n"})
    their.run("--starter=true", without=("uv",))
    assert their.read("BRIEF.md") == "Task\n====\n"
    assert their.read("readme.rst") == "Task\n====\n"
    assert their.read("README.md") == PENDING["README.md"]


def test_what_names_a_readme_that_ours_replaces_names_ours(their: Desk) -> None:
    said = "# as readme.md has it\n[project]\nname = 'x'\nreadme = 'docs/readme.md'\n"
    named = said.replace("docs/", "")
    setup = "setup(long_description=open('readme.md').read())\n"
    _copy_over(their, {"readme.md": "# Task\n", "pyproject.toml": named, "setup.py": setup})
    (their.folder / "setup.py").write_text(f"{setup}# edited\n", encoding="utf-8")
    their.run("--starter=true", without=("uv",))
    committed = their.git("show", "HEAD:pyproject.toml")
    assert committed == their.read("pyproject.toml")
    assert "# as README.md has it\n" in committed
    assert "readme = 'README.md'\n" in committed
    assert "[tool.takehome]" in committed
    assert "open('README.md')" in their.git("show", "HEAD:setup.py")
    assert their.git("status", "--porcelain") == " M setup.py\n"
    assert starter.with_our_readme(said, "readme.md").endswith("'docs/readme.md'\n")


def test_uncommitted_work_of_theirs_is_neither_lost_nor_committed(their: Desk) -> None:
    _copy_over(their, hook_layouts.POETRY_1)
    pyproject = their.folder / "pyproject.toml"
    edited = pyproject.read_text("utf-8").replace('humanize = "^4.9"', 'humanize = "^4.10"')
    pyproject.write_text(edited, encoding="utf-8")
    (their.folder / "goal_chat/chat.py").write_text("begun = 1\n", encoding="utf-8")
    (their.folder / "staged.txt").write_text("staged\n", encoding="utf-8")
    (their.folder / "loose.txt").write_text("loose\n", encoding="utf-8")
    their.git("add", "staged.txt")
    their.run("--starter=true", without=("uv",))
    committed = their.git("show", "HEAD:pyproject.toml")
    assert 'humanize = "^4.9"' in committed
    assert "[tool.takehome]" in committed
    assert 'humanize = "^4.10"' in their.read("pyproject.toml")
    assert "[tool.takehome]" in their.read("pyproject.toml")
    status = set(their.git("status", "--porcelain").splitlines())
    assert status == {" M goal_chat/chat.py", " M pyproject.toml", "A  staged.txt", "?? loose.txt"}
    changed = their.git("diff", "HEAD", "--", "pyproject.toml").splitlines()
    assert sum(line[:1] in "+-" for line in changed) == 4  # two lines, and two of the header


def test_a_file_of_ours_that_their_rule_ignores_is_named(their: Desk) -> None:
    _copy_over(their, hook_layouts.PICTURE | {".gitignore": "src/my_task/\n"})
    said = their.run("--starter=true", without=("uv",))
    assert "An ignore rule that is not ours keeps files out of git." in said.text
    pasted = 'git add --force "src/my_task/cases.py" "src/my_task/schemas.py"'
    assert f"    {pasted}\n" in said.text
    assert "notes" not in said.text
    assert "more, which" not in said.text


def test_a_second_run_in_a_starter_changes_nothing(their: Desk) -> None:
    _copy_over(their, hook_layouts.POETRY_2)
    their.run("--starter=true", without=("uv",))
    before = their.git("rev-parse", "HEAD")
    hook_layouts.make(
        their.folder / ".takehome", PENDING | {"pyproject.toml": TABLES}, commit=False
    )
    their.run("--starter=true", without=("uv",))
    assert their.git("rev-parse", "HEAD") == before
    assert their.git("status", "--porcelain") == ""
    assert not (their.folder / ".takehome").exists()


def test_a_starter_that_is_no_repository_becomes_one(their: Desk) -> None:
    _copy_over(their, hook_layouts.MAKEFILE, commit=False)
    said = their.run("--starter=true", without=("uv",))
    assert "Committed: the render alone" in said.text
    assert "src/main.py" not in their.committed("scaffold")
    assert 'git commit -m "The starter, as it arrived"\n    git tag --force scaffold\n' in said.text
    assert their.read("src/main.py") == hook_layouts.MAKEFILE["src/main.py"]


def test_in_a_folder_of_a_larger_repository_only_ours_is_committed(their: Desk) -> None:
    _copy_over(their, hook_layouts.POETRY_1, commit=False)
    outside = their.folder.parent
    hook_layouts.git(outside, "init", "-q", "-b", "main")
    hook_layouts.git(outside, "add", their.folder.name + "/goal_chat")
    hook_layouts.git(outside, "add", their.folder.name + "/pyproject.toml")
    hook_layouts.git(outside, "commit", "-q", "-m", "Their monorepo")
    pyproject = their.folder / "pyproject.toml"
    pyproject.write_text("# edited\n" + pyproject.read_text("utf-8"), encoding="utf-8")
    their.run("--starter=true", without=("uv",))
    assert not (their.folder / ".git").exists()
    assert their.git("log", "--format=%s").splitlines()[1:] == ["Their monorepo"]
    names = their.git("show", "--format=", "--name-only", "--relative", "HEAD").splitlines()
    assert {"pyproject.toml", "src/my_task/cases.py", ".gitignore"} <= set(names)
    assert their.git("diff", "HEAD", "--", "pyproject.toml").count("\n+# edited") == 1
    assert "[tool.takehome]" in their.git("show", "HEAD:./pyproject.toml")


def test_without_git_nothing_of_theirs_is_lost(their: Desk) -> None:
    _copy_over(their, hook_layouts.PICTURE, commit=False)
    (their.stood / "mail.txt").write_text("The mail\n", encoding="utf-8")
    their.run("--starter=true", "--brief=mail.txt", without=("uv", "git"))
    assert their.read("README.original.md") == hook_layouts.README


def test_a_pyproject_that_cannot_be_merged_stays_and_is_said(their: Desk) -> None:
    broken = hook_layouts.PICTURE | {"pyproject.toml": "[project\nname = 1\n"}
    _copy_over(their, broken)
    said = their.run("--starter=true", without=("uv",))
    assert said.code == 0
    assert "pyproject.toml stays as it is: it is no valid TOML" in said.text
    assert "Add .takehome/pyproject.toml to it by hand" in said.text
    assert their.read("pyproject.toml") == broken["pyproject.toml"]
    assert their.read(".takehome/pyproject.toml") == TABLES


def test_a_lock_of_poetrys_or_pdms_that_is_out_of_date_is_said(their: Desk) -> None:
    locks = {"poetry.lock": "# @generated\n", "pdm.lock": "# @generated\n"}
    _copy_over(their, hook_layouts.POETRY_1 | locks)
    said = their.run("--starter=true", without=("uv",))
    assert "poetry.lock is out of date. Run: poetry lock" in said.text
    assert "pdm.lock is out of date. Run: pdm lock" in said.text


@pytest.mark.parametrize("starter_too_old", [True, False])
def test_a_python_older_than_ours_and_a_lock_above_are_said(
    starter_too_old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = [
        environment.Done(True),
        environment.Done(not starter_too_old, b"", "Python requirement"),
    ]
    done = iter(ends)
    hook_layouts.make(tmp_path, {"src/pyproject.toml": ""}, commit=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "uv", lambda: "uv")
    monkeypatch.setattr(environment, "run", lambda _: next(done))
    said: list[str] = []
    locks.lock_and_sync(True, None, said.append)
    assert any("uv run --no-default-groups" in line for line in said) == starter_too_old
    assert "uv.lock lies above this folder" in said[-1]


def test_our_test_beside_theirs_is_formatted_as_their_formatter_does_by_default(
    tmp_path: Path,
) -> None:
    ours = sorted((REPOSITORY / "template").rglob("test_solution.py.jinja"))
    assert len(ours) > 1
    for number, path in enumerate(ours):
        text = path.read_text("utf-8").replace("{{ package_name }}", "my_task")
        (tmp_path / f"test_{number}.py").write_text(text, encoding="utf-8")
    ruff = [find_ruff_bin(), "format", "--isolated", "--no-cache", "--check", str(tmp_path)]
    subprocess.run(ruff, check=True)
    subprocess.run([*ruff, "--line-length=100"], check=True)


def test_after_copying_again_the_readme_that_the_candidate_wrote_stays(their: Desk) -> None:
    _copy_over(their, hook_layouts.PICTURE)
    their.run("--starter=true", without=("uv",))
    (their.folder / "README.md").write_text("# All mine\n", encoding="utf-8")
    their.git("commit", "-qam", "Mine")
    hook_layouts.make(their.folder / ".takehome", PENDING, commit=False)
    their.run("--starter=true", without=("uv",))
    assert their.read("README.md") == "# All mine\n"
    assert not (their.folder / ".takehome").exists()


@pytest.mark.parametrize(
    ("name", "settings", "left"),
    [
        ("tox.ini", "[tox]\nenvlist = py\n\n[pytest]\ntestpaths = checks\n", False),
        ("setup.cfg", "[tool:pytest]\ntestpaths = checks\n", False),
        ("setup.cfg", "[flake8]\nmax-line-length = 99\n", True),
    ],
)
def test_settings_of_pytest_that_ours_would_overrule_keep_ours_away(
    name: str, settings: str, left: bool, their: Desk
) -> None:
    table = '\n# Words\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
    (their.folder / "pyproject.toml").write_text(PYPROJECT + table, encoding="utf-8")
    _copy_over(their, hook_layouts.PICTURE | {name: settings})
    their.run("--starter=true", without=("uv",))
    assert their.read("pyproject.toml") == PYPROJECT + (table if left else "")
    assert their.git("status", "--porcelain") == ""


@pytest.mark.parametrize(("theirs", "ruled"), [({}, True), ({"tests/test_theirs.py": ""}, False)])
def test_tests_that_are_all_ours_keep_our_rules(
    theirs: dict[str, str], ruled: bool, their: Desk
) -> None:
    (their.folder / "tests").mkdir()
    (their.folder / "tests/test_solution.py").write_text('"""Ours."""\n', encoding="utf-8")
    _copy_over(their, hook_layouts.PICTURE | theirs)
    their.run("--starter=true", without=("uv",))
    assert ("tests/ruff.toml" in their.committed("scaffold")) == ruled
    assert (their.folder / "tests/ruff.toml").exists() == ruled
