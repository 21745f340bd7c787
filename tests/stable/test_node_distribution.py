"""The distribution function from the density at the nodes is that of the inversion, wherever it is said to serve."""

import numpy as np
import pytest

from gnicli.stable import StableLaw
from gnicli.stable.fitting import node_distribution

SKEWED = [(0.93, 1.0), (0.96, 1.0), (1.2, -1.0), (1.6, 1.0)]
OTHERS = [(0.7, 0.5), (0.86, -0.7), (1.0, 0.3), (1.0, -0.9), (1.2, -0.8), (1.5, 0.5), (1.8, 0.0), (1.999, 0.9)]


@pytest.mark.parametrize(("alpha", "beta"), [*SKEWED, *OTHERS])
def test_density_and_tails_are_those_of_the_inversion(alpha, beta):
    law = StableLaw(alpha, beta, 0.3, 2.0)
    x = np.sort(law.rvs(2000, np.random.default_rng(1)))
    assert node_distribution.serves(law)
    found = node_distribution.evaluate(law, x)
    most = 1e-4 if (alpha, beta) in SKEWED else 1e-5
    assert np.abs(np.exp(found.log_cdf) - law.cdf(x)).max() < most
    assert np.abs(np.exp(found.log_sf) - law.sf(x)).max() < most
    # 1e-4 nats a sample: the lead of a law over another varies by some nats
    assert found.log_pdf.sum() == pytest.approx(law.logpdf(x).sum(), abs=1e-4 * x.size)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_far_tail_has_its_relative_accuracy(side):
    law = StableLaw(1.5, side * 0.9)
    x = np.sort(np.concatenate([[-side * 2.0, 0.0], side * np.array([3.0, 1e2, 1e4, 1e7])]))
    found = node_distribution.evaluate(law, x)
    tail, exact = (found.log_sf, law.sf(x)) if side > 0 else (found.log_cdf, law.cdf(x))
    assert np.exp(tail) == pytest.approx(exact, rel=1e-3)


def test_what_lies_beyond_the_nodes_counts_as_far_as_they_reach():
    law = StableLaw(1.5, 0.0)
    near, beyond = (node_distribution.evaluate(law, np.array([0.0, x])).log_sf[1] for x in (1e10, 1e200))
    assert -60.0 < beyond < near < 0.0


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.6), (0.6, 0.0), (0.86, 0.8), (2.0, 0.0)])
def test_where_the_nodes_do_not_resolve_a_law_they_do_not_serve(alpha, beta):
    assert not node_distribution.serves(StableLaw(alpha, beta))


def test_all_samples_on_one_side():
    law = StableLaw(1.5, 0.5)
    for x in (np.array([0.5, 1.0, 2.0]), np.array([-2.0, -1.0, -0.5])):
        assert np.exp(node_distribution.evaluate(law, x).log_cdf) == pytest.approx(law.cdf(x), abs=1e-5)
