"""A brief in PDF, HTML or DOCX becomes text, with the original beside it."""

import subprocess
from pathlib import Path

import brief
import pytest
from hook_desk import Desk
from uv import find_uv_bin

_DRAWN = b"BT /F1 12 Tf 10 50 Td (Read the invoice) Tj ET"
_OBJECTS = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R"
    b"/Resources<</Font<</F1 5 0 R>>>>>>",
    b"<</Length %d>>stream\n%s\nendstream" % (len(_DRAWN), _DRAWN),
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
]


def _pdf() -> bytes:
    """A page that says "Read the invoice"."""
    content, places = b"%PDF-1.4\n", []
    for number, made in enumerate(_OBJECTS, 1):
        places.append(len(content))
        content += b"%d 0 obj%s endobj\n" % (number, made)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 6\n0000000000 65535 f \n" + table
    return content + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(content)


PDF = _pdf()
HTML = (
    "<html><head><title>x</title></head><body><h1>Aufgäbe</h1><ul><li>one</li></ul></body></html>"
)


@pytest.fixture(scope="module")
def index() -> None:
    """Skip where uv cannot fetch the libraries that read a brief (or has them not cached)."""
    wanted = ["--with", "pypdf", "--with", "mammoth", "--with", "markdownify"]
    command = [find_uv_bin(), "run", "--no-project", "--isolated", "-q", *wanted, "python", "-V"]
    if subprocess.run(command, capture_output=True, timeout=90, check=False).returncode:
        pytest.skip("uv cannot fetch pypdf, mammoth and markdownify here")


@pytest.mark.usefixtures("index")
def test_a_pdf_becomes_text_with_the_original_beside(desk: Desk) -> None:
    (desk.stood / "Task.PDF").write_bytes(PDF)
    said = desk.run("--brief=Task.PDF")
    assert desk.read("BRIEF.md") == "Read the invoice\n"
    assert (desk.folder / "BRIEF.pdf").read_bytes() == PDF
    assert "its original is BRIEF.pdf" in said.text
    assert desk.git("status", "--porcelain") == ""


@pytest.mark.usefixtures("index")
def test_html_becomes_markdown(desk: Desk) -> None:
    (desk.stood / "task.htm").write_bytes(HTML.encode())
    desk.run("--brief=task.htm")
    assert desk.read("BRIEF.md").strip() == "# Aufgäbe\n\n- one"
    assert (desk.folder / "BRIEF.htm").is_file()


@pytest.mark.usefixtures("index")
def test_docx_keeps_headings_and_tables(desk: Desk) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_heading("Task", 1)
    table = document.add_table(rows=2, cols=2)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell {number}"
    document.save(str(desk.stood / "task.docx"))
    desk.run("--brief=task.docx")
    assert desk.read("BRIEF.md").startswith("# Task\n")
    assert "| cell 2 | cell 3 |" in desk.read("BRIEF.md")


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(("raw", "why"), [(b"%PDF-1.4 broken", "EOF"), (b"", "EmptyFileError")])
def test_a_broken_pdf_is_kept_and_said(desk: Desk, raw: bytes, why: str) -> None:
    (desk.stood / "task.pdf").write_bytes(raw)
    said = desk.run("--brief=task.pdf")
    assert "paste the text of BRIEF.pdf into it" in said.text
    assert why in said.text  # of a library's traceback the last line, not the first
    assert brief.PASTE in desk.read("BRIEF.md")


def test_without_uv_a_pdf_waits_and_a_second_run_says_so_again(desk: Desk) -> None:
    (desk.stood / "task.pdf").write_bytes(PDF)
    for _ in range(2):
        said = desk.run("--brief=task.pdf", without=("uv",))
        assert "paste the text of BRIEF.pdf into it; turning it into text needs uv" in said.text
        assert (desk.folder / "BRIEF.pdf").read_bytes() == PDF


@pytest.mark.usefixtures("index")
def test_a_pdf_that_waited_for_uv_becomes_text_by_the_same_command(desk: Desk) -> None:
    (desk.stood / "task.pdf").write_bytes(PDF)
    uv = (desk.programs / "uv").resolve()
    said = desk.run("--brief=task.pdf", without=("uv",))
    assert "when that is mended, the same copier command does it" in said.text
    (desk.programs / "uv").symlink_to(uv)
    desk.run("--brief=task.pdf")
    assert brief.PASTE not in desk.read("BRIEF.md")


@pytest.mark.parametrize("name", ["task.rtf", "task", "picture.png", "utf-32.txt", "task.md"])
def test_what_is_no_text_is_kept_beside(desk: Desk, name: str) -> None:
    raw = "Build it".encode("utf-32") if name == "utf-32.txt" else b"\x89PNG\0\0binary"
    (desk.stood / name).write_bytes(raw)
    said = desk.run(f"--brief={name}", without=("uv",))
    suffix = Path(name).suffix or ".original"
    # BRIEF.md itself asks for the text, so a .md that is no text needs a name of its own
    kept = desk.folder / ("BRIEF.original.md" if suffix == ".md" else f"BRIEF{suffix}")
    assert kept.read_bytes() == raw
    assert f"paste the text of {kept.name} into it; its format is not one we read" in said.text
