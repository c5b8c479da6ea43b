"""The hooks around an update: what they say, when they fail, and what they never touch."""

import os
import re
import subprocess
import sys
from pathlib import Path

import after_update
import before_update
import changelog
import check
import environment
import files
import hidden
import pytest
import yaml
from environment import Done
from hook_desk import REPOSITORY, Desk

CHANGELOG = """# Changelog

## Unreleased

- Soon.

## [1.0.0] - 2027-01-01

- A major
  one.
- And more.

## v0.2.1

Words first.

- Small.

## 0.2.0
"""


@pytest.mark.parametrize(
    ("old", "new", "versions"),
    [
        ("v0.2.0", "v1.0.0", ["1.0.0", "0.2.1"]),
        ("v0.2.0", "v0.2.1", ["0.2.1"]),
        ("v0.2.1", "v0.2.1", []),
        ("v1.0.0", "v1.0.0-3-g0f1e2d3", ["Unreleased"]),
        ("v0.2.1-1-gabcdef0", "v1.0.0", ["1.0.0"]),
        ("0123456789abcdef0123456789abcdef01234567", "v0.2.0", ["0.2.0"]),
        ("v0.2.0", "0123456789abcdef0123456789abcdef01234567", ["Unreleased"]),
    ],
)
def test_the_sections_between_two_versions_are_what_came(
    old: str, new: str, versions: list[str]
) -> None:
    assert [part.version for part in changelog.between(CHANGELOG, old, new)] == versions


def test_a_point_over_several_lines_is_one_line() -> None:
    sections = {part.version: part for part in changelog.sections(CHANGELOG)}
    assert sections["1.0.0"].bullets == ["A major one.", "And more."]
    assert sections["0.2.0"].bullets == []


def test_only_another_major_is_announced_and_the_newest_of_the_old_one_named() -> None:
    tags = ["v0.9.0", "v0.10.0", "v0.11.0rc1", "v1.0.0", "scaffold", "v2.0.0"]
    said = " ".join(before_update.major("v0.2.0", "v1.0.0", tags))
    assert "--vcs-ref v0.10.0." in said
    assert "recordings" in said
    assert "v1.0.0 is its newest" in " ".join(before_update.major("v1.0.0", "v2.0.0", tags))
    assert before_update.major("v0.2.0", "v0.3.0", tags) == []
    assert before_update.major("0123abc" * 5, "v0.3.0", tags) == []


@pytest.mark.parametrize(
    ("name", "answer", "refused"),
    [
        ("package_name", "other", True),
        ("kind", "blank", True),
        ("starter", "true", True),
        ("starter", False, False),
        ("starter", "no", False),
        ("starter", "yes", True),
        ("package_name", "my_task", False),
        ("parts", "[documents]", False),
        ("vendors", ["openai"], False),
    ],
)
def test_answers_that_name_ones_own_files_cannot_change(
    name: str, answer: object, refused: bool, tmp_path: Path
) -> None:
    recorded = "kind: extract\npackage_name: 'my_task'\nparts: []\nstarter: false\n"
    (tmp_path / "answers.yml").write_text(recorded, "utf-8")
    said = before_update.refused(tmp_path / "answers.yml", {name: answer})
    assert bool(said) == refused
    assert not refused or (said.startswith(f"{name} is ") and "cannot change" in said)


def _after(desk: Desk, *arguments: str, **also: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            str(desk.programs / "python3"),
            "-B",
            str(REPOSITORY / "hooks/after_update.py"),
            *arguments,
        ],
        cwd=desk.folder,
        env=desk.environment | also,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def _committed(desk: Desk) -> None:
    desk.git("init", "--quiet")
    desk.git("add", "--all")
    desk.git("commit", "--quiet", "-m", "All")


def test_many_conflicts_fit_into_ten_lines_and_the_first_are_named(desk: Desk) -> None:
    _committed(desk)
    conflict = "a\n<<<<<<< before updating\nb\n=======\nc\n>>>>>>> after updating\n"
    for number in range(6):
        (desk.folder / f"file {number}.txt").write_text(conflict, "utf-8")
    (desk.folder / "src/scaffold/__init__.py").write_text(conflict, "utf-8")
    (desk.folder / "pyproject.toml").write_text(conflict, "utf-8")
    (desk.folder / "README.md").unlink()
    (desk.folder / "AGENTS.md.rej").write_text("@@\n", "utf-8")
    before = desk.git("status", "--porcelain")
    code, said = _after(desk, VERSION_FROM="v0.0.1", VERSION_TO="v99.0.0")
    assert code == 1
    assert len(said.splitlines()) <= 10
    assert '"AGENTS.md.rej" holds what did not fit' in said
    assert 'Conflict in "file 0.txt" (line 2): keep what you want' in said
    assert "Conflicts in 7 more: git diff --diff-filter=U" in said
    assert "Gone, as the template has them no more: README.md (git restore FILE)" in said
    assert "When they are settled: uv sync" in said
    assert "uv lock" not in said  # markers make pyproject.toml unreadable for it
    assert desk.git("status", "--porcelain") == before


def test_a_conflict_in_given_code_is_settled_by_taking_a_side(desk: Desk) -> None:
    _committed(desk)
    name = "src/scaffold/__init__.py"
    (desk.folder / name).write_text("<<<<<<< before updating\n>>>>>>> after updating\n", "utf-8")
    _, said = _after(desk, VERSION_FROM="v1.0.0", VERSION_TO="v1.0.0")
    assert f'git checkout --theirs -- "{name}"' in said


def test_without_git_an_update_ends_with_a_sentence(desk: Desk) -> None:
    (desk.programs / "git").unlink()
    code, said = _after(desk)
    assert code == 0
    assert said.startswith("  Updated. git is not to be found")


def test_skipped_tasks_skip_uv_too(desk: Desk) -> None:
    _committed(desk)
    code, said = _after(desk, "--skip-tasks=true", VERSION_FROM="v1.0.0", VERSION_TO="v1.0.0")
    assert code == 0
    assert "Nothing was run (--skip-tasks)" in said
    assert not (desk.folder / "uv.lock").exists()


@pytest.mark.parametrize(
    ("answers", "failed", "sentence"),
    [
        ({}, False, "the tests pass"),
        ({"lock": Done(False, complaint="no network")}, False, "uv lock failed (no network)"),
        ({"sync": Done(False, complaint="no space")}, False, "uv sync failed (no space)"),
        ({"run": Done(False, b"no tests ran in 0.01s\n")}, False, "there was no test to run"),
        ({"run": Done(False, complaint="it took long")}, False, "no test ran (it took long)"),
        ({"run": Done(False, b"FAILED t.py::a - x\nERROR u.py\n")}, True, "t.py::a, u.py: uv run"),
        ({"run": Done(False, b"FAILED a\nFAILED b\nFAILED c\nFAILED d\n")}, True, "and 1 more"),
    ],
)
def test_only_failing_tests_fail_and_all_else_is_a_sentence(
    answers: dict[str, Done],
    failed: bool,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "uv", lambda: "uv")
    monkeypatch.setattr(environment, "run", lambda command: answers.get(command[1], Done(True)))
    ended, said = check.run(starter=False)
    assert ended == failed
    assert sentence in " ".join(said)


def test_tests_are_left_out_on_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAKEHOME_UPDATE_TESTS", "0")
    monkeypatch.setattr(environment, "uv", lambda: "uv")
    monkeypatch.setattr(environment, "run", lambda command: Done("run" not in command))
    failed, said = check.run(starter=False)
    assert not failed
    assert "TAKEHOME_UPDATE_TESTS=0: no tests" in said[0]


def test_without_uv_an_update_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "uv", lambda: None)
    assert check.run(starter=False) == (
        False,
        ["uv is not installed. With it: uv sync, then uv run pytest"],
    )


def test_in_a_starter_the_companys_own_tests_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[list[str]] = []
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_solution.py").touch()
    (tmp_path / "poetry.lock").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "uv", lambda: "uv")
    monkeypatch.setattr(environment, "which", lambda name: None)
    monkeypatch.setattr(environment, "run", lambda command: ran.append(command) or Done(True))
    failed, said = check.run(starter=True)
    assert not failed
    assert ran[-1][-1] == "tests/test_solution.py"
    assert "poetry.lock is out of date" in said[0]


def test_the_hooks_around_an_update_take_a_command_line_that_they_do_not_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert after_update.main(["--unknown=1"]) == 0
    assert "does not fit after_update.py" in capsys.readouterr().out
    assert before_update.main(["--unknown=1"]) == 0
    assert "does not fit before_update.py" in capsys.readouterr().out
    assert before_update.main(["--answers-file=nowhere.yml"]) == 0
    assert "The update goes on" in capsys.readouterr().out


def test_an_update_does_not_begin_where_no_copy_of_an_ignored_file_can_be_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _committed(desk)
    (desk.folder / ".git/info/exclude").write_text("AGENTS.md\n", "utf-8")
    (desk.folder / "AGENTS.md").write_text("mine alone\n", "utf-8")
    monkeypatch.chdir(desk.folder)

    def no_space(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "copy_atomically", no_space)
    assert before_update.main([]) == 1
    assert "could not be copied ([Errno 28] No space left on device)" in capsys.readouterr().out


def test_folders_that_an_update_writes_nothing_into_are_those_of_copier_yml() -> None:
    owned = yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))["_skip_if_exists"]
    assert {name for name in owned if re.fullmatch("/[a-z]+", name)} == {
        f"/{name}" for name in hidden._THEIRS
    }


def test_hooks_around_an_update_use_the_standard_library_alone() -> None:
    names = ("after_update", "before_update", "changelog", "check", "hidden", "merged", "obstacles")
    names += ("parts",)
    own = {path.stem for path in (REPOSITORY / "hooks").glob("*.py")}
    code = (
        f"import sys; sys.path[:0] = [{str(REPOSITORY / 'hooks')!r}]; import {', '.join(names)}; "
    )
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [sys.executable, "-I", "-B", "-S", "-c", code]
    loaded = subprocess.run(command, capture_output=True, encoding="utf-8", env=clean, check=True)
    foreign = set(loaded.stdout.split()) - own - set(sys.stdlib_module_names) - {"__main__"}
    assert foreign == set()
