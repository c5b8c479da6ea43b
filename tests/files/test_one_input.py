"""`takehome run` takes one input however it comes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docx import Document
from files.test_files import folder, start

__all__ = ["folder"]  # a fixture


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("good day", ""),
        ('{"text": "good day"}', ""),
        ("-", "good day"),
        ("-", '{"text": "good day", "seen": 4}'),
        ("day.txt", ""),
        ("day.json", ""),
        ("day.docx", ""),
    ],
)
def test_an_input_is_text_json_a_file_of_either_a_document_or_standard_input(
    folder: Path, given: str, said: str
) -> None:
    (folder / "day.txt").write_text("good day", "utf-8-sig")
    (folder / "day.json").write_text('{"text": "good day"}', "utf-8")
    document = Document()
    document.add_paragraph("good day")
    document.save(str(folder / "day.docx"))
    process = start(folder, "run", given, "--json")
    out, err = process.communicate(said, timeout=60)
    assert process.returncode == 0, err
    answer = json.loads(out)
    assert answer["output"]["text"].strip() == "GOOD DAY"
    assert answer["output"]["seen"] == (5 if "seen" in said else 1)
    assert answer["answered_by"] == "solution"
