"""Do the 95 % intervals of a fit hold the truth in 95 % of all samples?"""

import numpy as np
import pytest

from gnicli.stable import StableLaw, fit


def coverage(n_fits, n, seed):
    """Shares of 95 % intervals that hold the truth, for alpha, beta, S0 location and scale."""
    rng = np.random.default_rng(seed)
    held = np.zeros(4)
    for _ in range(n_fits):
        alpha, beta = rng.uniform(0.8, 1.8), rng.uniform(-0.8, 0.8)
        found = fit(StableLaw(alpha, beta, 1.0, 3.0, "S0").rvs(n, rng), "S0")
        for k, (name, truth) in enumerate(zip(("alpha", "beta", "loc", "scale"), (alpha, beta, 1.0, 3.0), strict=True)):
            interval = found.ci95(name)
            held[k] += interval is not None and interval[0] <= truth <= interval[1]
    return held / n_fits


def test_intervals_cover():
    # 120 fits: the standard error of a share of .95 is .02
    assert (np.abs(coverage(120, 3000, 1) - 0.95) < 0.06).all()


@pytest.mark.slow
def test_intervals_cover_over_a_thousand_fits():
    shares = coverage(1000, 5000, 2)
    assert ((shares >= 0.93) & (shares <= 0.97)).all(), shares
