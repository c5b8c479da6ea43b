"""Text out of files that each test makes itself; none is read from elsewhere."""

from __future__ import annotations

import io
import struct
import sys
import time
import zipfile
from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook
from pypdf import PdfWriter

from scaffold import documents
from scaffold.documents import DocumentError, Page, read_pages, read_text


def pdf(*pages: str) -> bytes:
    """Return a PDF with one line of text a page, written by hand: pypdf cannot write text."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * n} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n"
    return out + f"{end}startxref\n{len(out)}\n%%EOF\n".encode()


def docx() -> bytes:
    document = Document()
    document.add_paragraph("Before the table")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Total", "12,50 €"
    document.add_paragraph("After the table")
    document.save(file := io.BytesIO())
    return file.getvalue()


def xlsx() -> bytes:
    book = Workbook()
    book.worksheets[0].title = "Orders"
    book.worksheets[0].append(["item", "price"])
    book.worksheets[0].append(["bolt", 1.5])
    book.create_sheet("Empty")
    book.save(file := io.BytesIO())
    return file.getvalue()


def zipped(**files: bytes) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def as_id(value: object) -> str:
    """A test's name holds no bytes: a ZIP has the time in it, so that two workers would differ."""
    return value if isinstance(value, str) else "data"


def put(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", "Grüße\n".encode(), "Grüße"),
        ("a.TXT", "Grüße".encode("utf-8-sig"), "Grüße"),
        ("a.md", "Grüße – 5 €".encode("cp1252"), "Grüße – 5 €"),
        ("a.csv", b"a,b\n1,2\n", "a,b\n1,2"),
        ("a.docx", docx(), "Before the table\nTotal\t12,50 €\nAfter the table"),
        ("Über uns.pdf", pdf("Invoice 17"), "Invoice 17"),
    ],
    ids=as_id,
)
def test_each_format_gives_its_text(tmp_path: Path, name: str, data: bytes, text: str) -> None:
    assert read_text(put(tmp_path, name, data)) == text


def test_html_gives_what_a_browser_shows(tmp_path: Path) -> None:
    page = b"""<html><head><style>p {}</style><script>if (a < b) {}</script></head><body>
    <h1>Bill &amp; sons</h1><p>To <b>pay</b>: 5&nbsp;EUR</p><table><tr><td>a</td><td>b</td></tr>"""
    text = read_text(put(tmp_path, "a.html", page))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines == ["Bill & sons", "To pay: 5\u00a0EUR", "a\tb"]


def test_a_pdf_keeps_source_and_page_number(tmp_path: Path) -> None:
    path = put(tmp_path, "a.pdf", pdf("first", "second"))
    assert read_pages(path) == [Page(str(path), 1, "first"), Page(str(path), 2, "second")]


def test_a_workbook_gives_a_page_for_each_sheet(tmp_path: Path) -> None:
    pages = read_pages(put(tmp_path, "a.xlsx", xlsx()))
    assert [page.text for page in pages] == ["Orders\nitem\tprice\nbolt\t1.5", "Empty"]


def test_a_sheet_with_one_cell_in_the_last_corner_is_read_at_once(tmp_path: Path) -> None:
    book = Workbook()
    book.worksheets[0]["XFD1048576"] = "far"
    book.save(file := io.BytesIO())
    began = time.monotonic()
    assert "far" in read_text(put(tmp_path, "a.xlsx", file.getvalue()))
    assert time.monotonic() - began < 20


def test_a_zip_gives_its_files_with_their_own_sources(tmp_path: Path) -> None:
    inner = zipped(**{"deep.txt": b"deep"})
    files = {"b/a.pdf": pdf("x", "y"), "c.txt": b"z", "in.zip": inner}
    hidden = {".DS_Store": b"\0", "__MACOSX/c.txt": b"\0", "b/.git/x.txt": b"\0"}
    path = put(tmp_path, "a.zip", zipped(**files, **hidden))
    assert [(page.source, page.number, page.text) for page in read_pages(path)] == [
        (f"{path}/b/a.pdf", 1, "x"),
        (f"{path}/b/a.pdf", 2, "y"),
        (f"{path}/c.txt", 1, "z"),
        (f"{path}/in.zip/deep.txt", 1, "deep"),
    ]


def encrypted() -> bytes:
    writer = PdfWriter()
    writer.append(io.BytesIO(pdf("secret")))
    writer.encrypt("pw", algorithm="RC4-128")
    writer.write(file := io.BytesIO())
    return file.getvalue()


def blank() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(file := io.BytesIO())
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("scan.pdf", blank(), "OCR"),
        ("locked.pdf", encrypted(), "decrypted"),
        ("cut.pdf", pdf("x")[:60], "gives no text"),
        ("empty.pdf", b"", "gives no text"),
        ("garbage.docx", b"PK\3\4" + b"\xff" * 200, "gives no text"),
        ("other.docx", zipped(**{"a.txt": b"x"}), "gives no text"),
        ("other.xlsx", zipped(**{"a.txt": b"x"}), "gives no text"),
        ("cut.xlsx", xlsx()[:900], "gives no text"),
        ("cut.zip", zipped(**{"a.txt": b"x" * 999})[:50], "gives no text"),
        ("old.doc", b"\xd0\xcf\x11\xe0", "not TXT"),
        ("noname", b"x", "not TXT"),
        ("inner.zip", zipped(**{"good.txt": b"x", "bad.pdf": b"x"}), "inner.zip/bad.pdf"),
    ],
    ids=as_id,
)
def test_what_cannot_be_read_is_one_sentence(
    tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    with pytest.raises(DocumentError, match=why) as caught:
        read_pages(put(tmp_path, name, data))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["none.txt", "folder.pdf", "none.zip"])
def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(DocumentError, match=name):
        read_pages(tmp_path / name)


@pytest.mark.parametrize(
    ("library", "name", "data"),
    [("pypdf", "a.pdf", pdf("x")), ("docx", "a.docx", docx()), ("openpyxl", "a.xlsx", xlsx())],
    ids=as_id,
)
def test_a_missing_library_is_named_with_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, name: str, data: bytes
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(DocumentError, match=rf"{library}.*uv sync"):
        read_pages(put(tmp_path, name, data))


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.docx", "bomb.xlsx"])
def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(documents, "MAX_UNPACKED", 1_000)
    with pytest.raises(DocumentError, match="unpack to over 1,000 bytes"):
        read_pages(put(tmp_path, name, zipped(**{"a.txt": b"x" * 600, "b.txt": b"x" * 600})))


def test_a_bomb_that_lies_about_its_size_unpacks_no_more_than_it_says(tmp_path: Path) -> None:
    data = bytearray(zipped(**{"a.txt": b"x" * 1_000_000}))
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 10)  # the size that the directory declares
    with pytest.raises(DocumentError, match=r"a\.txt"):
        read_pages(put(tmp_path, "a.zip", bytes(data)))


@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/abs.txt"])
def test_a_path_that_leads_out_of_an_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, "a.zip", zipped(**{"good.txt": b"text", name: b"text"}))
    with pytest.raises(DocumentError, match="leads out of the archive"):
        read_pages(path)
    assert list(tmp_path.rglob("*")) == [path]
