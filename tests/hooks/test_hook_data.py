"""The data that came with the assignment goes under data/raw/."""

import os
import shutil
import zipfile
from typing import Any

import environment
import pytest
import raw_data
import repository
import steps
from hook_desk import Desk, mapping_in, raw_in, render

ROWS = "ticket_id,body,total\na1,hello,12.50\n"


def test_a_folder_is_copied_without_its_environments(desk: Desk) -> None:
    for name in ("a/one.txt", "b/ü two.txt", ".git/config", ".venv/x.py", "__pycache__/x.pyc"):
        path = desk.stood / "letters" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", encoding="utf-8")
    said = desk.run("--data=letters/", "--kind=extract", without=("uv",))
    assert "write data/cases.jsonl" in said.text
    raw = desk.folder / "data/raw/letters"
    found = sorted(path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file())
    assert found == ["a/one.txt", "b/ü two.txt"]
    cases = desk.read("src/my_task/cases.py")
    assert raw_in(cases) == 'RAW = Path("data/raw/letters")'
    assert mapping_in(cases) == {"id": "file", "input.text": "text", "expected.text": "?"}


def test_a_folder_called_data_is_not_nested_in_data(desk: Desk) -> None:
    given = desk.stood / "data"
    given.mkdir()
    (given / "rows.csv").write_text(ROWS, encoding="utf-8")
    (given / "notes.txt").write_text("about\n", encoding="utf-8")
    desk.run("--data=data", "--kind=extract", without=("uv",))
    assert raw_in(desk.read("src/my_task/cases.py")) == 'RAW = Path("data/raw/rows.csv")'
    again = desk.run("--data=data", "--kind=extract", without=("uv",))
    assert "data/raw/rows.csv: is here already." in again.text
    assert not (desk.folder / "data/raw/data").exists()


def test_a_second_folder_called_data_does_not_mix_with_what_is_there(desk: Desk) -> None:
    (desk.stood / "rows.csv").write_text(ROWS, encoding="utf-8")
    desk.run("--data=rows.csv", without=("uv",))
    (desk.stood / "data").mkdir()
    (desk.stood / "data/more.csv").write_text(ROWS, encoding="utf-8")
    desk.run("--data=data", without=("uv",))
    assert (desk.folder / "data/raw/data/more.csv").is_file()
    assert (desk.folder / "data/raw/rows.csv").is_file()


def test_a_folder_with_one_table_points_at_the_table(desk: Desk) -> None:
    (desk.stood / "given").mkdir()
    (desk.stood / "given/rows.csv").write_text(ROWS, encoding="utf-8")
    (desk.stood / "given/README.md").write_text("about\n", encoding="utf-8")
    desk.run("--data=given", "--kind=extract", without=("uv",))
    assert raw_in(desk.read("src/my_task/cases.py")) == 'RAW = Path("data/raw/given/rows.csv")'


def test_a_zip_is_unpacked_and_stays_inside(desk: Desk) -> None:
    with zipfile.ZipFile(desk.stood / "CVs.zip", "w") as archive:
        archive.writestr("CVs/a.pdf", b"%PDF")
        archive.writestr("CVs/b.txt", "b")
        archive.writestr("__MACOSX/CVs/._a.pdf", b"")
        archive.writestr("../../escaped.txt", "out")
    desk.run("--data=CVs.zip", "--kind=extract", without=("uv",))
    assert not (desk.folder.parent / "escaped.txt").exists()
    assert not (desk.folder / "escaped.txt").exists()
    raw = desk.folder / "data/raw/CVs"
    assert (raw / "CVs/a.pdf").is_file() or (raw / "a.pdf").is_file()
    assert not list(raw.rglob("__MACOSX"))
    assert raw_in(desk.read("src/my_task/cases.py")) == 'RAW = Path("data/raw/CVs")'


def test_a_zip_with_one_folder_of_its_own_name_is_not_nested(desk: Desk) -> None:
    with zipfile.ZipFile(desk.stood / "CVs.zip", "w") as archive:
        archive.writestr("CVs/a.txt", "a")
        archive.writestr("CVs/deep/b.txt", "b")
    desk.run("--data=CVs.zip", without=("uv",))
    assert (desk.folder / "data/raw/CVs/a.txt").is_file()
    assert (desk.folder / "data/raw/CVs/deep/b.txt").is_file()


def test_a_broken_zip_is_said_and_leaves_nothing_half(desk: Desk) -> None:
    whole = desk.stood / "x.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a.txt", "a" * 1000)
    content = bytearray(whole.read_bytes())
    content[40:60] = b"x" * 20
    whole.write_bytes(bytes(content))
    said = desk.run("--data=x.zip", without=("uv",))
    assert said.code == 0
    assert "unpack it yourself" in said.text
    assert (
        not list((desk.folder / "data").rglob("*.part")) if (desk.folder / "data").exists() else 1
    )
    assert not (desk.folder / "data/raw/x").exists()


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("https://company.example/rows.csv", "nothing was fetched"),
        ("no such.csv", "there is no"),
        ("..", "that folder holds this repository"),
    ],
)
def test_data_that_cannot_be_placed_is_said_and_fails_nothing(
    desk: Desk, typed: str, why: str
) -> None:
    said = desk.run(f"--data={typed}", without=("uv",))
    assert said.code == 0
    assert why in said.text
    assert "put it into data/raw/ and name it in src/my_task/cases.py (RAW)" in said.text
    assert "Committed: the render alone" in said.text


def test_a_wrong_path_is_put_right_by_the_same_command(desk: Desk) -> None:
    said = desk.run("--data=row.csv", "--brief=brief.txt", "--kind=extract", without=("uv",))
    assert said.text.count("or run the same copier command with the right path") == 2
    (desk.stood / "rows.csv").write_text(ROWS, encoding="utf-8")
    (desk.stood / "brief.md").write_text("Read the rows.\n", encoding="utf-8")
    desk.run("--data=rows.csv", "--brief=brief.md", "--kind=extract", without=("uv",))
    assert raw_in(desk.read("src/my_task/cases.py")) == 'RAW = Path("data/raw/rows.csv")'
    assert desk.read("BRIEF.md") == "Read the rows.\n"


def test_cases_older_than_the_data_are_named_and_kept(desk: Desk) -> None:
    (desk.stood / "rows.csv").write_text(ROWS, encoding="utf-8")
    (desk.folder / "data").mkdir()
    (desk.folder / "data/cases.jsonl").write_text("{}\n", encoding="utf-8")
    said = desk.run("--data=rows.csv", "--kind=extract", without=("uv",))
    assert "data/cases.jsonl is older, perhaps our sample" in said.text
    assert desk.read("data/cases.jsonl") == "{}\n"
    again = desk.run("--data=rows.csv", "--kind=extract", without=("uv",))
    assert "data/cases.jsonl" not in again.text


def test_data_that_lies_in_the_repository_stays_where_it_is(desk: Desk) -> None:
    (desk.folder / "data").mkdir()
    (desk.folder / "data/rows.csv").write_text(ROWS, encoding="utf-8")
    said = desk.run(f"--data={desk.folder / 'data'}", "--kind=extract", without=("uv",))
    assert "data/rows.csv: is here already." in said.text
    assert not (desk.folder / "data/raw").exists()
    assert raw_in(desk.read("src/my_task/cases.py")) == 'RAW = Path("data/rows.csv")'


@pytest.mark.skipif(os.name == "nt", reason="symbolic links, pipes and devices")
def test_links_are_followed_to_files_and_pipes_are_left_out(desk: Desk) -> None:
    (desk.stood / "real.csv").write_text(ROWS, encoding="utf-8")
    given = desk.stood / "given"
    given.mkdir()
    (given / "linked.csv").symlink_to(desk.stood / "real.csv")
    (given / "broken.txt").symlink_to(desk.stood / "nowhere")
    (given / "loop").symlink_to(given)
    os.mkfifo(given / "pipe")
    (given / "plain.txt").write_text("x", encoding="utf-8")
    said = desk.run("--data=given", without=("uv",))
    raw = desk.folder / "data/raw/given"
    assert sorted(path.name for path in raw.iterdir()) == ["linked.csv", "plain.txt"]
    assert not (raw / "linked.csv").is_symlink()
    assert "1 files could not be read and are missing (broken.txt)" in said.text


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_a_link_to_a_folder_elsewhere_is_not_followed_and_named(desk: Desk) -> None:
    (desk.stood / "elsewhere").mkdir()
    (desk.stood / "elsewhere/more.csv").write_text(ROWS, encoding="utf-8")
    (desk.stood / "given/in").mkdir(parents=True)
    (desk.stood / "given/a.txt").write_text("x", encoding="utf-8")
    (desk.stood / "given/out").symlink_to(desk.stood / "elsewhere")
    (desk.stood / "given/loop").symlink_to(desk.stood / "given")
    said = desk.run("--data=given", without=("uv",))
    assert "1 links to folders elsewhere were not followed and are missing (out)" in said.text


@pytest.mark.skipif(os.name == "nt", reason="quotes in a name")
def test_a_quote_at_the_end_of_a_name_belongs_to_it(desk: Desk) -> None:
    (desk.stood / "the 'rows'").mkdir()
    (desk.stood / "the 'rows'/rows.csv").write_text(ROWS, encoding="utf-8")
    said = desk.run("--data=the 'rows'", without=("uv",))
    assert "data/raw/the 'rows'/rows.csv: in place" in said.text


def test_what_lies_beside_the_table_is_counted_and_how_to_read_it_said(desk: Desk) -> None:
    (desk.stood / "data").mkdir()
    (desk.stood / "data/truth.csv").write_text(ROWS, encoding="utf-8")
    (desk.stood / "data/CVs.zip").write_bytes(b"PK")
    (desk.folder / "src/scaffold/documents.py").write_text("", encoding="utf-8")
    said = desk.run("--data=data", without=("uv",))
    assert "data/raw/truth.csv: in place, beside 1 other file." in said.text
    assert "scaffold.documents.read_pages" in said.text


def test_git_is_not_asked_about_each_of_many_files(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.folder)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", desk.environment["GIT_CONFIG_GLOBAL"])
    render(desk.folder, confidential=False)
    desk.git("init", "-q", "-b", "main")
    (desk.folder / "data/raw").mkdir(parents=True)
    (desk.folder / "data/raw/old.txt").touch()
    desk.git("add", "data")
    desk.git("commit", "-q", "-m", "Theirs")
    for number in range(50):
        (desk.folder / f"data/raw/{number}.txt").touch()
    git = shutil.which("git")
    assert git
    asked: list[tuple[str, ...]] = []

    really = repository.Repository.git

    def counted(self: repository.Repository, *arguments: str, **also: Any) -> environment.Done:
        asked.append(arguments)
        return really(self, *arguments, **also)

    monkeypatch.setattr(repository.Repository, "git", counted)
    steps._second_commit(repository.Repository(git), [], True, print)
    said: list[str] = []
    monkeypatch.setattr(repository, "_LARGEST", 1)
    assert repository.too_large([desk.folder / "pyproject.toml"], said.append) == []
    assert "not committed" in said[0]
    assert len(asked) < 20
    assert len(desk.committed("HEAD")) == 50


@pytest.mark.skipif(os.name == "nt", reason="symbolic links and devices")
@pytest.mark.parametrize("typed", ["/dev/zero", "pipe"])
def test_what_never_ends_is_not_read(desk: Desk, typed: str) -> None:
    os.mkfifo(desk.stood / "pipe")
    said = desk.run(f"--data={typed}", without=("uv",))
    assert "it is neither a file nor a folder" in said.text


def test_data_larger_than_the_disk_is_refused_before_it_is_copied(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.stood / "rows.csv").write_text(ROWS, encoding="utf-8")
    usage = shutil.disk_usage(desk.folder)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    monkeypatch.chdir(desk.folder)
    with pytest.raises(raw_data.NoDataError, match="the disk 0 free, of which 200 stay free"):
        raw_data.place(str(desk.stood / "rows.csv"), "")
    with zipfile.ZipFile(desk.stood / "rows.zip", "w") as archive:
        archive.writestr("rows.csv", ROWS)
    with pytest.raises(raw_data.NoDataError, match="the disk 0 free"):
        raw_data.place(str(desk.stood / "rows.zip"), "")
    monkeypatch.setattr(raw_data, "_ENTRIES", 0)
    with pytest.raises(raw_data.NoDataError, match="the ZIP has 1 entries"):
        raw_data.place(str(desk.stood / "rows.zip"), "")
