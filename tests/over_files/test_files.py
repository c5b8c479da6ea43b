"""The solution on one input, over a file and as a chat; settings. In a project of the tests' own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SCAFFOLD = Path(__file__).parents[2] / "template" / "src"
SCHEMAS = """
from pydantic import BaseModel

class Message(BaseModel):
    role: str
    content: str

class Input(BaseModel):
    text: str
    history: list[Message] = []
    seen: int = 0

class Output(BaseModel):
    text: str
    size: int
    words: list[str] = []
    seen: int = 0
"""
SOLUTION = """
import asyncio, os
from pathlib import Path
from .schemas import Output

async def solve(input, llm):
    with Path("solved.txt").open("a") as file:
        file.write(input.text + "\\n")
    await asyncio.sleep(float(os.environ.get("SLOW", "0")))
    if input.text.startswith("bad"):
        raise ValueError("nothing in it")
    text, said = input.text.upper(), " / ".join(message.content for message in input.history)
    if os.environ.get("CHAT"):
        text = f"{text} {input.seen}" + (f" after [{said}]" if said else "")
    return Output(text=text, size=len(text), words=input.text.split(), seen=input.seen + 1)
"""
ODD = """

def odd(text):
    match text:
        case "CIRCLE":
            found = []
            found.append(found)
        case "INT":
            found = [10**5000]
        case "DEEP":
            found = []
            for _ in range(2000):
                found = [found]
        case _:
            found = []
    return found
"""
PROJECT = '[tool.takehome]\npackage = "task"\nmodel = "anthropic:none"\nsolver = "solution"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "src" / "task"
    package.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(PROJECT, "utf-8")
    for name, text in {"schemas": SCHEMAS, "solution": SOLUTION, "cases": "MAPPING = {}\n"}.items():
        (package / f"{name}.py").write_text(text, "utf-8")
    return tmp_path


def start(folder: Path, *command: str, **environment: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(SCAFFOLD), str(folder / "src")])
    return subprocess.Popen(
        [sys.executable, "-m", "scaffold.cli", *command],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUTF8": "1", **environment},
    )


def takehome(folder: Path, *command: str, code: int = 0, said: str = "") -> tuple[str, str]:
    process = start(folder, *command, CHAT="1" if said else "")
    out, err = process.communicate(said, timeout=60)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    return out, err


def over(folder: Path, source: str, out: str) -> dict[str, Any]:
    return json.loads(takehome(folder, "run", "--in", source, "--out", out)[0])


def wait_for_rows(lines: Path, count: int) -> None:
    """Return once a command under way has answered so many rows."""
    until = time.monotonic() + 30
    while not (lines.exists() and lines.read_bytes().count(b"\n") >= count):
        assert time.monotonic() < until
        time.sleep(0.01)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns_keep_their_order_and_answers_come_after_them(folder: Path) -> None:
    (folder / "in.csv").write_text('z;text;a\n1;"zwei\nZüge";ü\n2;x;\n', "utf-8")
    told = over(folder, "in.csv", "out.csv")
    assert (told["rows"], told["errors"], told["cost_usd"]) == (2, 0, 0)
    first, second = table(folder / "out.csv")
    names = ["z", "text", "a", "output.text", "size", "words", "seen", "error"]
    assert list(first) == names
    answer = ["ZWEI\nZÜGE", "9", '["zwei", "Züge"]', "1", ""]
    assert list(first.values()) == ["1", "zwei\nZüge", "ü", *answer]
    assert (second["a"], second["output.text"]) == ("", "X")


def test_a_column_without_a_name_is_kept(folder: Path) -> None:
    (folder / "in.csv").write_text(",text\n0,one\n1,two\n", "utf-8")  # as pandas writes an index
    over(folder, "in.csv", "out.csv")
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:2] == ["", "text"]
    assert [row[:2] for row in rows] == [["0", "one"], ["1", "two"]]


def test_a_file_that_was_answered_before_keeps_those_answers(folder: Path) -> None:
    (folder / "in.csv").write_text("text,output.text,error\nnew,old,late\n", "utf-8")
    over(folder, "in.csv", "out.csv")
    (row,) = table(folder / "out.csv")
    assert (row["output.text"], row["error"]) == ("old", "late")
    assert (row["output.output.text"], row["output.error"]) == ("NEW", "")


ALIASES = """
from pydantic import BaseModel, Field

class Input(BaseModel):
    text: str = Field(alias="Ticket Text")

class Output(BaseModel):
    reply: str = Field(serialization_alias="Reply Text")
"""
ANSWER = """
from .schemas import Output

async def solve(input, llm):
    return Output(reply=input.text.upper())
"""


def test_columns_have_the_names_that_fields_are_given_for_the_outside(folder: Path) -> None:
    (folder / "src/task/schemas.py").write_text(ALIASES, "utf-8")
    (folder / "src/task/solution.py").write_text(ANSWER, "utf-8")
    (folder / "in.csv").write_text("Ticket Text\nhello\n", "utf-8")
    over(folder, "in.csv", "out.csv")
    assert table(folder / "out.csv") == [
        {"Ticket Text": "hello", "Reply Text": "HELLO", "error": ""}
    ]


def test_a_bad_row_is_kept_with_its_error_and_counted(folder: Path) -> None:
    (folder / "in.csv").write_text("id,text\n1,good\n2,bad one\n3,\n4,x,more\n", "utf-8")
    assert over(folder, "in.csv", "out.csv")["errors"] == 3
    rows = table(folder / "out.csv")
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[0]["error"] == ""
    assert "nothing in it" in rows[1]["error"]
    assert "text: Field required" in rows[2]["error"]
    assert "more cells than columns: ['more']" in rows[3]["error"]


def test_lines_of_json_keep_what_they_hold_and_a_broken_one_its_text(folder: Path) -> None:
    lines = ['{"text": "ä", "more": {"deep": [1]}}', "no json", '{"text": "b"}']
    (folder / "in.jsonl").write_text("\n".join(lines), "utf-8")
    assert over(folder, "in.jsonl", "out.jsonl")["errors"] == 1
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]
    assert rows[0]["more"] == {"deep": [1]}
    assert rows[0]["words"] == ["ä"]
    assert "no json" in rows[1]["error"]
    assert rows[2]["output.text"] == "B"


def test_an_output_that_no_json_can_hold_is_its_rows_error(folder: Path) -> None:
    schemas = SCHEMAS.replace("words: list[str] = []", "words: list[object] = []")
    (folder / "src/task/schemas.py").write_text(schemas, "utf-8")
    solution = SOLUTION.replace("    return Output", "    words = odd(text)\n    return Output")
    solution = solution.replace("words=input.text.split()", "words=words") + ODD
    (folder / "src/task/solution.py").write_text(solution, "utf-8")
    (folder / "in.csv").write_text("text\ncircle\nint\ndeep\nfine\n", "utf-8")
    assert over(folder, "in.csv", "out.csv")["errors"] == 3
    rows = table(folder / "out.csv")
    assert [bool(row["error"]) for row in rows] == [True, True, True, False]
    assert [row["output.text"] for row in rows] == ["", "", "", "FINE"]
    assert "Circular reference" in rows[0]["error"]


def test_a_line_nested_too_deep_to_read_is_kept_with_its_error(folder: Path) -> None:
    deep = '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}"
    (folder / "in.jsonl").write_text(f'{deep}\n{{"text": "b"}}\n', "utf-8")
    assert over(folder, "in.jsonl", "out.jsonl")["errors"] == 1


def test_the_mapping_of_the_candidates_cases_names_the_column(folder: Path) -> None:
    (folder / "src/task/cases.py").write_text('MAPPING = {"input.text": "body"}\n', "utf-8")
    (folder / "in.csv").write_text("body\nhello\n", "utf-8")
    over(folder, "in.csv", "out.csv")
    assert table(folder / "out.csv")[0]["text"] == "HELLO"


def test_a_folder_of_documents_gives_a_row_for_each(folder: Path) -> None:
    (folder / "docs" / "deep").mkdir(parents=True)
    (folder / "docs" / "a.txt").write_text("hello", "utf-8")
    (folder / "docs" / "deep" / "b.pdf").write_bytes(b"%PDF-1.4\n\xff\xfe broken")
    assert over(folder, "docs", "out.csv")["errors"] == 1
    first, second = table(folder / "out.csv")
    assert (first["file"], first["text"]) == ("a.txt", "HELLO")
    assert second["file"] == "deep/b.pdf"
    assert "gives no text" in second["error"]


def test_a_run_killed_in_mid_file_goes_on_where_it_was(folder: Path) -> None:
    rows = [f"row {number}" for number in range(60)]
    (folder / "in.csv").write_text("text\n" + "\n".join(rows) + "\n", "utf-8")
    command = ("run", "--in", "in.csv", "--out", "out.csv", "--concurrency", "2")
    process = start(folder, *command, SLOW="0.05")
    kept = folder / ".out.csv.unfinished" / "cases.jsonl"
    wait_for_rows(kept, 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (folder / "out.csv").exists()
    finished = kept.read_bytes().count(b"\n")
    assert finished < 60
    with kept.open("ab") as file:
        file.write(b'{"id": "row-')  # a line that the kill cut off
    (folder / "solved.txt").unlink()
    takehome(folder, *command)
    again = (folder / "solved.txt").read_text("utf-8").splitlines()
    assert len(again) == 60 - finished
    assert [row["output.text"] for row in table(folder / "out.csv")] == [r.upper() for r in rows]
    assert not kept.parent.exists()


def test_a_slow_row_holds_up_no_other_and_the_order_stays(folder: Path) -> None:
    slow = SOLUTION.replace('os.environ.get("SLOW", "0")', '"1" if "slow" in input.text else "0"')
    (folder / "src/task/solution.py").write_text(slow, "utf-8")
    (folder / "in.csv").write_text("text\nslow\na\nbad\nb\n", "utf-8")
    begun = time.monotonic()
    process = start(folder, "run", "--in", "in.csv", "--out", "out.csv", "--concurrency", "2")
    solved = folder / "solved.txt"
    while not (solved.exists() and solved.read_text("utf-8").endswith("b\n")):
        assert time.monotonic() < begun + 30
        time.sleep(0.01)
    assert not (folder / "out.csv").exists()  # the first is still under way
    assert process.wait(30) == 0
    assert [row["text"] for row in table(folder / "out.csv")] == ["slow", "a", "bad", "b"]


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(folder: Path) -> None:
    (folder / "in.csv").write_text("text\n" + "row\n" * 40, "utf-8")
    command = ("run", "--in", "in.csv", "--out", "out.csv", "--concurrency", "2")
    process = start(folder, *command, SLOW="0.1")
    kept = folder / ".out.csv.unfinished" / "cases.jsonl"
    wait_for_rows(kept, 4)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    finished = kept.read_bytes().count(b"\n")
    assert process.returncode == 2
    assert f"{40 - finished} rows are left" in err
    assert "run the command again" in err
    assert over(folder, "in.csv", "out.csv")["rows"] == 40


def test_rows_that_the_budget_does_not_allow_are_left_for_the_next_time(folder: Path) -> None:
    code = folder / "src" / "task" / "solution.py"
    spent = "    if os.environ.get('SPENT') and input.text == 'c':\n        raise BudgetExceeded('no')\n"
    text = SOLUTION.replace("    await asyncio", f"{spent}    await asyncio")
    code.write_text("from scaffold.llm import BudgetExceeded\n" + text, "utf-8")
    (folder / "in.csv").write_text("text\na\nb\nc\nd\n", "utf-8")
    command = ("run", "--in", "in.csv", "--out", "out.csv", "--concurrency", "1")
    process = start(folder, *command, SPENT="1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "2 rows are left (--max-cost, Ctrl-C): run the command again" in err
    assert not (folder / "out.csv").exists()
    (folder / "solved.txt").unlink()
    takehome(folder, *command)
    assert (folder / "solved.txt").read_text("utf-8").split() == ["c", "d"]
    assert [row["output.text"] for row in table(folder / "out.csv")] == ["A", "B", "C", "D"]


# VmHWM is the process's own peak: the one that the system tells holds that of its parent, too
PEAK = """
import atexit
from pathlib import Path
from .schemas import Output

def tell():
    (line,) = [l for l in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in l]
    Path("peak.txt").write_text(line.split()[1])

atexit.register(tell)

async def solve(input, llm):
    return Output(text=input.text, size=1)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux only")
def test_a_larger_file_needs_no_more_memory(folder: Path) -> None:
    (folder / "src/task/solution.py").write_text(PEAK, "utf-8")
    peaks = list[int]()
    for rows in (1200, 6000):
        (folder / "in.csv").write_text("text,more\n" + f"row,{'x' * 4000}\n" * rows, "utf-8")
        assert over(folder, "in.csv", "out.csv")["rows"] == rows
        peaks.append(int((folder / "peak.txt").read_text("utf-8")))
    assert peaks[1] - peaks[0] < 4000  # kB, where 19,200 kB more came in


def test_answers_of_other_code_are_not_gone_on_with(folder: Path) -> None:
    (folder / "in.csv").write_text("text\na\nb\n", "utf-8")
    kept = folder / ".out.csv.unfinished" / "cases.jsonl"
    process = start(
        folder, "run", "--in", "in.csv", "--out", "out.csv", "--concurrency", "1", SLOW="1"
    )
    wait_for_rows(kept, 1)
    process.kill()
    process.communicate()
    code = folder / "src" / "task" / "solution.py"
    code.write_text(SOLUTION.replace(".upper()", ".title()"), "utf-8")
    over(folder, "in.csv", "out.csv")
    assert [row["output.text"] for row in table(folder / "out.csv")] == ["A", "B"]


def test_two_commands_that_write_the_same_file_give_each_row_once(folder: Path) -> None:
    rows = [f"row {number}" for number in range(40)]
    (folder / "in.csv").write_text("text\n" + "\n".join(rows) + "\n", "utf-8")
    command = ("run", "--in", "in.csv", "--out", "out.csv", "--concurrency", "2")
    both = [start(folder, *command, SLOW="0.15")]
    wait_for_rows(folder / ".out.csv.unfinished" / "cases.jsonl", 1)
    both.append(start(folder, *command, SLOW="0.15"))
    told = [process.communicate(timeout=60)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 2]
    assert "another command answers in.csv, too" in "".join(told)
    assert "Traceback" not in "".join(told)
    assert [row["text"] for row in table(folder / "out.csv")] == rows


def test_where_no_row_has_an_answer_the_command_says_so_to_a_machine(folder: Path) -> None:
    (folder / "in.csv").write_text("text\nbad\nbad too\n", "utf-8")
    out, _ = takehome(folder, "run", "--in", "in.csv", "--out", "out.csv", code=1)
    assert json.loads(out)["errors"] == json.loads(out)["rows"] == 2
    assert [row["error"] != "" for row in table(folder / "out.csv")] == [True, True]
    (folder / "in.csv").write_text("text\nbad\ngood\n", "utf-8")
    assert over(folder, "in.csv", "out.csv")["errors"] == 1


def test_a_failed_write_leaves_the_old_file_whole(folder: Path) -> None:
    (folder / "in.csv").write_text("text\na\n", "utf-8")
    (folder / "out.csv").write_text("old\n", "utf-8")
    (folder / "out.csv.part").mkdir()  # so that writing beside it fails
    _, err = takehome(folder, "run", "--in", "in.csv", "--out", "out.csv", code=2)
    assert "run the same command again" in err
    assert (folder / "out.csv").read_text("utf-8") == "old\n"
    (folder / "out.csv.part").rmdir()
    over(folder, "in.csv", "out.csv")
    assert table(folder / "out.csv")[0]["output.text"] == "A"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ((), "Pass an input, or --in FILE and --out FILE"),
        (("--in", "in.csv"), "Pass an input, or --in FILE and --out FILE"),
        (("--in", "in.csv", "--out", "out.xlsx"), "must end in .csv or .jsonl"),
        (("--in", "no.csv", "--out", "out.csv"), "no.csv must be there"),
        (("--in", "in.csv", "--out", "in.csv"), "outside of --in"),
        (("--in", "src", "--out", "src/out.csv"), "outside of --in"),
    ],
)
def test_a_wrong_command_is_a_sentence(
    folder: Path, command: tuple[str, ...], sentence: str
) -> None:
    (folder / "in.csv").write_text("text\na\n", "utf-8")
    assert sentence in takehome(folder, "run", *command, code=2)[1]


@pytest.mark.parametrize("command", [("run", "hello"), ("chat",)])
def test_without_a_solution_it_says_what_to_do(folder: Path, command: tuple[str, ...]) -> None:
    (folder / "src/task/solution.py").unlink()
    _, err = takehome(folder, *command, code=2)
    assert err == "takehome: There is no src/task/solution.py: write it, or pass --solver.\n"


def test_one_input_is_text_json_a_file_or_standard_input(folder: Path) -> None:
    (folder / "a.txt").write_text("from a file", "utf-8-sig")
    given = {"typed": "", '{"text": "as json", "seen": 3}': "", "a.txt": "", "-": "piped"}
    answers = list[dict[str, Any]]()
    for text, said in given.items():
        out, err = takehome(folder, "run", text, "--json", said=said)
        answers.append(json.loads(out))
        assert "cost_usd: 0" in err
    texts = ["TYPED", "AS JSON", "FROM A FILE", "PIPED 0"]
    assert [answer["output"]["text"] for answer in answers] == texts
    assert answers[1]["output"]["seen"] == 4
    assert answers[0].keys() == {"output", "answered_by", "calls", "cost_usd", "latency_s"}
    schemas = next(folder.glob("src/*/schemas.py"))
    schemas.write_text(SCHEMAS.replace("seen: int = 0", "seen: int", 1), "utf-8")
    assert "It does not fit Input: seen: Field required." in takehome(folder, "run", "x", code=2)[1]


def test_a_variable_wins_over_env_file_and_that_over_pyproject(folder: Path) -> None:
    variables = "TAKEHOME_MODEL=first:x\nTAKEHOME_SOLVER=\nANTHROPIC_API_KEY=\n"
    (folder / ".env").write_text(variables, "utf-8-sig")  # as some editors write it
    assert "no vendor 'first'" in takehome(folder, "doctor", code=2)[1]
    told = start(folder, "doctor", TAKEHOME_MODEL="second:x").communicate(timeout=60)
    assert "no vendor 'second'" in told[1]
    (folder / ".env").write_text("ANTHROPIC_API_KEY=\n", "utf-8")
    assert "ANTHROPIC_API_KEY is not set" in takehome(folder, "doctor", code=2)[1]
    (folder / ".env").write_bytes("KEY=x".encode("utf-16"))  # as PowerShell writes it
    assert ".env in" in takehome(folder, "doctor", code=2)[1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("[broken", "at line 5"),
        ("concurrency = 0", "concurrency: Input should be greater than or equal to 1"),
    ],
)
def test_a_mistake_in_the_settings_is_a_sentence(folder: Path, line: str, sentence: str) -> None:
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    err = takehome(folder, "run", "x", code=2)[1]
    assert sentence in err
    assert "pyproject.toml" in err


HISTORIES = {
    "objects with content": ("list[Message]", "message.content"),
    "pairs": ("list[tuple[str, str]]", "message[1]"),
    "objects with text": ("list[Said]", "message.text"),
}


@pytest.mark.parametrize("history", HISTORIES)
def test_a_chat_remembers_what_was_said_and_goes_on_after_an_error(
    folder: Path, history: str
) -> None:
    kind, text = HISTORIES[history]
    said = "class Said(BaseModel):\n    role: str\n    text: str\n\nclass Input"
    schemas = SCHEMAS.replace("class Input", said).replace("list[Message]", kind)
    (folder / "src/task/schemas.py").write_text(schemas, "utf-8")
    solution = SOLUTION.replace("message.content", text)
    (folder / "src/task/solution.py").write_text(solution, "utf-8")
    out, err = takehome(folder, "chat", said="hello\nbad one\nagain\n\n")
    assert "HELLO 0\n" in out
    assert "ValueError: nothing in it" in err
    assert "AGAIN 1 after [hello / HELLO 0]" in out  # seen 1 is what Output shares with Input


def test_a_chat_works_where_input_has_no_place_for_a_conversation(folder: Path) -> None:
    schemas = SCHEMAS.replace("    history: list[Message] = []\n", "").replace("seen", "count")
    (folder / "src/task/schemas.py").write_text(schemas, "utf-8")
    solution = "from .schemas import Output\n\n\nasync def solve(input, llm):\n"
    solution += "    return Output(text=input.text[::-1], size=1)\n"
    (folder / "src/task/solution.py").write_text(solution, "utf-8")
    assert "cba" in takehome(folder, "chat", said="abc\n\n")[0]


def test_the_end_of_the_input_ends_a_chat_like_an_empty_line(folder: Path) -> None:
    out, err = takehome(folder, "chat", said="hello\n")
    assert "HELLO" in out
    assert "Aborted" not in out + err
