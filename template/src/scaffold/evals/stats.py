"""The statistics, in the standard library. Every interval is a 95 % interval.

`clusters` names what values share (`Case.group`): they are not independent of each other then.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, exp, isnan, lgamma, log, log1p, sqrt
from statistics import NormalDist, fmean

Z = NormalDist().inv_cdf(0.975)
Values = Sequence[float]
Clusters = Sequence[Hashable] | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval; `low` and `high` are None where n is too small for one."""

    mean: float | None
    low: float | None
    high: float | None
    se: float | None
    n: int
    method: str


def estimate(values: Values, clusters: Clusters = None) -> Estimate:
    """Mean of `values`: Wilson where all are 0 or 1, else t; both widened for clusters.

    Clustered Wilson takes p(1-p)/SE² for n (Korn & Graubard 1998), never more than n; where nothing
    varies, a cluster counts as one value.
    """
    if not (n := len(values)):
        return Estimate(None, None, None, None, 0, "no values")
    mean, binary = fmean(values), set(values) <= {0, 1}
    se, groups, note = _standard_error([v - mean for v in values], clusters)
    if binary and not note:
        return Estimate(mean, *wilson(mean, n), sqrt(mean * (1 - mean) / n), n, "Wilson")
    if groups < 2:
        return Estimate(mean, None, None, None, n, f"too few for an interval{note}")
    t = t_quantile(0.975, groups - 1)
    if not binary:
        return Estimate(mean, mean - t * se, mean + t * se, se, n, f"t{note}")
    effective = min(n, mean * (1 - mean) / se**2) if se else n if 0 < mean < 1 else groups
    return Estimate(mean, *wilson(mean, effective, t), se, n, f"Wilson{note}")


def wilson(p: float, n: float, z: float = Z) -> tuple[float, float]:
    """Score interval of a proportion (Wilson 1927, doi.org/10.1080/01621459.1927.10502953)."""
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (0.0 if p == 0 else centre - half), (1.0 if p == 1 else centre + half)


def _standard_error(residuals: Values, clusters: Clusters) -> tuple[float, int, str]:
    """Standard error of a mean, how many independent parts it rests on, and a note on them.

    Clustered: CR0 of Miller (2024, arxiv.org/abs/2411.00640) times sqrt(G / (G-1)), which is the
    plain error where every cluster has one value.
    """
    sums: dict[Hashable, float] = {}
    for cluster, residual in zip(clusters or range(len(residuals)), residuals, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + residual
    groups, note = len(sums), ""
    if groups < len(residuals):
        note = f" ({groups} groups{', few: read with care' if groups < 10 else ''})"
    se = sqrt(groups / max(1, groups - 1) * sum(s * s for s in sums.values())) / len(residuals)
    return (0.0 if se < 1e-12 else se), groups, note


def paired(a: Values, b: Values, clusters: Clusters = None) -> tuple[Estimate, float | None]:
    """Mean of b - a over the same cases, with its interval and the p of no difference.

    0/1: Bonett & Price (2012, doi.org/10.3102/1076998611411915), which holds where flips are rare,
    and exact McNemar; otherwise, and for the p of clustered 0/1, Student's t.
    """
    differences = [y - x for x, y in zip(a, b, strict=True)]
    if not (n := len(differences)):
        return Estimate(None, None, None, None, 0, "no cases in common"), None
    mean = fmean(differences)
    residuals = [d - mean for d in differences]
    se, groups, note = _standard_error(residuals, clusters)
    if groups < 2 and (note or not set(a) | set(b) <= {0, 1}):
        return Estimate(mean, None, None, None, n, f"too few for an interval{note}"), None
    t = t_quantile(0.975, groups - 1) if groups > 1 else Z
    p = 1.0 if not mean else 2 * t_tail(abs(mean) / se, groups - 1) if se else None
    if not set(a) | set(b) <= {0, 1}:
        return Estimate(mean, mean - t * se, mean + t * se, se, n, f"paired t{note}"), p
    gained, lost = differences.count(1), differences.count(-1)
    plain = fmean(r * r for r in residuals) / n
    effect = max(1.0, se**2 / plain) if plain and note else 1.0  # design effect of the groups
    size, up, down = n / effect + 2, gained / effect + 1, lost / effect + 1
    centre = (up - down) / size
    se = sqrt(((up + down) / size - centre**2) / size)
    half = (t if note else Z) * se
    low, high = max(-1.0, centre - half), min(1.0, centre + half)
    found = Estimate(mean, low, high, se, n, f"Bonett-Price{note}")
    return found, p if note else mcnemar(gained, lost)


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p of McNemar's test: a fair coin over the cases that flipped."""
    flips = gained + lost
    tail = sum(comb(flips, i) for i in range(min(gained, lost) + 1))
    return min(1.0, float(2 * tail / 2**flips))


def pass_at_k(n: int, right: int, k: int) -> float:
    """Chance that one of k tries is right, from n tries (Chen et al. 2021, 2107.03374)."""
    return 1 - comb(n - right, k) / comb(n, k)


def pass_hat_k(n: int, right: int, k: int) -> float:
    """Chance that all k tries are right, from n tries (Yao et al. 2024, 2406.12045)."""
    return comb(right, k) / comb(n, k)


def kappa(a: Sequence[Hashable], b: Sequence[Hashable]) -> Estimate:
    """Cohen's kappa; interval by Fleiss, Cohen & Everitt (1969, doi.org/10.1037/h0028106)."""
    n = len(a)
    cells, rows, columns = Counter(zip(a, b, strict=True)), Counter(a), Counter(b)
    if n < 2 or len(rows | columns) < 2:
        return Estimate(None, None, None, None, n, "kappa needs two labels and two cases")
    po = sum(cells[x, x] for x in rows) / n
    pe = sum(rows[x] * columns[x] for x in rows) / n**2
    k = (po - pe) / (1 - pe)
    spread = sum(
        count / n * (float(x == y) - (rows[y] + columns[x]) / n * (1 - k)) ** 2
        for (x, y), count in cells.items()
    )
    se = sqrt(max(0.0, spread - (k - pe * (1 - k)) ** 2) / n) / (1 - pe)
    return Estimate(k, max(-1.0, k - Z * se), min(1.0, k + Z * se), se, n, "kappa")


def bootstrap(
    clusters: Sequence[Hashable], statistic: Callable[[list[int]], float | None], draws: int = 1000
) -> tuple[float | None, float | None]:
    """Percentile interval of any figure of the drawn indices: clusters are drawn whole (seed 0)."""
    members: dict[Hashable, list[int]] = {}
    for index, cluster in enumerate(clusters):
        members.setdefault(cluster, []).append(index)
    pools, source = list(members.values()), random.Random(0)
    figures: list[float] = []
    for _ in range(draws if len(pools) > 1 else 0):
        figure = statistic([i for pool in source.choices(pools, k=len(pools)) for i in pool])
        figures += [] if figure is None or isnan(figure) else [figure]
    figures.sort()
    last = len(figures) - 1
    return (figures[round(0.025 * last)], figures[round(0.975 * last)]) if figures else (None, None)


def cases_needed(difference: float, sd: float) -> int:
    """Pairs to see `difference` with power 0.8 (normal formula + z²/2, Guenther 1981)."""
    return int(((Z + NormalDist().inv_cdf(0.8)) * sd / difference) ** 2 + Z * Z / 2) + 1


def detectable(se: float, df: int) -> float:
    """The smallest true difference that an estimate with this error sees with power 0.8."""
    return (t_quantile(0.975, df) + t_quantile(0.8, df)) * se


def t_tail(t: float, df: float) -> float:
    """P(T > t), t >= 0, of Student's t: half the incomplete beta (dlmf.nist.gov/8.17)."""
    return 0.5 * _beta(df / (df + t * t), df / 2, 0.5)


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: int) -> float:
    """Inverse of Student's t for 0.5 <= p <= 0.9999, by bisection."""
    low, high = 0.0, 4096.0
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, df) > 1 - p else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta I_x(a, b): continued fraction 8.17.22, Lentz's method."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / (1 + term * d), 1 + term / c
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * fraction
