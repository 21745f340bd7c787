"""Bandwidths of rounded, few, weighted and atomic samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gnicli.errors import NumericalError, UsageError
from gnicli.kde import bandwidth, binned
from gnicli.kde.binned import Window

LAWS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "skewed": lambda rng, n: rng.gamma(2.0, size=n),
    "two": lambda rng, n: np.where(rng.random(n) < 0.3, 3.0, -1.0) + 0.4 * rng.normal(size=n),
    "heavy": lambda rng, n: stats.levy_stable.rvs(0.9, 0.5, size=n, random_state=rng),
}


@given(
    law=st.sampled_from(sorted(LAWS)),
    n=st.integers(1000, 20_000),
    part=st.floats(0.02, 0.5),
    scale=st.sampled_from([1e-200, 1e-7, 1.0, 37.0, 1e150]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=8)
def test_rounding_to_half_a_bandwidth_hardly_changes_it(law, n, part, scale, seed):
    """The median of nine samples: one alone moves by more than .2 in 4 of 100 at the worst corner (gamma, n = 1000)."""
    rng = np.random.default_rng(seed)
    ratios = []
    for _ in range(9):
        samples = scale * LAWS[law](rng, n)
        plain = bandwidth.choose("isj", samples)
        step = part * plain
        ratios.append(bandwidth.choose("isj", np.round(samples / step) * step) / plain)
    assert np.median(ratios) == pytest.approx(1, rel=0.2)
    assert min(ratios) > 0.4  # no sample's bandwidth falls to the step


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_a_coarse_rounding_is_not_resolved(decimals):
    """No spike at each rounded number: the estimate has the one mode that the law has."""
    samples = np.round(np.random.default_rng(1).normal(size=50_000), decimals)
    h = bandwidth.choose("isj", samples)
    assert h >= 0.6 * 10.0**-decimals or h == pytest.approx(bandwidth.choose("isj", samples + 1e-9), rel=0.1)
    x = np.linspace(-2, 2, 4001)
    pdf = binned.exact_sum(np.unique(samples), x, h, np.unique(samples, return_counts=True)[1])
    turns = np.flatnonzero(np.diff(np.sign(np.diff(pdf))) < 0)
    assert (pdf[turns] > 0.5 * pdf.max()).all()
    assert np.ptp(pdf[1900:2100]) < 0.05 * pdf.max()


@pytest.mark.parametrize("mean", [20.0, 100.0, 400.0])
def test_counts_get_the_bandwidth_of_the_law_that_they_follow(mean):
    samples = np.random.default_rng(2).poisson(mean, 5000).astype(float)
    best = 1.06 * np.sqrt(mean) * 5000**-0.2
    assert 0.7 * best < bandwidth.choose("isj", samples) < 1.4 * best


def test_numbers_that_differ_by_rounding_of_floats_are_equal():
    rng = np.random.default_rng(3)
    samples = np.round(rng.normal(size=5000), 1)
    shaken = samples * (1 + rng.integers(-2, 3, 5000) * np.finfo(float).eps)
    assert bandwidth.choose("isj", shaken) == pytest.approx(bandwidth.choose("isj", samples), rel=0.02)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.45])
@pytest.mark.parametrize("n", [300, 20_000])
def test_an_atom_is_left_out_of_the_choice(share, n):
    samples = np.random.default_rng(4).normal(size=n)
    alone = bandwidth.choose("isj", samples[int(share * n) :])
    samples[: int(share * n)] = 0.25
    assert bandwidth.choose("isj", samples) == pytest.approx(alone, rel=0.1)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.999])
def test_samples_that_are_mostly_one_value_have_no_bandwidth(share):
    samples = np.random.default_rng(5).normal(size=4000)
    samples[: int(share * 4000)] = -0.5
    with pytest.raises(NumericalError, match="give a number as bandwidth"):
        bandwidth.choose("isj", samples)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 10, 29, 30, 49, 50, 60])
def test_few_samples_get_a_bandwidth_of_their_spread(n):
    """Both rules have the size of the spread; Improved Sheather-Jones alone gives 1e-3 of it for three samples."""
    found = [bandwidth.choose("isj", np.random.default_rng(seed).normal(size=n)) for seed in range(30)]
    assert 0.2 < np.median(found) * n**0.2 < 2.5
    assert min(found) > 0.02


def test_a_rounded_histogram_gets_the_bandwidth_of_its_samples():
    samples = np.random.default_rng(6).normal(size=20_000)
    plain = bandwidth.choose("isj", samples)
    for step in (plain / 2, plain / 5):
        counts, _ = np.histogram(np.round(samples / step) * step, 2**14, (-8, 8))
        assert bandwidth.of_counts(counts.astype(float), -8.0, 8.0, 2e4) == pytest.approx(plain, rel=0.2)


def test_an_empty_histogram_is_told():
    for counts in (np.zeros(200), np.full(200, np.nan), -np.ones(200)):
        with pytest.raises(NumericalError, match="no sample lies in the histogram"):
            bandwidth.of_counts(counts, 0.0, 1.0, 100.0)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, -1e-300])
@pytest.mark.parametrize(
    "call",
    [
        lambda x, w: bandwidth.choose("isj", x, w),
        lambda x, w: bandwidth.choose("robust", x, w),
        lambda x, w: binned.estimate(x, Window(-1, 1), 0.1, w),
        lambda x, w: binned.exact_sum(x, np.zeros(3), 0.1, w),
    ],
)
def test_weights_are_finite_and_not_negative(call, bad):
    x, weights = np.linspace(-1, 1, 100), np.ones(100)
    weights[3] = bad
    with pytest.raises(UsageError, match="weights must be finite and >= 0; 1 of 100 are not"):
        call(x, weights)
    with pytest.raises(UsageError, match="weights must be one per sample, 100 of them, got 99"):
        call(x, np.ones(99))
    with pytest.raises(NumericalError, match="all weights are 0"):
        call(x, np.zeros(100))


@pytest.mark.parametrize("factor", [1e-300, 1e300])
def test_the_unit_of_weights_does_not_matter(factor):
    rng = np.random.default_rng(7)
    x, weights = rng.normal(size=300), rng.uniform(size=300)
    window = Window(-2, 2, 101)
    assert bandwidth.choose("isj", x, factor * weights) == pytest.approx(bandwidth.choose("isj", x, weights))
    plain = binned.estimate(x, window, 0.2, weights)
    assert binned.estimate(x, window, 0.2, factor * weights) == pytest.approx(plain, rel=1e-9)


@given(
    x=st.floats(-3, 3), low=st.floats(-5, 0), width=st.floats(0.5, 9), points=st.integers(2, 600), h=st.floats(0.01, 40)
)
@settings(max_examples=80)
def test_one_sample_is_its_kernel(x, low, width, points, h):
    window = Window(low, low + width, points)
    peak = 1 / (h * np.sqrt(2 * np.pi))
    found = binned.estimate(np.array([x]), window, h)
    assert np.abs(found - stats.norm.pdf(window.points, x, h)).max() < 1e-7 * peak
