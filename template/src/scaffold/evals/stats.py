"""The statistics, in the standard library; every interval is a 95 % interval.

`clusters` names what values share (see `Case.group`): values of one cluster are not independent,
and the interval is widened for it. Where each value has its own, the formulas are the plain ones.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist, fmean

Z = NormalDist().inv_cdf(0.975)
Values = Sequence[float]
Clusters = Sequence[Hashable]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its interval; `low`, `high` and `se` are None where n is too small for one."""

    mean: float | None
    low: float | None
    high: float | None
    se: float | None
    n: int
    groups: int
    method: str


def student(values: Values, clusters: Clusters, least: float | None) -> Estimate:
    """Mean with Student's t; where `least` is known a mean lies in [least, 1], and its interval.

    Clustered error: CR0 of Miller (2024, arxiv.org/abs/2411.00640) times sqrt(G / (G-1)).
    """
    n, mean, sums = len(values), fmean(values) if values else None, dict[Hashable, float]()
    for cluster, value in zip(clusters, values, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value - (mean or 0.0)
    groups = len(sums)
    few = ", few: read with care" if groups < 10 else ""
    note = f" ({groups} groups{few})" if groups < n else ""
    if mean is None or groups < 2:
        return Estimate(mean, None, None, None, n, groups, f"too few for an interval{note}")
    se = sqrt(groups / (groups - 1) * sum(s * s for s in sums.values())) / n
    half = t_quantile(0.975, groups - 1) * se
    low, high = mean - half, mean + half
    if least is not None:
        low, high = max(least, low), min(1.0, high)
    return Estimate(mean, low, high, 0.0 if se < 1e-12 else se, n, groups, f"t{note}")


def _independent(found: Estimate, variance: float) -> tuple[float, float]:
    """The quantile, and how many independent values clustered ones are worth (Korn & Graubard 1998)."""
    if found.groups == found.n:
        return Z, found.n
    # n at most, and a value per cluster where the clusters do not vary
    size = min(found.n, variance / found.se**2) if found.se else found.groups
    return t_quantile(0.975, found.groups - 1), size


def estimate(values: Values, clusters: Clusters) -> Estimate:
    """Mean of `values`: Wilson (1927, doi.org/10.1080/01621459.1927.10502953) where all are 0 or 1."""
    found = student(values, clusters, 0.0 if all(0 <= v <= 1 for v in values) else None)
    p, n, groups = found.mean, found.n, found.groups
    if p is None or groups < min(n, 2) or any(value not in (0, 1) for value in values):
        return found
    z, size = _independent(found, p * (1 - p))
    s = z * z / size
    half = sqrt(s * p * (1 - p) + s * s / 4)
    low, high = ((p + s / 2 + side) / (1 + s) for side in (-half, half))
    method = f"Wilson{found.method[1:]}" if groups < n else "Wilson"
    return replace(found, low=low if p else 0.0, high=high if p < 1 else 1.0, method=method)


def paired(a: Values, b: Values, clusters: Clusters) -> tuple[Estimate, float | None]:
    """Mean of b - a over the same cases, with its interval and the p of no difference.

    0/1: Bonett & Price (2012, doi.org/10.3102/1076998611411915), which holds where flips are rare,
    and exact McNemar; otherwise, and for the p of clustered 0/1, Student's t.
    """
    differences = [y - x for x, y in zip(a, b, strict=True)]
    found = student(differences, clusters, -1.0 if all(0 <= v <= 1 for v in (*a, *b)) else None)
    mean, n, df = found.mean, found.n, found.groups - 1
    if mean is None or found.se is None:
        return found, None
    p = 1.0 if not mean else 2 * t_tail(abs(mean) / found.se, df) if found.se else None
    if any(value not in (0, 1) for value in (*a, *b)):
        return replace(found, method=f"paired {found.method}"), p
    gained, lost = differences.count(1), differences.count(-1)
    if found.groups == n:
        p = mcnemar(gained, lost)
    z, size = _independent(found, (gained + lost) / n - mean**2)
    up, down = ((size * count / n + 1) / (size + 2) for count in (gained, lost))
    half = z * sqrt((up + down - (up - down) ** 2) / (size + 2))
    low, high = max(-1.0, up - down - half), min(1.0, up - down + half)
    return replace(found, low=low, high=high, method=f"Bonett-Price{found.method[1:]}"), p


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p of McNemar's test: a fair coin's binomial tail, dlmf.nist.gov/8.17.5."""
    fewer, more = sorted((gained, lost))
    return min(1.0, 2 * _beta(0.5, more, fewer + 1)) if more else 1.0


def t_tail(t: float, df: float) -> float:
    """P(T > t), t >= 0, of Student's t: half the incomplete beta (dlmf.nist.gov/8.17)."""
    return 0.5 * _beta(df / (df + t * t), df / 2, 0.5) if df + t * t > df else 0.5


@lru_cache(maxsize=4096)
def t_quantile(p: float, df: int) -> float:
    """Inverse of Student's t for 0.5 <= p <= 0.9999, by bisection."""
    low, high = 0.0, 4096.0
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, df) > 1 - p else (low, middle)
    return (low + high) / 2


def _beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta I_x(a, b): the continued fraction 8.17.22, from its end."""
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - x, b, a)
    fraction = 1.0
    for m in range(40 + int(4 * sqrt(max(a, b))), 0, -1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
        fraction = 1 + odd / (1 + even / fraction)
    factor = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return exp(factor) / (a * fraction)
