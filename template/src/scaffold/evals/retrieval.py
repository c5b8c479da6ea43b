"""How good a ranking of documents or chunks is, and how grounded the answer: the part `retrieval`."""

import re
from collections import Counter
from collections.abc import Collection, Sequence


def recall_at_k(relevant: Collection[str], ranking: Sequence[str], k: int) -> float | None:
    """Share of the relevant that stand among the first `k`; None where nothing is relevant."""
    wanted = set(relevant)
    return len(wanted & set(ranking[:k])) / len(wanted) if wanted else None


def reciprocal_rank(relevant: Collection[str], ranking: Sequence[str]) -> float | None:
    """1 / the rank of the first relevant one, 0 without any; the mean over cases is the MRR."""
    ranks = (rank for rank, one in enumerate(ranking, start=1) if one in relevant)
    return 1 / next(ranks, float("inf")) if relevant else None


def k_precision(answer: str, passages: Sequence[str]) -> float:
    """Share of the answer's words that the passages hold: faithfulness without a judge.

    Adlakha et al. 2024 (arxiv.org/abs/2307.16877) found it near to people's judgement.
    """
    said, given = (Counter(re.findall(r"\w+", t.casefold())) for t in (answer, " ".join(passages)))
    return (said & given).total() / said.total() if said else 0.0
