"""The part `retrieval`: an index over any folder, built again only for what changed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scaffold.documents import DocumentError


@pytest.fixture
def docs(rag: Any) -> Path:
    folder = rag.folder / "docs"
    folder.mkdir()
    (folder / "boats.md").write_text("# Boats\n\nThe red boat leaves at noon.\n", encoding="utf-8")
    (folder / "cats.txt").write_text("A cat sleeps sixteen hours.\n", encoding="utf-8")
    return folder


def found(index: Any, question: str, k: int = 5) -> list[str]:
    return [chunk.place for chunk in asyncio.run(index.search(question, k))]


def test_a_chunk_keeps_its_source_and_page(rag: Any, docs: Path) -> None:
    with zipfile.ZipFile(docs / "more.zip", "w") as archive:
        archive.writestr("deep/dogs.html", "<p>A dog barks at the boat.</p>")
    (docs / "two.pdf").write_bytes(pdf("first page of whales", "second page of herons"))
    index = rag.module("retrieval").Index(docs)
    assert found(index, "Who barks?") == ["more.zip/deep/dogs.html#1"]
    assert found(index, "herons") == ["two.pdf#2"]
    assert found(index, "When does the BOAT leave?")[0] == "boats.md#1"


def test_only_what_changed_is_read_again(
    rag: Any, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieval = rag.module("retrieval")
    read: list[str] = []
    real = retrieval.read_pages

    def counted(path: Path) -> Any:
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(retrieval, "read_pages", counted)
    retrieval.Index(docs)
    (docs / "same.md").write_text("A lynx waits.\n", encoding="utf-8")
    retrieval.Index(docs)
    assert sorted(read) == ["boats.md", "cats.txt", "same.md"]
    read.clear()
    (docs / "cats.txt").write_text("A cat sleeps eighteen hours.\n", encoding="utf-8")
    (docs / "boats.md").unlink()
    (docs / "new.md").write_text("An otter swims.\n", encoding="utf-8")
    index = retrieval.Index(docs)
    assert sorted(read) == ["cats.txt", "new.md"]
    assert found(index, "boat") == []
    assert found(index, "eighteen") == ["cats.txt#1"]
    assert found(index, "otter") == ["new.md#1"]
    assert found(index, "lynx") == ["same.md#1"]


def test_an_index_that_other_code_made_is_made_anew(rag: Any, docs: Path) -> None:
    """Whoever changes how pages are cut, or words read, sees what comes of it."""
    retrieval = rag.module("retrieval")
    before = retrieval.Index(docs)
    with before.db:
        before.db.execute("UPDATE chunks SET text = 'as the old code cut it'")
    assert found(retrieval.Index(docs), "boat") == []
    before.db.execute(f"PRAGMA user_version = {retrieval.VERSION + 1}")
    assert found(retrieval.Index(docs), "boat") == ["boats.md#1"]


def test_an_index_that_was_built_in_steps_ranks_like_a_fresh_one(rag: Any, docs: Path) -> None:
    retrieval = rag.module("retrieval")
    for number in range(20):
        (docs / f"{number}.txt").write_text("the same words everywhere", encoding="utf-8")
        retrieval.Index(docs)
    for number in (3, 7):
        (docs / f"{number}.txt").unlink()
    stepwise = retrieval.Index(docs)
    fresh = retrieval.Index(docs, file=rag.folder / "fresh.sqlite3")
    for question in ("same words", "the boat of the cat", "everywhere"):
        assert found(stepwise, question, 9) == found(fresh, question, 9) != []
    assert stepwise.rarity("same") == fresh.rarity("same")


def test_questions_that_lie_among_the_documents_are_left_out(rag: Any, docs: Path) -> None:
    (docs / "questions.csv").write_text("question,answer\nWhat barks?,a dog\n", encoding="utf-8")
    index = rag.module("retrieval").Index(docs, docs / "questions.csv")
    assert found(index, "What barks?") == []


def test_what_gives_no_text_is_named_and_the_rest_is_searched(
    rag: Any, docs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (docs / "photo.png").write_bytes(b"\x89PNG")
    (docs / ".hidden.md").write_text("a boat", encoding="utf-8")
    retrieval = rag.module("retrieval")
    for _ in range(2):  # the second opening reads nothing, and says so all the same
        caplog.clear()
        index = retrieval.Index(docs)
        assert [record.getMessage().count("photo.png") for record in caplog.records] == [1]
    assert found(index, "boat") == ["boats.md#1"]


def test_a_missing_folder_and_a_broken_index_are_one_sentence(rag: Any, docs: Path) -> None:
    retrieval = rag.module("retrieval")
    with pytest.raises(DocumentError, match=r"no folder nowhere in .*DOCUMENTS in cases\.py"):
        retrieval.Index(Path("nowhere"))
    retrieval.FILE.write_bytes(b"no database" * 100)
    with pytest.raises(DocumentError, match=r"index\.sqlite3: .*delete it, and it is made anew"):
        retrieval.Index(docs)


@pytest.mark.parametrize(
    "question",
    ["", "???", '"boat', "boat AND", "NEAR(boat", "boat*", "-boat", "a" * 5000, "\0\ud800", "boat"],
)
def test_any_question_can_be_asked(rag: Any, docs: Path, question: str) -> None:
    assert set(found(rag.module("retrieval").Index(docs), question)) <= {"boats.md#1"}


def test_a_question_of_ten_thousand_words_can_be_asked(rag: Any, docs: Path) -> None:
    question = " ".join(f"word{number}" for number in range(10_000)) + " boat"
    assert found(rag.module("retrieval").Index(docs), question) == ["boats.md#1"]


def test_chunks_end_with_a_paragraph_where_they_can_and_lose_nothing(rag: Any) -> None:
    retrieval = rag.module("retrieval")
    paragraph = "word " * 60
    chunks = retrieval.pieces(f"{paragraph}\n\n{paragraph}\n \n{paragraph}\n\nshort")
    assert [len(chunk.split()) for chunk in chunks] == [120, 61]
    rows = "\n".join(f"row {number},1,2,3" for number in range(200))
    chunks = retrieval.pieces(rows)
    assert "\n".join(chunks) == rows
    assert all(len(chunk) <= retrieval.SIZE + 1 for chunk in chunks)
    assert "".join(retrieval.pieces("x" * 5000)) == "x" * 5000
    assert retrieval.pieces(" \n\n ") == []


@pytest.mark.parametrize("text", ["\n" * 300_000 + "x", " " * 300_000, "a\n\n\n" * 100_000])
def test_a_page_of_blanks_is_cut_at_once(rag: Any, text: str) -> None:
    rag.module("retrieval").pieces(text)


def test_a_process_waits_for_another_that_builds_and_then_finds_it_done(
    rag: Any, docs: Path
) -> None:
    retrieval = rag.module("retrieval")
    empty = rag.folder / "empty"
    empty.mkdir()
    retrieval.Index(empty)
    other = sqlite3.connect(retrieval.FILE)
    other.execute("BEGIN IMMEDIATE")
    for file in docs.iterdir():
        sha = sha256(file.read_bytes()).hexdigest()
        other.execute("INSERT INTO files VALUES (?, ?, '')", [file.name, sha])
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(retrieval.Index, docs)
        time.sleep(0.3)
        assert not opening.done()
        other.commit()
        assert opening.result().chunks() == []  # the other one says that it has read them all
    other.close()


OPEN = """
import sys
from pathlib import Path
from the_task.retrieval import Index
print(len(Index(Path("docs")).chunks()))
"""


def test_many_processes_may_build_the_index_at_the_same_time(rag: Any, docs: Path) -> None:
    for number in range(30):
        (docs / f"{number}.md").write_text(f"document {number}", encoding="utf-8")
    path = [str(rag.folder / "src"), *(entry for entry in sys.path if entry)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{OPEN}"],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(3)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in started] == ["32"] * 3
    with sqlite3.connect(rag.module("retrieval").FILE) as db:
        assert db.execute("SELECT count(*) FROM files").fetchone() == (32,)


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text on each page, by hand and without a table: pypdf finds its way."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body = "%PDF-1.4\n" + "".join(f"{n} 0 obj\n{o}\nendobj\n" for n, o in enumerate(objects, 1))
    return (
        f"{body}trailer\n<< /Root 1 0 R /Size {len(objects) + 1} >>\nstartxref\n0\n%%EOF\n".encode()
    )


def embedding_of(text: str) -> list[float]:
    """Synthetic: two texts are near each other where both speak of water, or both do not."""
    wet = any(word in text.lower() for word in ("boat", "otter", "ship", "swim"))
    return [float(wet), float(not wet), len(text) / 100_000]


class Vendor:
    """An `AsyncOpenAI` as far as `embeddings.create` goes; it counts what it is sent."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self.openai = self.embeddings = self

    async def create(self, *, input: list[str], **settings: Any) -> Any:
        self.sent.append(input)
        items = [type("Item", (), {"embedding": embedding_of(text)}) for text in input]
        return type("Answer", (), {"data": items})


def test_hybrid_search_finds_by_meaning_what_shares_no_word(rag: Any, docs: Path) -> None:
    retrieval, embeddings = rag.module("retrieval"), rag.module("embeddings")
    index, vendor = retrieval.Index(docs), Vendor()
    with pytest.raises(DocumentError, match="does not fit the documents: run embed"):
        embeddings.Hybrid(index, vendor)
    asyncio.run(embeddings.embed(index, vendor))
    assert found(index, "a swimming ship") == ["cats.txt#1"]  # by the word "a"
    hybrid = embeddings.Hybrid(index, vendor)
    assert set(found(hybrid, "swimming ship")) == {"boats.md#1", "cats.txt#1"}
    assert found(hybrid, "swimming ship", 1) == ["boats.md#1"]


def test_only_new_texts_are_embedded_and_old_ones_leave_the_file(rag: Any, docs: Path) -> None:
    retrieval, embeddings = rag.module("retrieval"), rag.module("embeddings")
    vendor = Vendor()
    asyncio.run(embeddings.embed(retrieval.Index(docs), vendor))
    (docs / "cats.txt").write_text("A heron stands.\n", encoding="utf-8")
    asyncio.run(embeddings.embed(retrieval.Index(docs), vendor))
    assert [len(texts) for texts in vendor.sent] == [2, 1]
    lines = embeddings.VECTORS.read_text(encoding="utf-8").splitlines()
    assert (
        sorted(json.loads(line)[0] for line in lines)[0]
        == "# Boats\n\nThe red boat leaves at noon."
    )
    assert len(lines) == 2
