"""`takehome run` takes a document as its input, too."""

from __future__ import annotations

import json
from pathlib import Path

from docx import Document
from over_files.test_files import folder, takehome

__all__ = ["folder"]  # a fixture


def test_the_text_of_a_document_is_the_input(folder: Path) -> None:
    document = Document()
    document.add_paragraph("good day")
    document.save(str(folder / "day.docx"))
    answer = json.loads(takehome(folder, "run", "day.docx", "--json")[0])
    assert answer["output"]["text"].strip() == "GOOD DAY"
    assert answer["answered_by"] == "solution"
