"""Search in ten million PDF pages: `python examples/estimate/retrieval.py` rewrites retrieval.md."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from beside import Beside, compare, load_estimate

estimate = load_estimate()
PAGE = Path(__file__).with_name("retrieval.md")

# What was asked.
PAGES = 10_000_000
# What we assume until somebody answers.
QUERIES_PER_S, TOKENS_A_PAGE, TOKENS_A_QUERY = 50, 500, 20
SCANNED, CHANGED_A_DAY, CANDIDATES = 0.2, 0.01, 50

# bge-large-en-v1.5, 24 layers of 16 heads of 64, on one L4 (121 TFLOPS in FP16 without sparsity,
# 300 GB/s, 24 GB). The share of FLOPs is the measured tokens/s of INFINITY, below, on that GPU.
L4 = estimate.Copy(
    335e6, layers=24, kv_heads=16, head_size=64, gpus=1,
    memory=24e9, bytes_per_s=300e9, flops_per_s=121e12,
    bytes_per_weight=2, bytes_per_kv=2, flops_share=0.34,
)  # fmt: skip
MI210 = replace(L4, memory=64e9, bytes_per_s=1.6e12, flops_per_s=181e12)
DIMENSIONS = 1_024
INFINITY = {"L4": 1_150_000 / 18.491, "MI210": 1_150_000 / 13.400}  # tokens/s

# Seconds a page on a core: the 14 papers and books of py-pdf/benchmarks; OCR as a vendor plans it.
BENCHMARK_PAGES, BENCHMARK_BYTES = 422, 45.84 * 2**20
PYPDF_S, PDFIUM_S, OCR_S = 36.0 / BENCHMARK_PAGES, 2.9 / BENCHMARK_PAGES, 3600 / 1_500

# 10 M vectors of 768 numbers, HNSW M 16 in int8, 16 cores: queries/s at recall 0.951, 80 clients.
MILVUS_PER_S, MILVUS_CLIENTS, MILVUS_LATENCY_S, MILVUS_ALONE_S = 1833.26, 80, 0.04298, 0.003029
CORES = 16

# USD an hour, us-east-1, on demand: g6.xlarge (an L4), r7i.4xlarge (16 cores, 128 GiB), a core of c7i.
USD_L4, USD_SEARCH, USD_CORE = 0.8048, 1.0584, 0.714 / 16
USED = 0.8

SOURCES = {
    "py-pdf": "https://github.com/py-pdf/benchmarks/blob/24c51dd4194b93fc55d4615f0b6ed9b6ef67b359/README.md",
    "OCR": "https://www.aquaforest.com/blog/estimating-ocr-conversion-processing-time-with-autobahn-dx",
    "Infinity": "https://github.com/michaelfeil/infinity/blob/0d1c358dc6d2d88f320bdacd79c4e1fea4ddf9db/docs/docs/benchmarking.md",
    "VectorDBBench": "https://github.com/zilliztech/VectorDBBench/blob/4ea181055b11af7d75161179ef2feff9539c3b33/vectordb_bench/results/Milvus/result_20260403_standard_milvus.json",
    "pgvector 690": "https://github.com/pgvector/pgvector/issues/690",
    "pgvector 370": "https://github.com/pgvector/pgvector/issues/370",
    "Qdrant": "https://qdrant.tech/articles/memory-consumption/",
    "prices": "https://github.com/awslabs/eks-node-viewer/blob/a410d6fa6d4bd0ab8eba3553dfd3e244565667b7/pkg/aws/zz_generated_aws.pricing.go",
}


def reading_s(tokens: float, copy: Any = L4) -> float:
    """Seconds in which an encoder reads that many tokens, in batches: a prefill without an answer."""
    return copy.prefill_s(estimate.Load(1, tokens, 0, 0))


def figures() -> dict[str, float | str]:
    """The estimate itself: once, for each query, and for each month."""
    extract_h = PAGES * (1 - SCANNED) * PYPDF_S / 3600
    ocr_h = PAGES * SCANNED * OCR_S / 3600
    embed_h = reading_s(PAGES * TOKENS_A_PAGE) / 3600
    rerank_s = reading_s(CANDIDATES * (TOKENS_A_PAGE + TOKENS_A_QUERY))
    reranking = math.ceil(QUERIES_PER_S * rerank_s / USED)
    wait_s = estimate.wait_s(QUERIES_PER_S, rerank_s, reranking)
    search_s = CORES / MILVUS_PER_S  # of one core
    flat = PAGES * DIMENSIONS * 2
    ingest_usd = (extract_h + ocr_h) * USD_CORE + embed_h * USD_L4
    month = estimate.HOURS_PER_MONTH
    search_usd = 2 * USD_SEARCH * month  # one machine, and one for when it is lost
    bears = {
        "search": MILVUS_PER_S,
        "embedding the query": 1 / reading_s(TOKENS_A_QUERY),
        "reranking, on one L4": 1 / rerank_s,
    }
    return {
        "once: the files, TB": PAGES * BENCHMARK_BYTES / BENCHMARK_PAGES / 1e12,
        "once: text out of PDF with pypdf, core hours": extract_h,
        "once: the same with PDFium, core hours": PAGES * (1 - SCANNED) * PDFIUM_S / 3600,
        "once: OCR of the scanned fifth, core hours": ocr_h,
        "once: tokens to embed, billion": PAGES * TOKENS_A_PAGE / 1e9,
        "once: embedding them, L4 hours": embed_h,
        "once: all of it, USD": ingest_usd,
        "every day: OCR of what changed, core hours": ocr_h * CHANGED_A_DAY,
        "index: HNSW in float32, GB": estimate.index_bytes(PAGES, DIMENSIONS) / 1e9,
        "index: HNSW in int8, GB": estimate.index_bytes(PAGES, DIMENSIONS, number_bytes=1) / 1e9,
        "index: exact in float16, GB (fits in one L4)": flat / 1e9,
        "a query: embedding it, ms": reading_s(TOKENS_A_QUERY) * 1e3,
        "a query: exact search in one L4, ms": L4.roofline_s(2 * PAGES * DIMENSIONS, flat) * 1e3,
        "a query: HNSW on a core, ms": search_s * 1e3,
        "a query: reranking 50 pages in one L4, ms": rerank_s * 1e3,
        "cores that search, so that a query waits 1 ms on average": estimate.servers_for(
            QUERIES_PER_S, search_s, 0.001
        ),
        "L4s that rerank": reranking,
        "a query: waiting for one of them, ms": wait_s * 1e3,
        "a query: all of it, ms": (reading_s(TOKENS_A_QUERY) + search_s + wait_s + rerank_s) * 1e3,
        **{f"{what} bears, queries/s": most for what, most in bears.items()},
        "fails first": min(bears, key=bears.__getitem__),
        "a month: search on two machines, USD": search_usd,
        "a month: reranking, USD": reranking * USD_L4 * month,
    }


def checks() -> list[Beside]:
    """Estimates beside published measurements."""
    mib = 2**20
    closed = estimate.in_flight(MILVUS_PER_S, MILVUS_LATENCY_S)
    return [
        Beside("tokens/s embedded, L4 (sets the share of FLOPs)",
               1e9 / reading_s(1e9), INFINITY["L4"], "Infinity"),
        Beside("tokens/s embedded, MI210 (same share)",
               1e9 / reading_s(1e9, MI210), INFINITY["MI210"], "Infinity"),
        Beside("HNSW, 1 M x 768, M 24, MiB",
               estimate.index_bytes(1e6, 768, links=24) / mib, 3_904, "pgvector 690"),
        Beside("the same, a vector and its links in half of an 8 KiB page, MiB",
               1e6 * 4_096 / mib, 3_904, "pgvector 690"),
        Beside("HNSW, 0.9 M x 1,280, M 16, MiB",
               estimate.index_bytes(0.9e6, 1_280) / mib, 7_036, "pgvector 370"),
        Beside("the same, each in a page of its own, MiB",
               0.9e6 * 8_192 / mib, 7_036, "pgvector 370"),
        Beside("HNSW, 1.18 M x 100, M 16, MB",
               estimate.index_bytes(1_183_514, 100) / 1e6, 1_200, "Qdrant"),
        Beside("clients, by Little's law, of 80", closed, MILVUS_CLIENTS, "VectorDBBench"),
        Beside("queries/s, as cores / latency of a lone client",
               CORES / MILVUS_ALONE_S, MILVUS_PER_S, "VectorDBBench"),
    ]  # fmt: skip


def block() -> str:
    """Everything between the markers of retrieval.md."""
    return (
        f"{estimate.table(figures())}\n\nBeside what others measured:\n\n"
        f"{compare(checks(), SOURCES)}"
    )


if __name__ == "__main__":
    estimate.write(PAGE, block())
    print(block())
