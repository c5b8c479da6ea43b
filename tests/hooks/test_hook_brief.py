"""The assignment's text becomes BRIEF.md, whatever form it arrived in."""

import os
from pathlib import Path

import brief
import files
import pytest
from hook_desk import Desk

TEXT = "# Über die Aufgabe\n\nDo this.\n"


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("cp1252"),
    ],
    ids=["utf-8", "with BOM", "Windows line ends", "utf-16", "cp1252"],
)
def test_a_text_becomes_utf_8_with_plain_line_ends(desk: Desk, raw: bytes) -> None:
    (desk.stood / "die Aufgäbe.txt").write_bytes(raw)
    said = desk.run("--brief=die Aufgäbe.txt", without=("uv",))
    assert "BRIEF.md: the text of die Aufgäbe.txt." in said.text
    assert (desk.folder / "BRIEF.md").read_bytes() == TEXT.encode()


def test_an_empty_file_is_no_brief(desk: Desk) -> None:
    (desk.stood / "task.md").write_bytes(b" \r\n")
    said = desk.run("--brief=task.md", without=("uv",))
    assert "No brief: task.md is empty. Paste the text of the assignment" in said.text
    assert "TODO: paste the text" in desk.read("BRIEF.md")


def test_a_relative_path_is_meant_from_where_the_user_stood(desk: Desk) -> None:
    (desk.stood / "brief.md").write_text("where I stood\n", encoding="utf-8")
    (desk.folder.parent / "brief.md").write_text("beside the folder\n", encoding="utf-8")
    desk.run("--brief=brief.md", without=("uv",))
    assert desk.read("BRIEF.md") == "where I stood\n"


def test_without_pwd_a_relative_destination_tells_where_the_user_stood(desk: Desk) -> None:
    (desk.folder.parent.parent / "brief.md").write_text("two above\n", encoding="utf-8")
    relative = Path(*desk.folder.parts[-2:])
    desk.run("--brief=brief.md", f"--destination={relative}", without=("uv",), PWD="")
    assert desk.read("BRIEF.md") == "two above\n"


def test_where_copier_ran_is_believed_before_a_pwd_of_the_program_around_it(desk: Desk) -> None:
    (desk.stood / "brief.md").write_text("where I stood\n", encoding="utf-8")
    (desk.folder.parent / "brief.md").write_text("beside the folder\n", encoding="utf-8")
    stale = str(desk.folder.parent)
    desk.run("--brief=brief.md", f"--stood={desk.stood}", without=("uv",), PWD=stale)
    assert desk.read("BRIEF.md") == "where I stood\n"


@pytest.mark.parametrize("form", ['"{}"', "'{}'", "{}", " {} "])
def test_a_path_may_be_dragged_into_the_terminal_with_its_quotes(desk: Desk, form: str) -> None:
    (desk.stood / "brief.md").write_text(TEXT, encoding="utf-8")
    desk.run(f"--brief={form.format(desk.stood / 'brief.md')}", without=("uv",))
    assert desk.read("BRIEF.md") == TEXT


def test_a_file_address_is_a_path(desk: Desk) -> None:
    (desk.stood / "brief.md").write_text(TEXT, encoding="utf-8")
    desk.run(f"--brief={(desk.stood / 'brief.md').as_uri()}", without=("uv",))
    assert desk.read("BRIEF.md") == TEXT


def test_a_web_address_is_fetched_by_nobody(desk: Desk) -> None:
    said = desk.run("--brief=https://company.example/task?id=1", without=("uv",))
    assert "paste its text into BRIEF.md; nothing was fetched" in said.text
    assert "It is at <https://company.example/task?id=1>." in desk.read("BRIEF.md")


def test_without_a_brief_there_is_a_line_to_paste_it(desk: Desk) -> None:
    desk.run(without=("uv",))
    assert brief.PASTE in desk.read("BRIEF.md")


@pytest.mark.parametrize(
    ("typed", "why"),
    [("no such.md", "there is no"), (".", "it is a folder (with brief.md)"), ("~nobody/x", "")],
)
def test_a_path_without_a_brief_is_said_and_fails_nothing(desk: Desk, typed: str, why: str) -> None:
    (desk.stood / "brief.md").write_text(TEXT, encoding="utf-8")
    said = desk.run(f"--brief={typed}", without=("uv",))
    assert said.code == 0
    assert why in said.text
    assert "Paste the text of the assignment into BRIEF.md" in said.text
    assert brief.PASTE in desk.read("BRIEF.md")
    assert "Committed: the render alone" in said.text


@pytest.mark.skipif(os.name == "nt", reason="a named pipe")
def test_a_pipe_is_no_brief_and_nobody_waits_for_it(desk: Desk) -> None:
    os.mkfifo(desk.stood / "pipe.md")
    assert "it is not a file" in desk.run("--brief=pipe.md", without=("uv",)).text


def test_a_brief_that_may_not_be_read_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    source = desk.stood / "brief.md"
    source.write_text(TEXT, encoding="utf-8")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    said: list[str] = []
    brief.place(str(source), "", said.append)
    assert said == [
        f"No brief from {source}: permission denied. "
        "Paste the text of the assignment into BRIEF.md."
    ]


def test_a_brief_that_is_there_is_never_replaced(desk: Desk) -> None:
    (desk.folder / "BRIEF.md").write_text("mine\n", encoding="utf-8")
    (desk.stood / "brief.md").write_text(TEXT, encoding="utf-8")
    said = desk.run("--brief=brief.md", without=("uv",))
    assert desk.read("BRIEF.md") == "mine\n"
    assert "stays as it is" in said.text


def test_a_full_disk_leaves_the_old_file_and_no_half_of_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "BRIEF.md"
    target.write_text("old\n", encoding="utf-8")

    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        files.write_atomically(target, "new and longer\n")
    assert target.read_text(encoding="utf-8") == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["BRIEF.md"]
    monkeypatch.undo()
    target.chmod(0o600)
    files.write_atomically(target, "new\n")
    assert target.stat().st_mode & 0o777 == 0o600
