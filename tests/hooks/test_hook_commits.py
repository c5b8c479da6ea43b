"""hooks/after_copy.py: the two commits, the environment, and what it says where one is not to be."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from hook_desk import HOOK, PYPROJECT, REPOSITORY, Desk, render

GIVEN = {
    ".copier-answers.yml",
    ".gitignore",
    "README.md",
    "pyproject.toml",
    "src/my_task/cases.py",
    "src/my_task/schemas.py",
    "src/scaffold/__init__.py",
}


def test_the_first_commit_is_the_render_alone_and_the_second_the_lock_file(desk: Desk) -> None:
    said = desk.run()
    assert said.code == 0
    assert desk.git("log", "--format=%D|%s").splitlines() == [
        "HEAD -> main|What came with the assignment and what the tools wrote",
        "tag: scaffold|The scaffold, as rendered; nothing written for the assignment yet",
    ]
    assert desk.committed("scaffold") == GIVEN
    assert desk.committed("HEAD") == {"uv.lock"}
    assert desk.git("status", "--porcelain") == ""
    assert (desk.folder / ".venv").is_dir()


def test_what_lay_in_the_folder_before_is_not_committed(desk: Desk) -> None:
    (desk.folder / "offer letter.pdf").write_bytes(b"private")
    (desk.folder / "src" / "mine.py").write_bytes(b"")
    before = desk.folder / "AGENTS.md"
    before.write_text("older than this run, at a path of the template's", encoding="utf-8")
    os.utime(before, (1_000_000_000, 1_000_000_000))
    desk.run()
    assert desk.committed("scaffold") == GIVEN
    left = desk.git("status", "--porcelain")
    assert all(name in left for name in ("offer letter.pdf", "src/mine.py", "AGENTS.md"))


def test_a_file_of_a_copy_that_was_killed_is_in_the_first_commit(desk: Desk) -> None:
    first = desk.folder / ".gitattributes"  # Copier begins with it
    shutil.copyfile(REPOSITORY / "template" / first.name, first)
    long_ago = time.time() - 60
    os.utime(first, (long_ago, long_ago))
    desk.run(without=("uv",))
    assert desk.committed("scaffold") == GIVEN | {first.name}


def test_a_second_run_changes_nothing(desk: Desk) -> None:
    desk.run()
    before = desk.git("rev-parse", "HEAD", "scaffold")
    said = desk.run()
    assert said.code == 0
    assert "failed" not in said.text
    assert desk.git("rev-parse", "HEAD", "scaffold") == before
    assert desk.git("status", "--porcelain") == ""


def test_a_second_run_commits_no_work_of_the_candidates(desk: Desk) -> None:
    desk.run("--commit-data=true")
    (desk.folder / "src" / "my_task" / "solution.py").write_text("work = 1\n", encoding="utf-8")
    (desk.folder / "uv.lock").write_text(desk.read("uv.lock") + "\n", encoding="utf-8")
    desk.git("add", "--force", "BRIEF.md")
    desk.git("commit", "--quiet", "-m", "The brief")
    (desk.folder / "BRIEF.md").write_text("with notes of mine\n", encoding="utf-8")
    before = desk.git("rev-parse", "HEAD")
    desk.run("--commit-data=true")
    assert desk.git("rev-parse", "HEAD") == before


def test_what_a_second_copy_fills_in_counts_as_given_unless_somebody_wrote_there(
    desk: Desk,
) -> None:
    cases = desk.folder / "src/my_task/cases.py"
    desk.run("--data=typo.csv", without=("uv",))
    (desk.stood / "right.csv").write_text("text,label\na,x\n", encoding="utf-8")
    said = desk.run("--kind=classify", "--data=right.csv")
    assert "the tag scaffold stands there now" in said.text
    assert '"text"' in desk.git("show", "scaffold:src/my_task/cases.py")
    assert desk.git("diff", "scaffold", "--", "src") == ""
    cases.write_text(cases.read_text("utf-8") + "# mine\n", encoding="utf-8")
    before = desk.git("rev-parse", "scaffold", "HEAD")
    desk.run("--kind=classify", "--data=right.csv")
    assert desk.git("rev-parse", "scaffold", "HEAD") == before


@pytest.mark.parametrize(("answer", "tracked"), [("true", True), ("false", False)])
def test_brief_and_data_are_committed_only_on_a_yes(desk: Desk, answer: str, tracked: bool) -> None:
    render(desk.folder, confidential=not tracked)
    (desk.stood / "brief.md").write_text("# Do this\n", encoding="utf-8")
    (desk.stood / "rows [1].csv").write_text("id,text\n1,a\n", encoding="utf-8")
    desk.run("--brief=brief.md", "--data=rows [1].csv", f"--commit-data={answer}")
    extra = {"BRIEF.md", "data/raw/rows [1].csv"} if tracked else set()
    assert desk.committed("HEAD") == {"uv.lock"} | extra
    assert desk.committed("scaffold") == GIVEN
    assert desk.git("status", "--porcelain") == ""


def test_without_git_it_says_what_to_run_and_does_the_rest(desk: Desk) -> None:
    said = desk.run(without=("git",))
    assert said.code == 0
    assert "git is not installed" in said.text
    assert "    git tag scaffold\n" in said.text
    assert (desk.folder / "uv.lock").is_file()
    assert not (desk.folder / ".git").exists()


def test_lines_to_paste_go_into_the_new_folder_before_git_begins_one(desk: Desk) -> None:
    """They are pasted where the user stood: git must not take up all that lies there."""
    said = desk.run(without=("git",), PYTHONIOENCODING="ascii")
    pasted = [line[4:] for line in said.text.splitlines() if line.startswith("    ")]
    assert pasted[:3] == [f'cd "{desk.folder}"', "git init", "git add --all"]


def test_a_lock_file_of_a_run_that_could_not_commit_is_committed_by_the_next(
    desk: Desk, tmp_path: Path
) -> None:
    nobody = tmp_path / "nobody"
    nobody.write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")
    desk.run(GIT_CONFIG_GLOBAL=str(nobody))
    assert (desk.folder / "uv.lock").is_file()
    desk.run()
    assert desk.committed("scaffold") == GIVEN
    assert desk.committed("HEAD") == {"uv.lock"}
    assert desk.git("status", "--porcelain") == ""


def test_without_uv_it_commits_and_says_what_to_run(desk: Desk) -> None:
    said = desk.run(without=("uv",))
    assert said.code == 0
    assert "uv is not installed" in said.text
    assert "uv sync" in said.text
    assert desk.committed("HEAD") == GIVEN


def test_with_neither_nothing_fails(desk: Desk) -> None:
    said = desk.run(without=("uv", "git"))
    assert said.code == 0
    assert said.text.count("not installed") == 2
    assert (desk.folder / "BRIEF.md").is_file()


def test_without_an_identity_the_lines_it_says_make_the_commit(desk: Desk, tmp_path: Path) -> None:
    nobody = tmp_path / "nobody"
    nobody.write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")
    said = desk.run(GIT_CONFIG_GLOBAL=str(nobody))
    assert said.code == 0
    assert "git does not know your name" in said.text
    pasted = [line.strip() for line in said.text.splitlines() if line.startswith("    git ")]
    assert len(pasted) == 4
    for line in pasted[2:]:
        words = line.split('"')
        desk.git(*words[0].split()[1:], *words[1:2])
    assert desk.committed("scaffold") == GIVEN


def test_without_a_network_it_says_so_and_commits_the_render(desk: Desk, tmp_path: Path) -> None:
    text = PYPROJECT.replace("[]", '["humanize"]')
    (desk.folder / "pyproject.toml").write_text(text, encoding="utf-8")
    said = desk.run(UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "empty"))
    assert said.code == 0
    assert "uv lock failed" in said.text
    assert "lies above" not in said.text
    assert "uv sync" in said.text
    assert desk.committed("HEAD") == GIVEN


def test_a_lock_that_a_killed_git_left_is_named_before_anything_is_committed(desk: Desk) -> None:
    desk.git("init", "--quiet")
    lock = desk.folder / ".git" / "index.lock"
    lock.touch()
    said = desk.run(without=("uv",))
    assert f'committed: git runs here, or was killed (then delete "{lock}").' in said.text
    lock.unlink()
    desk.run()
    assert desk.committed("scaffold")
    assert desk.git("status", "--porcelain") == ""


def test_a_merge_underway_is_not_ended_by_a_commit(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.git("commit", "-q", "--allow-empty", "-m", "theirs")
    head = desk.git("rev-parse", "HEAD")
    (desk.folder / ".git" / "MERGE_HEAD").write_text(head, encoding="utf-8")
    said = desk.run()
    assert said.code == 0
    assert "in the middle of a merge" in said.text
    assert desk.git("rev-parse", "HEAD") == head
    (desk.folder / ".git" / "MERGE_HEAD").unlink()
    pasted = [line.strip() for line in said.text.splitlines() if line.startswith("    git ")]
    for line in pasted:
        words = line.split('"')
        desk.git(*words[0].split()[1:], *words[1:2])
    assert desk.committed("scaffold") >= GIVEN


def test_a_commit_that_git_refuses_leaves_staged_what_the_lines_it_says_commit(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.git("config", "commit.gpgsign", "true")
    desk.git("config", "gpg.program", "no-such-program")
    said = desk.run(without=("uv",))
    assert "Nothing is committed (" in said.text
    assert set(desk.git("diff", "--cached", "--name-only").split()) == GIVEN


def test_what_is_staged_stays_staged_and_out_of_our_commit(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    (desk.folder / "draft.txt").write_text("theirs\n", encoding="utf-8")
    desk.git("add", "draft.txt")
    desk.run()
    assert desk.committed("scaffold") == GIVEN
    assert desk.git("diff", "--cached", "--name-only").split() == ["draft.txt"]


@pytest.mark.skipif(os.name == "nt", reason="stops the hook by a signal and fakes uv by a script")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_after_an_interruption_a_second_run_does_the_rest(desk: Desk, number: int) -> None:
    uv = desk.programs / "uv"
    real = uv.resolve()
    uv.unlink()
    # Not this interpreter: a blank in its path would end the first line there.
    began = desk.programs.parent / "uv began"
    uv.write_text(f"#!/bin/sh\n: > '{began}'\nexec /bin/sleep 60\n", encoding="utf-8")
    uv.chmod(0o755)
    command = [str(desk.programs / "python3"), "-B", str(HOOK), "--package=my_task"]
    running = subprocess.Popen(
        command,
        cwd=desk.folder,
        env=desk.environment,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    wait = time.monotonic() + 30
    while not began.exists():
        assert time.monotonic() < wait
        time.sleep(0.05)
    running.send_signal(number)
    said, _ = running.communicate(timeout=30)
    if number == signal.SIGINT:
        assert running.returncode == 0
        assert "Interrupted" in said
    uv.unlink()
    uv.symlink_to(real)
    assert desk.run().code == 0
    assert desk.committed("scaffold") == GIVEN
    assert desk.committed("HEAD") == {"uv.lock"}
    assert not list(desk.folder.rglob("*.part"))


def test_an_environment_around_copier_does_not_reach_uv_or_git(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "another environment"
    said = desk.run(
        VIRTUAL_ENV=str(other),
        UV_PROJECT_ENVIRONMENT=str(other),
        GIT_DIR=str(tmp_path / "elsewhere"),
        PYTHONSAFEPATH="1",
    )
    assert "Committed: the render alone" in said.text
    assert (desk.folder / ".venv").is_dir()
    assert not other.exists()


def test_a_command_line_that_does_not_fit_fails_no_copy(desk: Desk) -> None:
    said = desk.run("--no-such-answer=1")
    assert said.code == 0
    assert "does not fit" in said.text


def test_an_interpreter_too_old_for_the_hook_fails_no_copy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import after_copy

    monkeypatch.setattr(after_copy.sys, "version_info", (3, 10, 1, "final", 0))
    assert after_copy.main(["--package=my_task"]) == 0
    assert "need Python 3.11 or newer" in capsys.readouterr().out


def test_every_path_of_the_template_is_one_that_the_hook_can_name() -> None:
    import rendered

    paths = rendered.possible("my_task")
    assert Path("src/my_task/cases.py") in paths
    assert Path(".copier-answers.yml") in paths
    assert [path for path in paths if set("{}%") & set(str(path))] == []


def test_a_tag_that_git_would_sign_is_made_without_waiting_for_a_passphrase(
    desk: Desk, tmp_path: Path
) -> None:
    signs = tmp_path / "signs"
    signs.write_text(
        "[user]\n\tname = Me\n\temail = me@example.org\n[tag]\n\tgpgSign = true\n"
        "[gpg]\n\tprogram = false\n",
        encoding="utf-8",
    )
    said = desk.run(GIT_CONFIG_GLOBAL=str(signs), GIT_EDITOR="false")
    assert "Committed: the render alone, tag scaffold." in said.text
    assert desk.committed("scaffold") == GIVEN


def test_a_tag_of_anothers_hides_no_render_and_how_to_take_it_over_is_said(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.git("commit", "-q", "--allow-empty", "-m", "theirs")
    desk.git("tag", "scaffold")
    said = desk.run()
    assert desk.committed("HEAD~1") == GIVEN
    assert "the render alone, but not tagged" in said.text
    line = next(line for line in said.text.splitlines() if "git tag --force scaffold " in line)
    desk.git(*line.split()[1:])
    assert desk.committed("scaffold") == GIVEN


def test_a_commit_that_no_branch_holds_is_said(desk: Desk) -> None:
    desk.git("init", "-q", "-b", "main")
    desk.git("commit", "-q", "--allow-empty", "-m", "theirs")
    desk.git("checkout", "-q", "--detach")
    said = desk.run()
    assert "(HEAD is detached): git switch --create NAME" in said.text
    assert desk.committed("scaffold") == GIVEN
