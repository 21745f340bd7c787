import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from gnicli.errors import NumericalError, UsageError
from gnicli.kde import bandwidth, binned, estimation
from gnicli.kde.binned import Window


def heavy(n, seed=1):
    """An asymmetric mixture of Cauchy variables: infinite variance, two unequal modes."""
    rng = np.random.default_rng(seed)
    return 0.5 * rng.standard_cauchy(n) + np.where(rng.random(n) < 0.3, 2.0, -1.0)


def heavy_pdf(x):
    return 0.7 * stats.cauchy.pdf(x, -1, 0.5) + 0.3 * stats.cauchy.pdf(x, 2, 0.5)


@pytest.mark.parametrize("h", [0.003, 0.05, 0.4, 3.0])
@pytest.mark.parametrize("n_points", [57, 1001])
@pytest.mark.parametrize("weighted", [False, True])
def test_estimate_agrees_with_the_exact_sum(h, n_points, weighted):
    samples = heavy(3000)
    weights = np.random.default_rng(2).exponential(size=3000) if weighted else None
    window = Window(-6.0, 5.0, n_points)
    exact = binned.exact_sum(samples, window.points, h, weights)
    fast = binned.estimate(samples, window, h, weights)
    assert np.abs(fast - exact).max() < 1e-6 * exact.max()


@given(
    samples=st.lists(st.floats(-60, 60) | st.floats(-1e6, 1e6), min_size=1, max_size=40),
    low=st.floats(-50, 50),
    width=st.floats(0.1, 100),
    n_points=st.integers(2, 300),
    h=st.floats(0.05, 50),
)
@settings(max_examples=60)
def test_any_window_agrees_with_the_exact_sum(samples, low, width, n_points, h):
    window = Window(low, low + width, n_points)
    samples = np.array(samples)
    exact = binned.exact_sum(samples, window.points, h)
    one_kernel = 1 / (h * math.sqrt(2 * math.pi))
    assert np.abs(binned.estimate(samples, window, h) - exact).max() < 1e-6 * one_kernel


def test_far_samples_count_in_the_total_only():
    window = Window(-3.0, 3.0, 301)
    near = np.random.default_rng(3).normal(size=500)
    alone = binned.estimate(near, window, 0.3)
    with_far = binned.estimate(np.concatenate([near, [1e9, -1e12, 1e300, np.inf]]), window, 0.3)
    assert with_far == pytest.approx(alone * 500 / 504, rel=1e-9, abs=1e-14)


def test_density_of_everything_integrates_to_one_and_shifts_with_the_samples():
    samples = np.random.default_rng(4).normal(size=2000)
    window = Window(-9.0, 9.0, 3001)
    fast = binned.estimate(samples, window, 0.2)
    assert integrate.trapezoid(fast, window.points) == pytest.approx(1, abs=1e-7)
    moved = binned.estimate(samples + 100.25, Window(91.25, 109.25, 3001), 0.2)
    assert moved == pytest.approx(fast, abs=1e-6)


def test_weights_are_multiplicities():
    samples, times = heavy(400), np.random.default_rng(5).integers(1, 6, 400)
    window = Window(-5.0, 5.0, 201)
    repeated = binned.estimate(np.repeat(samples, times), window, 0.2)
    assert binned.estimate(samples, window, 0.2, times.astype(float)) == pytest.approx(repeated, rel=1e-9, abs=1e-14)


def test_chunks_do_not_show(monkeypatch):
    samples = heavy(5000)
    window = Window(-5.0, 5.0, 201)
    whole = binned.estimate(samples, window, 0.1)
    monkeypatch.setattr(binned, "_CHUNK", 7)
    assert binned.estimate(samples, window, 0.1) == pytest.approx(whole, rel=1e-10, abs=1e-15)


@pytest.mark.parametrize("n_bins", [200, 5000])
def test_histogram_carries_the_estimate(n_bins):
    samples = heavy(20_000).reshape(2, -1)
    window, h = Window(-4.0, 4.0, 161), 0.25
    counts = np.stack([np.histogram(group, n_bins, (-8, 8))[0] for group in samples]).astype(float)
    from_counts = binned.from_counts(counts, -8.0, 8.0, np.array([10_000.0, 10_000.0]), window, h)
    exact = np.stack([binned.exact_sum(group, window.points, h) for group in samples])
    # Within a bin places are forgotten: noise of √n samples, each moved by at most half a bin.
    allowed = 2e-4 + 3 * (16 / n_bins) / h / math.sqrt(12 * 10_000)
    assert np.abs(from_counts - exact).max() < allowed * exact.max()


def test_isj_agrees_with_the_best_bandwidth_on_normal_samples():
    samples = np.random.default_rng(6).normal(size=100_000)
    best = (4 / 3 / 100_000) ** 0.2  # of the asymptotic mean integrated square error
    assert bandwidth.choose("isj", samples) == pytest.approx(best, rel=0.08)
    assert bandwidth.choose("robust", samples) == pytest.approx(0.9 * 100_000**-0.2, rel=0.02)


def test_isj_survives_infinite_variance():
    samples = heavy(200_000)
    window = Window(-8.0, 8.0, 1601)
    h = bandwidth.choose("isj", samples)

    def off(width):
        return np.abs(binned.estimate(samples, window, width) - heavy_pdf(window.points)).sum() * 0.01

    assert off(h) < 0.015
    assert off(h) < 1.1 * min(off(f * h) for f in (0.4, 0.6, 0.8, 1.25, 1.6, 2.5))
    # The rule of the standard deviation is lost: a few samples decide it.
    assert off(1.06 * samples.std() * 200_000**-0.2) > 0.5


def test_bandwidth_scales_with_the_samples_and_ignores_a_few_giants():
    samples = heavy(50_000)
    for rule in ("isj", "robust"):
        h = bandwidth.choose(rule, samples)
        assert bandwidth.choose(rule, 1e-7 * samples + 3.0) == pytest.approx(1e-7 * h, rel=1e-4)
        assert bandwidth.choose(rule, np.append(samples, [1e15, -1e17])) == pytest.approx(h, rel=0.01)
        assert bandwidth.choose(rule, samples, np.full(50_000, 0.3)) == pytest.approx(h, rel=0.01)


def test_fewer_effective_samples_widen_the_bandwidth():
    samples = np.random.default_rng(7).normal(size=40_000)
    thinned = bandwidth.choose("isj", samples[::20])
    assert bandwidth.choose("isj", samples, n_effective=2000) == pytest.approx(thinned, rel=0.15)


def test_bandwidth_of_a_histogram_agrees_with_that_of_its_samples():
    samples = heavy(100_000)
    counts, _ = np.histogram(samples, 2**14, (-40, 40))
    h = bandwidth.of_counts(counts.astype(float), -40.0, 40.0, 1e5)
    assert h == pytest.approx(bandwidth.choose("isj", samples), rel=0.05)


def test_sklearn_gives_the_same_density():
    samples = heavy(2000)
    weights = np.random.default_rng(8).exponential(size=2000)
    window = Window(-5.0, 5.0, 101)
    paper = estimation.of_samples(samples, window, 0.2, estimator="sklearn", weights=weights)
    ours = estimation.of_samples(samples, window, 0.2, weights=weights)
    assert np.abs(paper.pdf - ours.pdf).max() < 1e-6 * paper.pdf.max()
    assert paper.bandwidth == ours.bandwidth == 0.2


def test_uncertainty_over_chains_is_that_of_repetitions():
    """Chains with one value each are as uncertain as their number says: far more than their samples suggest."""
    rng = np.random.default_rng(9)
    centers = rng.normal(size=200)
    samples = centers + 0.3 * rng.normal(size=(100, 200))
    window = Window(-2.0, 2.0, 41)
    found = estimation.of_samples(samples, window, 0.2)
    repeated = [
        estimation.of_samples(rng.normal(size=200) + 0.3 * rng.normal(size=(100, 200)), window, 0.2).pdf
        for _ in range(60)
    ]
    assert found.stderr[20] == pytest.approx(np.std(repeated, axis=0)[20], rel=0.3)
    assert found.pdf == pytest.approx(binned.estimate(samples, window, 0.2), rel=1e-9, abs=1e-14)
    many = np.tile(samples[:20], (1, 5)) + 1e-9  # 1000 chains in 200 groups
    assert estimation.of_samples(many, window, 0.2).stderr.shape == (41,)
    single = estimation.of_samples(samples[:, :1], window, 0.2)
    assert single.stderr is None


def test_thinning_and_weights_per_step():
    samples = heavy(600).reshape(60, 10)
    steps = 1 / np.sqrt(1 + np.arange(60.0))
    window = Window(-5.0, 5.0, 101)
    found = estimation.of_samples(samples, window, 0.3, weights=steps, thin=3)
    exact = binned.exact_sum(samples[::3], window.points, 0.3, np.repeat(steps[::3], 10))
    assert np.abs(found.pdf - exact).max() < 1e-6 * exact.max()
    assert found.n_samples == 200


def test_groups_of_unequal_weight_average_to_the_whole():
    samples = [heavy(4000, 1), heavy(12_000, 2)]
    counts = np.stack([np.histogram(group, 2000, (-10, 10))[0] for group in samples]).astype(float)
    totals = np.array([4000.0, 12_000.0])
    window = Window(-4.0, 4.0, 81)
    found = estimation.of_counts(counts, -10.0, 10.0, totals, window, 0.2, 16_000)
    whole = binned.from_counts(counts.sum(axis=0), -10.0, 10.0, np.array(16_000.0), window, 0.2)
    assert found.pdf == pytest.approx(whole, rel=1e-9)
    assert (found.stderr > 0).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: binned.estimate(np.zeros(3), Window(0, 1), 0.0), UsageError, "bandwidth must be > 0"),
        (lambda: binned.estimate(np.zeros(3), Window(0, 1, 10**9), 0.1), UsageError, "points must be an integer"),
        (
            lambda: binned.estimate(np.zeros(3), Window(0, 1e9), 0.1),
            UsageError,
            "another bandwidth or a smaller window",
        ),
        (lambda: binned.estimate(np.zeros(3), Window(1, 0), 0.1), UsageError, "the window"),
        (lambda: binned.estimate(np.array([1, np.nan]), Window(0, 1), 0.1), NumericalError, "contain NaN"),
        (lambda: binned.estimate(np.array([]), Window(0, 1), 0.1), NumericalError, "positive, finite total weight"),
        (lambda: bandwidth.choose("isj", np.zeros(100)), NumericalError, "no spread"),
        (lambda: bandwidth.choose("robust", np.ones(100)), NumericalError, "no spread"),
        (lambda: bandwidth.choose("isj", np.array([1.0])), NumericalError, "at least 2 samples"),
        (lambda: bandwidth.choose("silverman", np.arange(9.0)), UsageError, "one of isj, robust or a number"),
        (lambda: bandwidth.choose(-1.0, np.arange(9.0)), UsageError, "bandwidth must be > 0"),
        (
            lambda: binned.from_counts(np.ones(10), 0.0, 10.0, np.array(10.0), Window(0, 1), 0.1),
            UsageError,
            "take at least 200 bins",
        ),
        (
            lambda: estimation.of_samples(np.zeros((5, 2)), Window(0, 1), 0.1, weights=np.ones(4)),
            UsageError,
            "one per step, 5",
        ),
        (
            lambda: estimation.of_samples(np.zeros(5), Window(0, 1), 0.1, estimator="scipy"),
            UsageError,
            "estimator must be one of",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_modes_of_an_estimate_are_those_of_the_density():
    samples = heavy(400_000)
    found = estimation.of_samples(samples, Window(-6.0, 6.0, 601), "isj")
    x = np.linspace(-6, 6, 120_001)
    pdf = heavy_pdf(x)
    true = x[1:-1][(pdf[1:-1] > pdf[:-2]) & (pdf[1:-1] > pdf[2:])]
    # The noise of the height moves a mode by some h-sized share of its width.
    assert estimation.modes(found.x, found.pdf) == pytest.approx(true, abs=0.08)
    parabola = np.maximum(1 - (found.x - 0.123) ** 2, 0)
    assert estimation.modes(found.x, parabola) == pytest.approx([0.123], abs=1e-9)
    edge = np.linspace(1, 0, 50)
    assert estimation.modes(np.arange(50.0), edge).tolist() == [0]
