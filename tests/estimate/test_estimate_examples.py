"""The worked examples: every figure recomputed, every estimate beside what somebody measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "estimate"
# What sets a constant, by how its row begins: agreement there shows nothing.
SETS = ("first token", "next token", "tokens/s, 1 at a time", "tokens/s embedded, L4")
# Further off than a fifth, and the page says why.
FAILS = {
    "HNSW, 1 M x 768, M 24, MiB": -0.20,
    "HNSW, 0.9 M x 1,280, M 16, MiB": -0.36,
    "HNSW, 1.18 M x 100, M 16, MB": -0.48,
    "queries/s, as cores / latency of a lone client": 1.88,
}


def test_every_figure_of_an_example_is_what_its_script_computes(example: Any) -> None:
    page = example.PAGE.read_text(encoding="utf-8")
    between = page.partition(example.estimate.BEGIN)[2].partition(example.estimate.END)[0]
    how = f"stale: run `python examples/estimate/{example.PAGE.stem}.py`"
    assert between.strip("\n") == example.block(), how


def test_an_estimate_is_within_a_fifth_of_what_was_measured_or_known_to_fail(example: Any) -> None:
    tested = [row for row in example.checks() if not row.what.startswith(SETS)]
    assert len(tested) >= 8
    for row in tested:
        if row.what in FAILS:
            assert row.off == pytest.approx(FAILS[row.what], abs=0.005), row
        else:
            assert abs(row.off) <= 0.20, row


def test_every_source_is_named_and_none_without_need(example: Any) -> None:
    page = example.PAGE.read_text(encoding="utf-8")
    for name, url in example.SOURCES.items():
        assert url.startswith("https://")
        assert f"[{name}]: {url}" in page
        assert len(re.findall(rf"\[{re.escape(name)}\](?!:)", page)) > 0, name


def test_the_overview_quotes_what_the_scripts_compute(example: Any) -> None:
    overview = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    found = example.figures()
    if example.PAGE.stem == "serving":
        assert f"Some {round(found['GPUs'], -1)} H100" in overview
        assert found["share of its time that a copy reads prompts, %"] > 50
        assert found["fails first"] == "compute for prompts"
        cells = [line.split(" | ") for line in example.what_if().splitlines()[2:]]
        fewest = min(cells, key=lambda row: int(row[2].replace(",", "")))
        assert "prefix cache" in fewest[0]
        assert f"{found['GPUs']} GPUs" in example.PAGE.read_text(encoding="utf-8")
    else:
        reranking = found["a month: reranking, USD"] / found["a month: search on two machines, USD"]
        assert round(reranking) == 10
        assert "reranking costs ten times as much" in overview
        assert "reranking" in found["fails first"]
