"""Print a brief as Markdown. Run by `uv run --with …`, which fetches the library for this call.

Usage: python convert_brief.py .pdf|.docx|.html FILE
"""

import importlib
import sys
from pathlib import Path

# What uv fetches for each: small, and without compiled parts. A DOCX becomes HTML first, which
# keeps its headings, lists and tables.
LIBRARIES = {
    ".pdf": ["pypdf"],
    ".docx": ["mammoth", "markdownify"],
    ".html": ["markdownify"],
}


def markdown_of(suffix: str, path: Path) -> str:
    """Return the text of the file at `path`, as Markdown where its format knows headings."""
    if suffix == ".pdf":
        pages = importlib.import_module("pypdf").PdfReader(path).pages
        return "\n\n".join(page.extract_text() for page in pages)
    content = path.read_bytes()
    if suffix == ".docx":
        with path.open("rb") as file:
            mammoth = importlib.import_module("mammoth")
            no_pictures = mammoth.images.img_element(_without_its_bytes)
            content = mammoth.convert_to_html(file, convert_image=no_pictures).value
    soup = importlib.import_module("bs4").BeautifulSoup(content, "html.parser")
    for unread in soup(["head", "script", "style", "template", "noscript"]):
        unread.decompose()
    converter = importlib.import_module("markdownify").MarkdownConverter
    return converter(heading_style="ATX", bullets="-").convert_soup(soup)


def _without_its_bytes(_picture: object) -> dict[str, str]:
    return {"src": ""}  # they would arrive as megabytes of base64


if __name__ == "__main__":
    text = markdown_of(sys.argv[1], Path(sys.argv[2]))
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
