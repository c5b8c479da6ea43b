"""Hybrid search, an option: BM25 and embeddings behind the same `search`.

`asyncio.run(embed(opened(DOCUMENTS, RAW), Client("openai:…")))` once, in a script that has the key
(`uv run --env-file .env python …`), and commit VECTORS: a reviewer searches in it without a key, and
the question's own embedding is recorded. Then `Hybrid(opened(DOCUMENTS, RAW), llm)` is the retriever.
Exact search: some ten thousand chunks; with numpy some hundred thousand; beyond, LanceDB, embedded.
"""

import json
from collections import Counter
from operator import mul
from pathlib import Path

from scaffold.documents import DocumentError
from scaffold.llm import Client

from .retrieval import Chunk, Index

MODEL = "text-embedding-3-small"
DIMENSIONS = 512  # the model gives up to 1,536; fewer are smaller to commit and faster to search
VECTORS = Path(f"data/{MODEL}-{DIMENSIONS}.jsonl")  # a line for each text of a chunk
RANKS = 60  # k of reciprocal rank fusion (Cormack et al. 2009, doi.org/10.1145/1571941.1572114)


async def vectors_of(llm: Client, texts: list[str]) -> list[list[float]]:
    """Return an embedding (of length 1) for each text. Raises what OpenAI's SDK raises."""
    settings = {"model": MODEL, "dimensions": DIMENSIONS, "encoding_format": "float"}
    answer = await llm.openai.embeddings.create(input=texts, **settings)
    return [[round(value, 5) for value in item.embedding] for item in answer.data]


async def embed(index: Index, llm: Client) -> None:
    """Bring VECTORS up to date with the index: only texts that it lacks are sent."""
    stored, texts = _stored(), sorted({chunk.text for chunk in index.chunks()})
    missing = [text for text in texts if text not in stored]
    for start in range(0, len(missing), 100):
        batch = missing[start : start + 100]
        stored |= zip(batch, await vectors_of(llm, batch), strict=True)
    lines = [json.dumps([text, stored[text]], ensure_ascii=False) + "\n" for text in texts]
    VECTORS.write_text("".join(lines), encoding="utf-8")  # noqa: ASYNC240, nothing else waits


class Hybrid:
    """Finds what shares words or meaning: two rankings, fused by reciprocal rank."""

    def __init__(self, index: Index, llm: Client) -> None:
        """Read VECTORS; DocumentError where it lacks a chunk."""
        self.index, self.llm, stored = index, llm, _stored()
        try:
            self.vectors = {chunk: stored[chunk.text] for chunk in index.chunks()}
        except KeyError:
            advice = "run embed() with a key, and commit the file"
            raise DocumentError(f"{VECTORS} does not fit the documents: {advice}.") from None

    async def search(self, question: str, k: int = 5) -> list[Chunk]:
        """Return the best `k` chunks of both rankings."""
        (asked,) = await vectors_of(self.llm, [question])
        near = Counter({chunk: sum(map(mul, asked, v)) for chunk, v in self.vectors.items()})
        by_meaning = [chunk for chunk, _ in near.most_common(4 * k)]
        fused = Counter[Chunk]()
        for ranking in (by_meaning, await self.index.search(question, 4 * k)):
            fused.update({chunk: 1 / (RANKS + n) for n, chunk in enumerate(ranking, start=1)})
        return [chunk for chunk, _ in fused.most_common(k)]


def _stored() -> dict[str, list[float]]:
    lines = VECTORS.read_text(encoding="utf-8").split("\n") if VECTORS.exists() else []
    return dict(json.loads(line) for line in lines if line)
