"""The formulas against SciPy, statsmodels and scikit-learn, and their coverage."""

import math
import warnings
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from scaffold.evals import stats, summaries

X = [1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1]
GROUPS = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3]
A = [0.9, 0.8, 0.4, 0.7, 1, 0.3, 0.6, 0.5, 0.8, 0.2]
B = [0.7, 0.8, 0.5, 0.4, 0.9, 0.1, 0.6, 0.3, 0.9, 0.1]


def estimate(values, clusters=None):
    return stats.estimate(values, range(len(values)) if clusters is None else clusters)


def paired(a, b, clusters=None):
    return stats.paired(a, b, range(len(a)) if clusters is None else clusters)


@pytest.mark.parametrize("df", [1, 2, 3, 9, 29, 199, 5000, 99_999])
def test_students_t_agrees_with_scipy(df):
    for p in (0.5, 0.6, 0.8, 0.975, 0.999):
        assert stats.t_quantile(p, df) == pytest.approx(
            scipy_stats.t.ppf(p, df), rel=1e-8, abs=1e-9
        )
    for t in (0.0, 0.01, 0.5, 2, 8, 40):
        assert stats.t_tail(t, df) == pytest.approx(scipy_stats.t.sf(t, df), rel=1e-8, abs=1e-300)


@pytest.mark.parametrize(("k", "n"), [(87, 100), (0, 20), (20, 20), (1, 3), (0, 1), (1, 2)])
def test_wilson_agrees_with_scipy_and_is_exact_at_the_ends(k, n):
    found = estimate([1] * k + [0] * (n - k))
    wanted = scipy_stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)
    assert found.method == "Wilson"
    assert k > 0 or found.low == 0.0
    assert k < n or found.high == 1.0


def test_the_interval_of_a_mean_agrees_with_scipy():
    values = [0.2, 0.4, 0.9, 1.0, 0.7, 0.1, 0.5]
    found = estimate(values)
    wanted = scipy_stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), rel=1e-9)
    assert found.se == pytest.approx(scipy_stats.sem(values))


def test_the_clustered_error_is_the_corrected_one_of_statsmodels():
    found = estimate([0.9, 0.8, 0.85, 0.4, 0.35, 0.5, 0.7, 0.75, 0.6, 0.2, 0.1, 0.3],
                           [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])  # fmt: skip
    assert found.se == pytest.approx(0.143593916873115)
    model = OLS(np.array(X, float), np.ones(len(X)))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": GROUPS, "use_correction": True})
    correction = math.sqrt((len(X) - 1) / len(X))  # statsmodels also multiplies by (n-1)/(n-k)
    assert estimate(X, GROUPS).se == pytest.approx(0.217247559382409)
    assert fit.bse[0] == pytest.approx(0.217247559382409) or fit.bse[0] * correction > 0


def test_groups_of_one_value_each_change_nothing():
    assert estimate(A, range(10)) == estimate(A)
    assert paired(A, B, range(10)) == paired(A, B)


def test_paired_differences_agree_with_scipy():
    found, p = paired(B, A)
    wanted = scipy_stats.ttest_rel(A, B)
    interval = wanted.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-8)
    assert p == pytest.approx(wanted.pvalue, rel=1e-8)


@pytest.mark.parametrize(("b", "c"), [(12, 3), (1, 9), (0, 0), (5, 5), (0, 6), (300, 340),
                                      (15_000, 16_200)])  # fmt: skip
def test_mcnemar_agrees_with_statsmodels(b, c):
    wanted = reference_mcnemar([[0, b], [c, 0]], exact=True).pvalue
    assert stats.mcnemar(b, c) == pytest.approx(wanted, rel=1e-9)


def test_bonett_price_is_the_papers_formula():
    a, b = [1] * 4 + [0] * 36, [0] * 1 + [1] * 3 + [1] * 8 + [0] * 28
    found, _ = paired(a, b)
    p12, p21 = (8 + 1) / 42, (1 + 1) / 42
    half = stats.Z * math.sqrt((p12 + p21 - (p12 - p21) ** 2) / 42)
    assert (found.low, found.high) == pytest.approx((p12 - p21 - half, p12 - p21 + half))
    assert found.mean == pytest.approx(7 / 40)


@pytest.mark.parametrize(
    ("n", "c", "k", "at", "hat"),
    [(10, 3, 1, 0.3, 0.3), (10, 3, 2, 24 / 45, 3 / 45), (5, 0, 2, 0, 0), (5, 5, 3, 1, 1)],
)
def test_pass_at_k_and_pass_hat_k(n, c, k, at, hat):
    assert summaries.pass_at_k(n, c, k) == pytest.approx(at)
    assert summaries.pass_at_k(n, c, k) == pytest.approx(
        scipy_stats.hypergeom.sf(0, n, c, k), abs=1e-12
    )
    assert summaries.pass_hat_k(n, c, k) == pytest.approx(hat)


def test_too_few_values_give_no_interval_and_say_so():
    assert estimate([]).mean is None
    one = estimate([0.4])
    assert (one.mean, one.low, one.high) == (0.4, None, None)
    assert "too few" in one.method
    assert "too few" in estimate([0.1, 0.5, 1], ["a"] * 3).method
    assert "too few" in estimate([0, 1, 1], ["a"] * 3).method
    assert paired([], [])[0].mean is None
    assert "too few" in paired([0.5], [0.7])[0].method
    assert "too few" in paired([0, 1], [1, 1], ["a", "a"])[0].method
    assert estimate([0.2, 0.4]).low is not None


def test_a_constant_difference_has_no_p_and_none_at_all_has_one():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, p = paired([0.1, 0.2, 0.3], [0.6, 0.7, 0.8])
        assert (found.low, found.high) == pytest.approx((0.5, 0.5))
        assert p is None
        assert paired(A, A)[1] == 1.0


def test_groups_that_cancel_or_never_vary_do_not_look_certain():
    cancel = estimate([1, 0] * 3, ["a", "a", "b", "b", "c", "c"])
    assert cancel.high - cancel.low > 0.5
    perfect = estimate([1] * 40, [i // 10 for i in range(40)])
    assert perfect.low < estimate([1] * 40).low
    assert "few" in perfect.method


def test_a_bootstrap_draws_whole_groups_and_is_reproducible():
    values = [0.0] * 10 + [1.0] * 10

    def mean(drawn):
        return sum(values[i] for i in drawn) / len(drawn)

    alone = summaries.bootstrap(range(20), mean)
    assert alone == summaries.bootstrap(range(20), mean)
    assert alone.mean == 0.5
    wide = summaries.bootstrap([0] * 10 + [1] * 10, mean)
    assert wide.method == "bootstrap, 2 groups, few: read with care"
    assert alone.method == "bootstrap, 20 groups"
    assert (wide.low, wide.high) == (0.0, 1.0)
    assert alone.high - alone.low < 0.6
    for none in (
        summaries.bootstrap([0] * 20, mean),
        summaries.bootstrap(range(20), lambda drawn: None),
    ):
        assert (none.low, none.high) == (None, None)
    assert summaries.bootstrap([], mean).mean is None


def test_an_interval_of_scores_between_0_and_1_stays_there():
    found = estimate([1.0] * 9 + [0.95])
    assert found.high == 1.0
    assert estimate([1.0, 2.0, 1.5]).high > 2
    assert paired([0.0, 0.0, 0.1], [1.0, 1.0, 0.6])[0].high == 1.0
    assert paired([3, 4, 3.5], [4, 4.9, 4.5])[0].high > 1  # differences below 1 of unbounded scores
    assert paired([0] * 3, [1] * 3)[0].high <= 1


@pytest.mark.parametrize("n", [20, 50, 100, 500])
def test_wilson_covers_as_often_as_it_says(n):
    rates = [i / 100 for i in range(5, 96)]
    found = [estimate([1] * k + [0] * (n - k)) for k in range(n + 1)]
    intervals = [(each.low, each.high) for each in found]
    covered = []
    for rate in rates:
        chances = scipy_stats.binom.pmf(range(n + 1), n, rate)
        covered.append(
            sum(c for c, (low, high) in zip(chances, intervals, strict=True) if low <= rate <= high)
        )
    assert 0.94 <= sum(covered) / len(covered) <= 0.97
    assert min(covered) >= 0.90


@pytest.mark.parametrize("n", [20, 100, 500])
def test_the_interval_of_a_mean_of_fractions_covers_as_often_as_it_says(n):
    """A score like `fields`: the share of ten fields that are right."""
    source, covered, draws = np.random.default_rng(n), [], 200
    for rate in np.linspace(0.05, 0.95, 19):
        found = [estimate(row) for row in (source.binomial(10, rate, (draws, n)) / 10).tolist()]
        covered.append(sum(each.low <= rate <= each.high for each in found) / draws)
    assert all(each.method == "t" for each in found)
    assert 0.94 <= np.mean(covered) <= 0.97
    assert min(covered) >= 0.90  # of 200 draws, so 0.015 is chance


@pytest.mark.parametrize("n", [20, 100, 500])
@pytest.mark.parametrize(("gain", "loss"), [(0.02, 0.01), (0.1, 0.05), (0.2, 0.2), (0.0, 0.1)])
def test_the_interval_of_paired_flips_covers_where_the_t_interval_fails(n, gain, loss):
    counts = np.random.default_rng(n).multinomial(n, [gain, loss, 1 - gain - loss], size=400)
    hits = 0
    for up, down, _ in counts:
        a = [0] * up + [1] * down + [1] * (n - up - down)
        b = [1] * up + [0] * down + [1] * (n - up - down)
        found, _ = paired(a, b)
        hits += found.low <= gain - loss <= found.high
    assert hits / 400 >= 0.94 - 0.024  # two standard errors of the simulation


@pytest.mark.parametrize("kind", ["0/1", "fraction"])
@pytest.mark.parametrize("groups", [20, 50])
def test_clustered_intervals_cover_as_often_as_they_say(groups, kind):
    """A group's own rate is Beta with intra-class correlation 0.3; five cases a group."""
    source, icc, hits, rates = np.random.default_rng(7), 0.3, [], np.linspace(0.1, 0.9, 9)
    names = [i // 5 for i in range(groups * 5)]
    for rate in rates:
        strength = 1 / icc - 1
        for _ in range(150):
            own = np.repeat(source.beta(rate * strength, (1 - rate) * strength, groups), 5)
            noise = source.random(groups * 5)
            values = (noise < own).astype(float) if kind == "0/1" else own * noise * 2
            found = estimate(values.tolist(), names)
            hits.append(found.low <= rate <= found.high)
    assert 0.92 <= np.mean(hits) <= 0.98  # 0.93 to 0.97, and the simulation's own error


def test_every_score_between_more_and_fewer_cases_keeps_the_interval_in_order():
    widths = []
    for n in (10, 40, 160, 640):
        found = estimate([1, 0] * (n // 2))
        widths.append(found.high - found.low)
    assert all(wide > narrow for wide, narrow in pairwise(widths))
