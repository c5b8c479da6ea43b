"""What the columns of the data tell goes into cases.py and schemas.py."""

import json
import re
import runpy
import shutil
import string
import subprocess
import sys
from pathlib import Path

import columns
import fill_in
import pytest
from hook_desk import Desk, mapping_in, raw_in, render
from hypothesis import example, given, settings
from hypothesis import strategies as st

ROWS = (
    "ticket_id,body,total,due date,paid,class,date,zip\n"
    "a1,hello,12.50,2024-01-01,yes,x,2024-01-01,01234\n"
    'a2,"hello, you",1,2024-01-03,no,y,,10115\n'
)


def _ruff(*arguments: str, folder: Path) -> None:
    """Hold Python files against the generated repository's rules."""
    rules = ["--isolated", "--line-length=100", "--no-cache"]
    if arguments[0] == "check":
        rules += ["--select=E4,E7,E9,F,I,B,UP,SIM,C4,RUF", "--ignore=RUF001,RUF002,RUF003"]
    program = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
    done = subprocess.run(
        [program, *arguments, *rules, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_columns_become_fields_and_a_mapping_that_ruff_accepts(desk: Desk) -> None:
    (desk.stood / "my tickets.csv").write_text(ROWS, encoding="utf-8")
    said = desk.run("--data=my tickets.csv", "--kind=extract", without=("uv",))
    assert "data/raw/my tickets.csv: in place." in said.text
    assert "8 columns found, 8 fields mapped" in said.text
    cases, schemas = desk.read("src/my_task/cases.py"), desk.read("src/my_task/schemas.py")
    assert raw_in(cases) == 'RAW = Path("data/raw/my tickets.csv")'
    assert mapping_in(cases) == {
        "id": "ticket_id",
        "input.text": "body",
        "expected.total": "total",
        "expected.due_date": "due date",
        "expected.paid": "paid",
        "expected.class_value": "class",
        "expected.date": "date",
        "expected.zip": "zip",
    }
    fields = schemas.split("class Fields")[1].split("class Evidence")[0]
    assert [line.strip() for line in fields.splitlines()[3:] if line.strip()] == [
        "total: Decimal | None = None",
        "due_date: dt.date | None = None",
        "paid: bool | None = None",
        "class_value: str | None = None",
        "date: dt.date | None = None",
        "zip: str | None = None",
    ]
    assert "Literal" not in schemas
    assert "hello" not in cases + schemas
    _ruff("check", folder=desk.folder / "src")
    _ruff("format", "--check", folder=desk.folder / "src")


def test_a_blank_kind_keeps_its_fields_and_leaves_unclear_columns_open(desk: Desk) -> None:
    (desk.stood / "rows.csv").write_text("nr;question;foo\n1;why?;a\n1;how?;b\n", encoding="utf-8")
    said = desk.run("--data=rows.csv", "--kind=blank", without=("uv",))
    assert "1 fields mapped, 1 still to be mapped" in said.text
    assert mapping_in(desk.read("src/my_task/cases.py")) == {
        "input.text": "question",
        "expected.text": "?",
    }
    assert "class Output" in desk.read("src/my_task/schemas.py")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", '{"id": 1, "text": "a", "label": "x"}\n\n{"id": 2, "text": "b"}\n'),
        ("rows.json", '{"items": [{"id": 1, "text": "a", "label": "x"}]}'),
        ("rows.tsv", "id\ttext\tlabel\n1\ta\tx\n"),
        ("rows.csv", "\ufeffid|text|label\n1|a|x\n"),
    ],
)
def test_every_table_is_mapped_by_clear_names(desk: Desk, name: str, content: str) -> None:
    (desk.stood / name).write_text(content, encoding="utf-8")
    desk.run(f"--data={name}", "--kind=blank", without=("uv",))
    assert mapping_in(desk.read("src/my_task/cases.py")) == {
        "id": "id",
        "input.text": "text",
        "expected.text": "label",
    }


@pytest.mark.parametrize("content", ["3", '"text"', "null", "[1]", "", "{"])
def test_json_that_holds_no_rows_is_no_table(tmp_path: Path, content: str) -> None:
    (tmp_path / "rows.json").write_text(content, encoding="utf-8")
    assert columns.look(tmp_path / "rows.json") is None


def test_columns_of_one_name_are_said_as_only_the_last_is_read(desk: Desk) -> None:
    (desk.stood / "rows.csv").write_text("id,text,text,label,,\n1,a,b,x,,\n", encoding="utf-8")
    said = desk.run("--data=rows.csv", "--kind=blank", without=("uv",))
    assert 'rows.csv has several columns called "text"; a row keeps the last.' in said.text


def test_ids_that_repeat_are_no_ids(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,text\n1,a\n1,b\n", encoding="utf-8")
    table = columns.look(tmp_path / "rows.csv")
    assert table
    assert [column.unique for column in table.columns] == [False, True]


def test_what_the_candidate_mapped_is_not_touched_by_a_second_run(desk: Desk) -> None:
    (desk.stood / "rows.csv").write_text(ROWS, encoding="utf-8")
    desk.run("--data=rows.csv", "--kind=extract", without=("uv",))
    cases = desk.folder / "src/my_task/cases.py"
    cases.write_text(cases.read_text("utf-8").replace('"body"', '"class"'), encoding="utf-8")
    before = cases.read_bytes()
    said = desk.run("--data=rows.csv", "--kind=extract", without=("uv",))
    assert "is here already" in said.text
    assert cases.read_bytes() == before


@example(names=['\'""'])
@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(
        st.one_of(
            st.text(min_size=1, max_size=20).filter(lambda name: "\r" not in name and name.strip()),
            st.sampled_from(
                [
                    'say "hi"',
                    "it's",
                    "class",
                    "date",
                    "dt",
                    "{{ x }}",
                    "a\\b",
                    "text",
                    "ID",
                    "model_x",
                ]
            ),
            st.text(string.ascii_letters + " _-", min_size=90, max_size=160),
        ),
        min_size=1,
        max_size=12,
        unique=True,
    )
)
def test_no_column_name_makes_a_broken_file(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("columns")
    render(folder)
    package = folder / "src" / "my_task"
    rows = folder / "rows.jsonl"
    rows.write_text(json.dumps(dict.fromkeys(names, "2024-01-01")) + "\n", encoding="utf-8")
    fill_in.fill(package, rows, "extract")
    mapping = mapping_in((package / "cases.py").read_text("utf-8"))
    assert set(mapping.values()) - {"?"} <= set(names)
    scope: dict[str, object] = {}
    exec((package / "schemas.py").read_text("utf-8"), scope)
    _ruff("check", folder=folder / "src")
    _ruff("format", "--check", folder=folder / "src")


def test_beside_a_column_that_holds_the_answer_all_others_are_what_it_is_found_from(
    tmp_path: Path,
) -> None:
    render(tmp_path)
    package = tmp_path / "src" / "my_task"
    rows = tmp_path / "truth.csv"
    rows.write_text(
        "case_id,title,phase,year,expected_answer\nA1,One,,2020,true\nA2,Two,II,2021,false\n",
        encoding="utf-8",
    )
    fill_in.fill(package, rows, "extract")
    schemas = (package / "schemas.py").read_text("utf-8")
    assert "    title: str\n    phase: str | None = None\n    year: int\n" in schemas
    assert "    answer: bool | None = None\n" in schemas
    assert mapping_in((package / "cases.py").read_text("utf-8")) == {
        "id": "case_id",
        "input.title": "title",
        "input.phase": "phase",
        "input.year": "year",
        "expected.answer": "expected_answer",
    }
    _ruff("check", folder=tmp_path / "src")
    _ruff("format", "--check", folder=tmp_path / "src")


def test_given_data_the_prompt_no_longer_asks_for_the_sample_cases_task(
    desk: Desk,
) -> None:
    prompt = desk.folder / "prompts" / "answer.j2"
    prompt.parent.mkdir(exist_ok=True)
    prompt.write_text("Mend spelling.\n\n- x\n- The text is data: y\n\n{{ a }}\n", encoding="utf-8")
    (desk.stood / "t.csv").write_text("text,label\nIt broke,defect\n", encoding="utf-8")
    desk.run("--data=t.csv", "--kind=blank", without=("uv",))
    assert prompt.read_text("utf-8").startswith("TODO: say what is asked")
    assert prompt.read_text("utf-8").endswith("- The text is data: y\n\n{{ a }}\n")


_OVERLAYS = Path(__file__).parents[2] / "template"


def _overlay(kind: str, folder: Path) -> Path:
    """Put a kind's own cases.py and schemas.py into a package, and return that."""
    package = folder / "src" / "my_task"
    package.mkdir(parents=True, exist_ok=True)
    source = _OVERLAYS / f"{{% if kind == '{kind}' %}}.{{% endif %}}" / "src/{{ package_name }}"
    for name in ("cases.py", "schemas.py"):
        shutil.copyfile(source / name, package / name)
    return package


@pytest.mark.parametrize(
    ("kind", "header", "mapping"),
    [
        (
            "classify",
            "ticket,intent",
            {"input.text": "ticket", "expected.label": "intent"},
        ),
        (
            "classify",
            "subject,body,category",
            {
                "input.subject": "subject",
                "input.body": "body",
                "expected.label": "category",
            },
        ),
        (
            "judge",
            "question,response,score",
            {
                "input.question": "question",
                "input.answer": "response",
                "expected.verdict": "score",
            },
        ),
        (
            "judge",
            "prompt,response_a,response_b,reference,winner",
            {
                "input.question": "prompt",
                "input.answer": "response_a",
                "expected.verdict": "winner",
                "input.other": "response_b",
                "input.reference": "reference",
            },
        ),
        (
            "judge",
            "q,answer,note,length",
            {"input.question": "?", "input.answer": "answer", "expected.verdict": "?"},
        ),
        ("sql", "question,query,db", {"input.question": "question", "expected.sql": "query"}),
        ("sql", "query,sql", {"input.question": "query", "expected.sql": "sql"}),
    ],
)
def test_each_kind_finds_its_fields_by_their_usual_names(
    tmp_path: Path, kind: str, header: str, mapping: dict[str, str]
) -> None:
    package = _overlay(kind, tmp_path)
    rows = tmp_path / "rows.csv"
    rows.write_text(f"{header}\n{header}\n{header}\n", encoding="utf-8")
    fill_in.fill(package, rows, kind)
    assert mapping_in((package / "cases.py").read_text("utf-8")) == mapping
    _ruff("check", folder=tmp_path / "src")
    _ruff("format", "--check", folder=tmp_path / "src")


def test_only_kinds_that_read_any_fields_get_the_columns_as_fields_of_input(
    tmp_path: Path,
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("subject,body,question,answer,sql,label\n1,2,3,4,5,6\n", encoding="utf-8")
    for kind, filled in [("classify", True), ("judge", False), ("sql", False)]:
        package = _overlay(kind, tmp_path / kind)
        before = (package / "schemas.py").read_text("utf-8")
        fill_in.fill(package, rows, kind)
        after = (package / "schemas.py").read_text("utf-8")
        assert (after != before) == filled, kind
        assert ("    subject: int" in after) == filled, kind
        _ruff("check", folder=tmp_path / kind)
        _ruff("format", "--check", folder=tmp_path / kind)


def test_the_columns_of_extract_become_fields_beside_the_evidence_that_output_carries(
    tmp_path: Path,
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text,total,evidence,standing\na,1,b,c\n", encoding="utf-8")
    package = _overlay("extract", tmp_path)
    fill_in.fill(package, rows, "extract")
    scope = runpy.run_path(str(package / "schemas.py"))
    columns_of = ["total", "evidence_value", "standing_value"]
    assert list(scope["Expected"].model_fields) == columns_of
    assert list(scope["Output"].model_fields) == [*columns_of, "evidence"]
    output = scope["Output"](
        evidence=[{"field": "total", "quote": "1", "confidence": 0.25}], evidence_value="b"
    )
    standings = [output.standing(name) for name in columns_of]
    assert standings == ["unsure", "given", "absent"]
    _ruff("check", folder=tmp_path / "src")
    _ruff("format", "--check", folder=tmp_path / "src")


@pytest.mark.parametrize("name", ["shop.sqlite", f"{'long name ' * 9}.sql"])
def test_a_database_that_arrived_is_named_where_the_kind_looks_for_it(
    tmp_path: Path, name: str
) -> None:
    package = _overlay("sql", tmp_path)
    source = _OVERLAYS / "{% if kind == 'sql' %}.{% endif %}/src/{{ package_name }}/database.py"
    shutil.copyfile(source, package / "database.py")
    fill_in.fill(package, Path("data/raw") / name, "sql")
    text = (package / "database.py").read_text("utf-8")
    named = re.search(r'^DATABASE: Path \| None = Path\(\s*"(.*)"\s*\)$', text, re.M)
    assert named is not None
    assert named[1] == f"data/raw/{name}"
    _ruff("check", folder=tmp_path / "src")
    _ruff("format", "--check", folder=tmp_path / "src")


def test_a_database_is_put_in_place_and_said_to_be_one(desk: Desk) -> None:
    (desk.stood / "shop.sqlite").write_bytes(b"SQLite format 3\0")
    said = desk.run("--data=shop.sqlite", "--kind=sql", without=("uv",))
    assert "data/raw/shop.sqlite is the database; `takehome eval` says where" in said.text
    assert raw_in(desk.read("src/my_task/cases.py")) == 'RAW = Path("data/raw/shop.sqlite")'
