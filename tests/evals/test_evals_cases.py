import json

import pytest
from pydantic import BaseModel, computed_field

from scaffold.evals import (
    Case,
    CasesError,
    map_rows,
    read_cases,
    read_rows,
    select,
    write_cases,
)


class Input(BaseModel):
    text: str


class Expected(BaseModel):
    label: str
    total: float | None = None


MODELS = {"input": Input, "expected": Expected}


def test_cases_come_back_as_they_were_written(tmp_path):
    cases = [
        Case("1", Input(text="ü\u2028x"), Expected(label="a"), ("t", "u"), "g", "test"),
        Case("2", Input(text=""), None, reviewed=False),
    ]
    write_cases(tmp_path / "data" / "cases.jsonl", cases)
    assert read_cases(tmp_path / "data" / "cases.jsonl", **MODELS) == cases
    lines = (tmp_path / "data" / "cases.jsonl").read_text("utf-8").split("\n")
    assert list(json.loads(lines[0])) == ["id", "input", "expected", "tags", "group", "split"]


def test_cases_come_from_csv_and_json(tmp_path):
    (tmp_path / "a.csv").write_text(
        "id,input.text,expected.label,tags,split\n1,hello,x,red;blue,test\n2,bye,y,,\n", "utf-8-sig"
    )
    (tmp_path / "b.json").write_text('[{"id": 3, "input": {"text": "yo"}}]', "utf-8")
    found = read_cases(tmp_path / "a.csv", **MODELS)
    assert [case.id for case in found] == ["1", "2"]
    assert found[0].expected == Expected(label="x")
    assert (found[0].tags, found[0].split) == (("red", "blue"), "test")
    assert (found[1].tags, found[1].split) == ((), "dev")
    assert read_cases(tmp_path / "b.json", **MODELS) == [Case("3", Input(text="yo"))]


class Loose(BaseModel):
    total: float | None = None
    label: str | None = None


def test_a_label_whose_fields_are_all_null_stays_one_but_an_empty_row_has_none(tmp_path):
    cases = [Case("1", Input(text="x"), Loose())]
    write_cases(tmp_path / "c.jsonl", cases)
    assert read_cases(tmp_path / "c.jsonl", input=Input, expected=Loose) == cases
    rows = [{"text": "x", "total": None, "label": None}, {"text": "y", "total": 1, "label": None}]
    mapping = {"input.text": "text", "expected.total": "total", "expected.label": "label"}
    found = list(map_rows(rows, mapping, input=Input, expected=Loose))
    assert [case.expected for case in found] == [None, Loose(total=1)]


@pytest.mark.parametrize("rule", ["allow", "ignore"])
def test_a_model_that_says_what_to_do_with_other_keys_is_obeyed(tmp_path, rule):
    class Open(Loose, extra=rule):
        pass

    line = '{"id": "1", "input": {"text": "x"}, "expected": {"label": "x", "note": 1}}\n'
    (tmp_path / "c.jsonl").write_text(line, "utf-8")
    (case,) = read_cases(tmp_path / "c.jsonl", input=Input, expected=Open)
    assert case.expected == Open(label="x", note=1)


def test_what_a_label_computes_is_not_written_as_a_key_of_its_own(tmp_path):
    class Known(Loose):
        @computed_field
        def known(self) -> bool:
            return self.total is not None

    cases = [Case("1", Input(text="x"), Known(total=1))]
    write_cases(tmp_path / "c.jsonl", cases)
    assert read_cases(tmp_path / "c.jsonl", input=Input, expected=Known) == cases


def test_a_case_built_by_hand_that_does_not_fit_is_named(tmp_path):
    texts = ["a", "b", None]
    with pytest.raises(CasesError, match=r"case 3: text: Input should be a valid string"):
        write_cases(tmp_path / "c.jsonl", (Case(str(t), Input(text=t)) for t in texts))
    assert list(tmp_path.iterdir()) == []


def test_where_a_row_of_json_lacks_a_key_it_is_empty(tmp_path):
    (tmp_path / "raw.jsonl").write_text('{"body": "x"}\n{"body": "y", "label": "z"}\n', "utf-8")
    mapping = {"input.text": "body", "expected.label": "label"}
    found = list(map_rows(read_rows(tmp_path / "raw.jsonl"), mapping, **MODELS))
    assert [case.expected for case in found] == [None, Expected(label="z")]


def test_every_bad_line_is_named_with_its_reason_in_one_go(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text(
        '{"id": "1", "input": {"text": "x"}}\n'
        '{"id": "2", "input": {"txt": "x"}}\n'
        "not json\n\n"
        '{"id": "1", "input": {"text": "x"}}\n'
        '{"input": {"text": "x"}}\n'
        '{"id": "7", "input": {"text": "x"}, "splitt": "dev"}\n'
        '{"id": "8", "input": {"text": "x"}, "split": "train"}\n[1]\n'
        '{"id": "10", "input": {"text": "x"}, "expected": {"label": "x", "totla": 1}}\n',
        "utf-8",
    )
    with pytest.raises(CasesError) as caught:
        read_cases(path, **MODELS)
    problems = str(caught.value)
    for line, reason in [(2, "input.text: Field required"), (3, "JSON object"), (5, "used twice"),
                         (6, "id: Field required"), (7, "splitt: Unexpected"), (8, "'dev' or 'test'"),
                         (9, "JSON object"), (10, "expected.totla: Extra inputs")]:  # fmt: skip
        assert any(f"line {line}:" in p and reason in p for p in str(caught.value).splitlines()), (
            problems
        )
    assert "MAPPING" not in problems


def test_where_no_row_fits_any_more_it_says_how_the_file_is_made_anew(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "1", "input": {"old": "x"}}\n' * 2, "utf-8")
    with pytest.raises(CasesError) as caught:
        read_cases(path, **MODELS)
    *rows, advice = str(caught.value).splitlines()
    assert len(rows) == 2
    assert advice.startswith("No row fits: if MAPPING made this file, delete it")


def test_rows_are_mapped_and_numbered(tmp_path):
    path = tmp_path / "raw.tsv"
    path.write_text('body\tlabel\n"two\nlines"\tx\nb\t\n', "utf-8")
    mapping = {"input.text": "body", "expected.label": "label"}
    found = list(map_rows(read_rows(path), mapping, **MODELS))
    assert [case.id for case in found] == ["000001", "000002"]
    assert found[0].input.text == "two\nlines"
    assert found[1].expected is None


def test_all_that_is_not_mapped_is_named_at_once(tmp_path):
    path = tmp_path / "raw.csv"
    path.write_text("body;label\na;b\n", "utf-8")
    mapping = {"id": "nummer", "input.text": "?", "expected.total": "label"}
    with pytest.raises(CasesError) as caught:
        list(map_rows(read_rows(path), mapping, **MODELS))
    said = str(caught.value)
    assert said.startswith("MAPPING in your cases.py: still to be mapped")
    by_hand = "or write data/cases.jsonl by hand"
    for part in ("input.text", "expected.label", "nummer", "body, label", "raw.csv", by_hand):
        assert part in said


def test_a_bad_row_is_named_by_its_line_even_after_a_field_of_many_lines(tmp_path):
    path = tmp_path / "raw.csv"
    path.write_text('body,n\n"a\nb\nc",1\n,2\nx,1,extra\n', "utf-8")
    with pytest.raises(CasesError) as caught:
        list(map_rows(read_rows(path), {"input.text": "body"}, **MODELS))
    places = {problem.split(":")[0] for problem in str(caught.value).splitlines()}
    assert places == {"raw.csv line 5", "raw.csv line 6"}


def test_a_line_that_is_no_object_is_named_by_mapping_and_seen_by_who_reads_rows(tmp_path):
    path = tmp_path / "raw.jsonl"
    path.write_text('{"body": \nnot json\n', "utf-8")
    assert list(read_rows(path)) == [{None: '{"body":'}, {None: "not json"}]
    with pytest.raises(CasesError) as caught:
        map_rows(read_rows(path), {"input.text": "body"}, **MODELS)
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == [
        "raw.jsonl line 1",
        "raw.jsonl line 2",
    ]


def test_a_label_of_json_may_be_a_list_or_an_object():
    class Places(BaseModel):
        sources: list[str]
        spans: dict[str, int]

    rows = [{"q": "where?", "sources": ["a", "b"], "spans": {"a": 1}}]
    mapping = {"input.text": "q", "expected.sources": "sources", "expected.spans": "spans"}
    [case] = map_rows(rows, mapping, input=Input, expected=Places)
    assert case.expected == Places(sources=["a", "b"], spans={"a": 1})


def test_nothing_is_written_where_a_row_is_bad(tmp_path):
    rows = [{"body": "x"}, {"body": None}]
    with pytest.raises(CasesError):
        write_cases(tmp_path / "c.jsonl", map_rows(rows, {"input.text": "body"}, **MODELS))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "body,category\n"], ids=["nothing", "a header"])
def test_data_without_a_row_is_a_sentence_and_makes_no_file_of_cases(tmp_path, content):
    (tmp_path / "a.csv").write_text(content, "utf-8")
    rows, mapping = read_rows(tmp_path / "a.csv"), {"input.text": "body"}
    with pytest.raises(CasesError, match="the data holds no row"):
        write_cases(tmp_path / "cases.jsonl", map_rows(rows, mapping, **MODELS))
    assert not (tmp_path / "cases.jsonl").exists()


@pytest.mark.parametrize("encoding", ["Latin-1", "UTF-16"])
def test_another_encoding_is_said_in_a_sentence(tmp_path, encoding):
    path = tmp_path / "raw.csv"
    path.write_bytes("text\nGrüße\n".encode(encoding))
    with pytest.raises(CasesError, match=encoding):
        list(read_rows(path))


def test_ndjson_is_jsonl_by_another_name(tmp_path):
    path = tmp_path / "raw.ndjson"
    path.write_text('{"text": "a"}\n', encoding="utf-8")
    assert list(read_rows(path)) == [{"text": "a"}]


def test_a_folder_gives_a_row_per_file(tmp_path):
    (tmp_path / "spam").mkdir()
    (tmp_path / "spam" / "a.txt").write_text("hi", "utf-8")
    (tmp_path / "scan.pdf").write_bytes(b"\xff\xfe\x00\x81")
    assert list(read_rows(tmp_path)) == [
        {"file": "scan.pdf", "folder": "", "text": None},
        {"file": "spam/a.txt", "folder": "spam", "text": "hi"},
    ]


@pytest.mark.parametrize("content", ['[{"a": 1}]', '{"data": [{"a": 1}], "v": 2}', '{"a": 1}'])
def test_json_is_a_list_an_object_of_one_list_or_one_row(tmp_path, content):
    path = tmp_path / "raw.json"
    path.write_text(content, "utf-8")
    assert list(read_rows(path)) == [{"a": 1}]


@pytest.mark.parametrize("name", ["missing.csv", "data.xlsx"])
def test_what_cannot_be_read_is_a_sentence(tmp_path, name):
    (tmp_path / "data.xlsx").write_bytes(b"PK")
    with pytest.raises(CasesError, match=name):
        list(read_rows(tmp_path / name))


def test_a_megabyte_in_a_cell_is_read(tmp_path):
    path = tmp_path / "raw.csv"
    path.write_text("text\n" + "x" * 1_000_000 + "\n", "utf-8")
    assert len(next(read_rows(path))["text"]) == 1_000_000


def test_cases_are_selected_by_split_tag_id_and_number():
    cases = [Case(str(i), i, tags=("odd",) if i % 2 else (), split="test" if i > 7 else "dev")
             for i in range(10)]  # fmt: skip
    assert len(select(cases, split="dev")) == 8
    assert [c.id for c in select(cases, split="dev", tags=["odd"], limit=2)] == ["1", "3"]
    assert [c.id for c in select(cases, ids=["4", "9"])] == ["4", "9"]
    with pytest.raises(CasesError, match="no case 99"):
        select(cases, ids=["99"])


def test_a_cell_keeps_its_ends_of_lines(tmp_path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b'id,text\r\n1,"a\r\nb"\r\n')
    assert list(read_rows(path)) == [{"id": "1", "text": "a\r\nb"}]
