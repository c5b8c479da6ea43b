"""Make the long PDF of the kind rag's sample documents: `uv run tests/make_handbook.py`.

Its pages stand in handbook.txt, between lines of `===`. The PDF is plain ASCII, uncompressed, and the
same byte for byte each time: a change of it reads in a diff as a change of its text.
"""

from __future__ import annotations

from pathlib import Path

TEXT = Path(__file__).with_name("handbook.txt")
OVERLAY = Path(__file__).parents[1] / "template/{% if kind == 'rag' %}.{% endif %}"
HANDBOOK = OVERLAY / "data/documents/handbook-2026.pdf"
BETWEEN = "\n===\n"
# At its foot each page says what all of them say, as pages of a real handbook do.
FOOT = "Oskerry Ferries, handbook for desks and piers, edition 4            page {0} of {1}"
FIRST_PAGE = 4  # the number of its object; catalog, list of pages and font come before
PAGE = (
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {0} 0 R"
    " /Resources << /Font << /F1 3 0 R >> >> >>"
)


def handbook(text: str) -> bytes:
    """Return a PDF (1.4) of the text's pages, each as two objects: the page, and what is on it."""
    pages = text.strip().split(BETWEEN)
    numbers = range(FIRST_PAGE, FIRST_PAGE + 2 * len(pages), 2)
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    for place, (number, page) in enumerate(zip(numbers, pages, strict=True), start=1):
        content = _content([*page.splitlines(), "", FOOT.format(place, len(pages))])
        stream = f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"
        objects += [PAGE.format(number + 1), stream]
    return _file(objects)


def _content(lines: list[str]) -> str:
    """Return the operators that write one line under the other, 13 points apart."""
    shown = [f"({_escaped(line)}) Tj T*" for line in lines]
    return "\n".join(["BT /F1 8 Tf 13 TL 50 780 Td", *shown, "ET"])


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _file(objects: list[str]) -> bytes:
    """Return the objects as a file, with the table of where each begins."""
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")


def main() -> None:
    """Write the PDF."""
    HANDBOOK.write_bytes(handbook(TEXT.read_text("utf-8")))


if __name__ == "__main__":
    main()
