"""Bands and modes over few groups of chains."""

import numpy as np
import pytest
from scipy import stats

from gnicli.kde import estimation
from gnicli.kde.binned import Window

H = 0.3


def smoothed(x):
    """The density of N(0, 1) samples after a kernel of width H: N(0, 1 + H²)."""
    return stats.norm.pdf(x, 0, np.sqrt(1 + H**2))


@pytest.mark.parametrize("n_chains", [3, 5, 20])
def test_the_band_of_few_chains_covers_the_smoothed_density(n_chains):
    rng = np.random.default_rng(1)
    window = Window(-1.0, 1.0, 5)
    inside, by_normal = [], []
    for _ in range(400):
        found = estimation.of_samples(rng.normal(size=(150, n_chains)), window, H)
        low, high = found.band
        truth = smoothed(found.x)
        inside.append((low <= truth) & (truth <= high))
        by_normal.append(np.abs(found.pdf - truth) <= 1.96 * found.stderr)
    # 2000 intervals, five of a kind: the standard error is below 0.011.
    assert np.mean(inside) == pytest.approx(0.95, abs=0.025)
    if n_chains <= 5:
        assert np.mean(by_normal) < 0.92


def two_wells(rng, n_steps, n_chains):
    return np.where(rng.random((n_steps, n_chains)) < 0.35, 1.2, -0.9) + 0.35 * rng.normal(size=(n_steps, n_chains))


@pytest.mark.parametrize("unequal", [False, True])
def test_the_error_of_a_mode_is_that_of_repetitions(unequal):
    rng = np.random.default_rng(2)
    window = Window(-4.0, 4.0, 401)
    n_chains = 10
    places, errors = [], []
    for _ in range(150):
        samples = two_wells(rng, 400, n_chains)
        if unequal:
            sizes = np.linspace(100, 400, n_chains).astype(int)
            groups = [samples[:size, i] for i, size in enumerate(sizes)]
        else:
            groups = list(samples.T)
        counts = np.stack([np.histogram(group, 2000, (-5, 5))[0] for group in groups]).astype(float)
        found = estimation.of_counts(counts, -5.0, 5.0, counts.sum(axis=1), window, 0.2, 4000)
        modes = estimation.modes(found.x, found.pdf)
        assert len(modes) == 2
        places.append(modes)
        errors.append(estimation.mode_stderrs(found, modes))
    spread = np.std(places, axis=0)
    # The mean of 150 errors by jackknife over 10 groups, and a spread of 150: some 6 % and 4 %.
    assert np.sqrt(np.mean(np.square(errors), axis=0)) == pytest.approx(spread, rel=0.25)
    assert spread[1] > 1.2 * spread[0]


def test_modes_of_a_single_chain_have_no_error():
    found = estimation.of_samples(two_wells(np.random.default_rng(3), 1000, 1), Window(-4, 4, 401), 0.2)
    assert found.band is None
    assert np.isnan(estimation.mode_stderrs(found, estimation.modes(found.x, found.pdf))).all()
    assert estimation.mode_stderrs(found, np.array([])).shape == (0,)
