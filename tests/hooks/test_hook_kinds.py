"""What the hook makes of data for kinds whose code works on the fields of its own Input."""

from pathlib import Path

import pytest
from hook_desk import REPOSITORY, Desk, mapping_in, raw_in


def cases_of(desk: Desk, kind: str) -> None:
    """Put a kind's own cases.py and schemas.py into the rendered folder."""
    overlay = REPOSITORY / "template" / f"{{% if kind == '{kind}' %}}.{{% endif %}}"
    for name in ("cases.py", "schemas.py"):
        text = (overlay / "src/{{ package_name }}" / name).read_text(encoding="utf-8")
        (desk.folder / "src/my_task" / name).write_text(text, encoding="utf-8")


def documents_in(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("DOCUMENTS = "))


@pytest.fixture
def given(desk: Desk) -> Path:
    folder = desk.stood / "handbook"
    folder.mkdir()
    (folder / "a.md").write_text("Text.\n", encoding="utf-8")
    return folder


def test_a_folder_of_documents_is_searched_and_waits_for_questions(desk: Desk, given: Path) -> None:
    cases_of(desk, "rag")
    (given / "prices.csv").write_text("item,description,price\na,b,1\n", encoding="utf-8")
    said = desk.run("--data=handbook", "--kind=rag", without=("uv",))
    assert "data/raw/handbook is what is searched" in said.text
    assert "without them nobody can replay" in said.text
    cases = desk.read("src/my_task/cases.py")
    assert documents_in(cases) == 'DOCUMENTS = Path("data/raw/handbook")'
    assert set(mapping_in(cases).values()) == {"?"}
    assert "no table" not in said.text


def test_a_table_of_questions_among_the_documents_is_mapped(desk: Desk, given: Path) -> None:
    cases_of(desk, "rag")
    rows = "question,answer,file,level\nWhat?,This.,a.md,1\nWho?,Me.,a.md,2\n"
    (given / "qa.csv").write_text(rows, encoding="utf-8")
    said = desk.run("--data=handbook", "--kind=rag", "--commit-data=true", without=("uv",))
    cases = desk.read("src/my_task/cases.py")
    assert documents_in(cases) == 'DOCUMENTS = Path("data/raw/handbook")'
    assert raw_in(cases) == 'RAW = Path("data/raw/handbook/qa.csv")'
    columns = {"question": "question", "answer": "answer", "sources": "file"}
    assert mapping_in(cases) == {
        "input.question": columns["question"],
        "expected.answer": columns["answer"],
        "expected.sources": columns["sources"],
    }
    assert "question: str" in desk.read("src/my_task/schemas.py")  # as it was: the code reads it
    assert "level" not in desk.read("src/my_task/schemas.py")
    assert "nobody can replay" not in said.text


def test_questions_without_sources_are_cases_all_the_same(desk: Desk) -> None:
    cases_of(desk, "rag")
    (desk.stood / "qa.csv").write_text("Question,Answer\nWhat?,This.\n", encoding="utf-8")
    desk.run("--data=qa.csv", "--kind=rag", without=("uv",))
    cases = desk.read("src/my_task/cases.py")
    assert documents_in(cases) == 'DOCUMENTS = Path("data/raw")'
    assert mapping_in(cases) == {"input.question": "Question", "expected.answer": "Answer"}


def test_a_single_document_is_searched_where_it_lies(desk: Desk) -> None:
    cases_of(desk, "rag")
    (desk.stood / "terms.pdf").write_bytes(b"%PDF-1.4")
    desk.run("--data=terms.pdf", "--kind=rag", without=("uv",))
    cases = desk.read("src/my_task/cases.py")
    assert documents_in(cases) == 'DOCUMENTS = Path("data/raw")'
    assert set(mapping_in(cases).values()) == {"?"}


def test_tasks_for_an_agent_leave_the_fields_that_its_loop_reads(desk: Desk) -> None:
    cases_of(desk, "agent")
    before = desk.read("src/my_task/schemas.py")
    rows = "id,task,difficulty,answer\n1,Add a todo,easy,added\n2,List all,hard,milk\n"
    (desk.stood / "tasks.csv").write_text(rows, encoding="utf-8")
    desk.run("--data=tasks.csv", "--kind=agent", without=("uv",))
    mapping = {"id": "id", "input.request": "task", "expected.says": "answer"}
    assert mapping_in(desk.read("src/my_task/cases.py")) == mapping
    assert desk.read("src/my_task/schemas.py") == before


def test_a_database_that_git_ignores_is_said_to_be_missing_from_a_clone(desk: Desk) -> None:
    cases_of(desk, "sql")
    (desk.stood / "sales.db").write_bytes(b"SQLite format 3\0")
    said = desk.run("--data=sales.db", "--kind=sql", without=("uv",))
    assert "without it nobody can replay" in said.text
    said = desk.run("--data=sales.db", "--kind=sql", "--commit-data=true", without=("uv",))
    assert "nobody can replay" not in said.text
