"""Documents cut where they answer: a clause, a cell of a table, a reply, each under its headings."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import zip_longest
from pathlib import Path

from lxml import html

from scaffold.documents import read_pages

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August")
MONTHS += ("September", "October", "November", "December")
GAP = re.compile(r"\s{2,}")  # between two columns
# A column that has one of these is asked for; the others say for what.
VALUE = re.compile(r"£\d|\d:\d\d")
CLOCK = re.compile(r"\b[\dOl]{2}:[\dOl]{2}\b")
ITEM = re.compile(r"\d+\.(\d+)? ")
MAIL = re.compile(r"^(>|-----|From: )")  # of a thread, only what was written last is our word
HEADING = 60  # characters at most


@dataclass(frozen=True, slots=True)
class Passage:
    """Words that may be an answer, with what a search and a citation of them need."""

    source: str
    page: int
    title: str  # headings, heads of columns, days and months in full: searched, not answered with
    text: str
    quotes: tuple[str, ...]  # the document's own lines

    @property
    def place(self) -> str:
        """As cases name it: `handbook.pdf#3`."""
        return f"{self.source}#{self.page}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage before it is known where it stands."""

    title: str
    text: str
    quotes: tuple[str, ...]


def passages(folder: Path, leave_out: Path | None = None) -> list[Passage]:
    """Return the passages of all files of a folder, in their order; raises DocumentError."""
    found = []
    for file in sorted(filter(Path.is_file, folder.rglob("*"))):
        if file != leave_out:
            source = file.relative_to(folder).as_posix()
            found += [
                Passage(source, number, piece.title, piece.text, piece.quotes)
                for number, pieces in enumerate(_of_file(file), start=1)
                for piece in pieces
            ]
    return found


def _of_file(file: Path) -> Iterator[Iterator[Piece]]:
    """Yield the pieces of each page."""
    if file.suffix == ".html":
        yield of_html(file.read_text(encoding="utf-8"))
        return
    pages = [page.text.splitlines() for page in read_pages(file)]
    if file.suffix == ".csv":
        yield of_table(list(csv.reader(StringIO("\n".join(pages[0])))), pages[0], "")
        return
    seen = Counter(_unnumbered(line) for lines in pages for line in set(lines))
    for lines in pages:
        own = [line for line in lines if len(pages) < 3 or seen[_unnumbered(line)] < len(pages)]
        yield of_lines(own)


def _unnumbered(line: str) -> str:
    return re.sub(r"\d+", "", line)  # a foot differs from page to page by its number


def of_lines(lines: Sequence[str]) -> Iterator[Piece]:
    """Yield paragraphs, items and cells; a short line in front of them is their heading."""
    titles, block = list[str](), list[str]()
    for line in [*lines, ""]:
        table = len(GAP.findall(line.strip())) > 1
        ends = not line.strip() or line.startswith("#") or ITEM.match(line)
        if block and (ends or table != _is_table(block)):
            yield from _of_block(block, titles)
            block = []
        if not line.strip() or MAIL.match(line):
            continue
        if not block and not table and _is_heading(line):
            titles = [*titles[:1], line] if line.startswith("##") else [*titles, line]
        else:
            block.append(line)


def _is_table(block: Sequence[str]) -> bool:
    return len(GAP.findall(block[0].strip())) > 1


def _is_heading(line: str) -> bool:
    short = len(line) < HEADING and line[-1] not in ".:,-" and not ITEM.match(line)
    return line.startswith("#") or short


def _of_block(block: list[str], titles: list[str]) -> Iterator[Piece]:
    title = " ".join(titles)
    if _is_table(block):
        if len(block) == 1:
            titles.append(GAP.sub(" ", block[0]))  # a line in columns, and nothing below it
        yield from of_table([GAP.split(line.strip()) for line in block], block, title)
        return
    whole = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", "\n".join(block)).replace("\n", " ")
    number = ITEM.match(whole)
    yield Piece(title, whole[number.end() :] if number else whole, (whole,))


def of_table(rows: Sequence[Sequence[str]], lines: Sequence[str], title: str) -> Iterator[Piece]:
    """Yield a piece for each value: its column, and what else stands in its row to name it."""
    heads, *body = rows
    body = [_in_line([CLOCK.sub(_mended, cell) for cell in row], heads) for row in body]
    asked = {n for row in body for n, cell in enumerate(row) if VALUE.search(cell)}
    for line, row in zip(lines[1:], body, strict=True):
        cells = list(zip_longest(heads, row, fillvalue=""))
        keys = [cell for n, (_, cell) in enumerate(cells) if n not in asked and cell]
        named = " ".join([title, *heads, *map(in_full, keys)])
        for n in sorted(asked & set(range(len(row)))):
            head, value = cells[n]
            text = f"{', '.join([*keys, head] if head else keys)}: {value}"
            yield Piece(named, text, (line, lines[0]))


def _in_line(row: list[str], heads: Sequence[str]) -> list[str]:
    """Put a word in front of a row, as "freight  05:15", behind it: the columns are those below."""
    in_front = len(row) > len(heads) and not VALUE.search(row[0]) and VALUE.search(row[1])
    return [*row[1:], row[0]] if in_front else row


def _mended(clock: re.Match[str]) -> str:
    """A scanner takes 0 for O and 1 for l."""
    return clock[0].replace("O", "0").replace("l", "1")


def in_full(cell: str) -> str:
    """Return the days and months that a cell stands for: "Mo-We" is three days, "daily" all."""
    found = []
    for names, size in ((DAYS, 2), (MONTHS, 3)):
        short = [name[:size] for name in names]
        one = "|".join(short)
        for first, last in re.findall(rf"\b({one})\b(?:\s?-\s?({one})\b)?", cell):
            start = short.index(first)
            found += names[start : short.index(last or first) + 1]
    return " ".join([cell, *(DAYS if cell == "daily" else found)])


def of_html(text: str) -> Iterator[Piece]:
    """Yield replies under their questions, and cells; what visitors wrote is not our word."""
    page = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    for comment in page.find_class("comment"):
        comment.drop_tree()
    title = ""
    for block in page.iter("p", "table"):
        if block.tag == "table":
            rows = [[cell.text_content() for cell in row] for row in block.iter("tr")]
            yield from of_table(rows, [" ".join(row) for row in rows], "")
        elif "q" in block.get("class", "").split():
            title = block.text_content()
        else:
            words = " ".join(block.text_content().split())
            yield Piece(title, words, (words,))
