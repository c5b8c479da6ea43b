"""Search in a folder of documents: BM25 in one SQLite file, built again only for what changed."""

from __future__ import annotations

import logging
import math
import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from scaffold.documents import DocumentError, read_pages

SIZE = 700  # characters of a chunk: a paragraph or two, so that a quote out of it is short
FILE = Path("data/.index.sqlite3")  # git ignores it: anyone's first search builds it again
CUTS = (r"(?=\n\n|\Z)", r"(?=\n)", r"(?=\s)", "")  # after a paragraph, a line, a word; anywhere
PIECE = re.compile("|".join(rf"\S.{{0,{SIZE}}}{cut}" for cut in CUTS), re.DOTALL)
VERSION = int(sha256(Path(__file__).read_bytes()).hexdigest()[:7], 16)  # other code, other index
TABLES = f"""DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS chunks;
CREATE TABLE files (name TEXT PRIMARY KEY, sha TEXT, problem TEXT);
CREATE VIRTUAL TABLE chunks USING fts5(text, source UNINDEXED, page UNINDEXED, file UNINDEXED,
    tokenize = 'porter unicode61 remove_diacritics 2');
PRAGMA user_version = {VERSION}"""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, with what a citation of it needs."""

    source: str  # path inside the folder; inside an archive "bundle.zip/file.pdf"
    page: int  # from 1
    text: str

    @property
    def place(self) -> str:
        """Where it stands, as answers and cases name it: `terms.pdf#3`."""
        return f"{self.source}#{self.page}"


class Retriever(Protocol):
    """What finds chunks: `Index` below, `Hybrid` in embeddings.py, or your own."""

    async def search(self, question: str, k: int = 5) -> list[Chunk]:
        """Return at most `k` chunks, the best first."""
        ...


class Index:
    """BM25 (Robertson and Zaragoza 2009, doi.org/10.1561/1500000019) by SQLite's FTS5."""

    def __init__(self, folder: Path, leave_out: Path | None = None, file: Path = FILE) -> None:
        """Bring the index up to date with `folder`; files that give no text are logged.

        Raises DocumentError: no such folder, or `file` is no index (or SQLite has no FTS5).
        """
        if not folder.is_dir():
            advice = "start from the repository's root, or name another as DOCUMENTS in cases.py"
            raise DocumentError(f"There is no folder {folder} in {Path.cwd()}: {advice}.")
        file.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(file, timeout=60, check_same_thread=False)
        try:
            with self.db:  # one transaction: another process waits, then finds it done
                self.db.execute("BEGIN IMMEDIATE")
                if self.db.execute("PRAGMA user_version").fetchone() != (VERSION,):
                    for statement in TABLES.split(";"):
                        self.db.execute(statement)
                self._update(folder, leave_out)
        except sqlite3.DatabaseError as error:
            raise DocumentError(f"{file}: {error}; delete it, and it is made anew.") from error
        for (problem,) in self.db.execute("SELECT problem FROM files WHERE problem > ''"):
            logging.getLogger(__name__).warning("Not searched: %s", problem)

    def _update(self, folder: Path, leave_out: Path | None) -> None:
        known = dict(self.db.execute("SELECT name, sha FROM files"))
        for file in filter(Path.is_file, folder.rglob("*")):
            name, sha = file.relative_to(folder).as_posix(), sha256(file.read_bytes()).hexdigest()
            if file == leave_out or "/." in f"/{name}":
                continue
            if before := known.pop(name, None):
                if before == sha:
                    continue
                self._forget(name)
            problem = ""
            try:
                for page in read_pages(file):
                    source = name + page.source.removeprefix(str(file))
                    rows = ((text, source, page.number, name) for text in pieces(page.text))
                    self.db.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?)", rows)
            except DocumentError as error:
                problem = str(error)
            self.db.execute("INSERT INTO files VALUES (?, ?, ?)", [name, sha, problem])
        for name in known:  # left over: these are gone
            self._forget(name)

    def _forget(self, name: str) -> None:
        self.db.execute("DELETE FROM chunks WHERE file = ?", [name])
        self.db.execute("DELETE FROM files WHERE name = ?", [name])

    async def search(self, question: str, k: int = 5) -> list[Chunk]:
        """Return the chunks that share words with the question; rare words count more."""
        # Ties by place and text, not by row: an index built in steps answers as a fresh one does.
        order = "ORDER BY rank, source, page, text LIMIT ?"
        query = f"SELECT source, page, text FROM chunks WHERE chunks MATCH ? {order}"
        matching = " OR ".join(f'"{word}"' for word in words(question))
        return [Chunk(*row) for row in self.db.execute(query, [matching, k])] if matching else []

    def chunks(self) -> list[Chunk]:
        """Return all there are, in the order of their places."""
        query = "SELECT source, page, text FROM chunks ORDER BY source, page, rowid"
        return [Chunk(*row) for row in self.db.execute(query)]

    def rarity(self, word: str) -> float:
        """Return a word's inverse document frequency, the weight that BM25 gives it."""
        (total,) = self.db.execute("SELECT count(*) FROM chunks").fetchone()
        query = "SELECT count(*) FROM chunks WHERE chunks MATCH ?"
        (having,) = self.db.execute(query, [f'"{word}"']).fetchone()
        return math.log(1 + (total - having + 0.5) / (having + 0.5))


@cache
def opened(folder: Path, leave_out: Path | None = None) -> Index:
    """Return an index, opened once (`opened.cache_clear()` after new files); raises as `Index`."""
    return Index(folder, leave_out)


def words(text: str) -> list[str]:
    """Return the different words of a text in their order, in lower case."""
    return list(dict.fromkeys(re.findall(r"\w+", text.lower())))


def pieces(text: str) -> list[str]:
    """Cut a page into chunks, each as long as it can be with its end where CUTS first has one."""
    return PIECE.findall(re.sub(r"\n\s*\n", "\n\n", text).strip())
