"""Text out of files: plain text, HTML, PDF, DOCX, XLSX, a ZIP of these. Libraries do the reading."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

MAX_UNPACKED = 300_000_000  # bytes; a ZIP, DOCX or XLSX that declares more is taken for a bomb
BLOCKS = ("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6")
STARTS = dict.fromkeys(BLOCKS, "\n") | {"td": "\t", "th": "\t"}  # before an element of HTML


class DocumentError(Exception):
    """A file gives no text. The message is one sentence: which file, why, what to do next."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a PDF, one sheet of a workbook, or the whole of any other file."""

    source: str  # the path as given; inside an archive "bundle.zip/folder/file.pdf"
    number: int  # from 1, as a reader would cite it
    text: str


def read_text(path: Path | str) -> str:
    """Return the text of all pages, a blank line between two; raises as `read_pages` does."""
    return "\n\n".join(page.text for page in read_pages(path))


def read_pages(path: Path | str) -> list[Page]:
    """Return a file's pages in their order; those of a ZIP file by file, hidden files left out.

    Raises DocumentError: missing, damaged, encrypted, a scan without text, or of another type.
    """
    source, pages = str(path), list[Page]()
    try:
        for source, data in _files(str(path), Path(path).read_bytes()):
            texts = enumerate(_texts(Path(source).suffix.lower(), data), start=1)
            pages += [Page(source, number, text.strip()) for number, text in texts]
    except Exception as error:  # on a damaged file the libraries raise anything at all
        hint = "run `uv sync`" if isinstance(error, ImportError) else "open it by hand to see why"
        raise DocumentError(f"{source} gives no text ({error}); {hint}.") from error
    return pages


def _files(source: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if source.lower().endswith((".zip", ".docx", ".xlsx")):
        archive = ZipFile(BytesIO(data))  # it unpacks no more of an entry than the entry declares
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
            raise ValueError(f"it would unpack to over {MAX_UNPACKED:,} bytes")
        if source.lower().endswith(".zip"):
            for name in archive.namelist():
                if name.startswith(("/", "..")) or "/.." in name:
                    raise ValueError(f"{name!r} leads out of the archive")
                if not name.endswith("/") and "/." not in f"/{name}" and "__MACOSX" not in name:
                    yield from _files(f"{source}/{name}", archive.read(name))
            return
    yield source, data


def _texts(suffix: str, data: bytes) -> Iterator[str]:
    if suffix == ".pdf":
        from pypdf import PdfReader

        texts = [page.extract_text() for page in PdfReader(BytesIO(data)).pages]
        if not "".join(texts).strip():
            raise ValueError("a scan: it needs OCR, or a model that sees")
        yield from texts
    elif suffix == ".docx":
        from docx import Document

        blocks = Document(BytesIO(data)).iter_inner_content()  # a paragraph is a row of one cell
        rows = [row for block in blocks for row in getattr(block, "rows", [block])]
        lines = (getattr(row, "cells", [row]) for row in rows)
        yield "\n".join("\t".join(cell.text for cell in line) for line in lines)
    elif suffix == ".xlsx":
        from openpyxl import load_workbook

        for sheet in load_workbook(BytesIO(data), read_only=True, data_only=True).worksheets:
            sheet.reset_dimensions()  # some programs write a wrong size, which cuts rows off
            rows = ["\t".join("" if v is None else str(v) for v in row) for row in sheet.values]
            yield "\n".join([sheet.title, *filter(str.strip, rows)])
    elif suffix in {".txt", ".md", ".csv", ".json", ".html", ".htm"}:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")  # what older Windows programs write
        yield _shown(text) if suffix.startswith(".htm") else text
    else:
        raise ValueError("not TXT, MD, CSV, JSON, HTML, PDF, DOCX, XLSX or a ZIP of these")


def _shown(text: str) -> str:
    """What a browser shows: a line for each block, a tab before each cell of a table."""
    from lxml import html  # python-docx brings it

    page = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    for element in page.iter("script", "style"):
        element.text = ""
    for element in page.iter(*STARTS):
        element.text = STARTS[element.tag] + (element.text or "")
    return page.text_content()
