"""The tables of laws with alpha from 0.8 on: densities against the inversion, derivatives against differences."""

import math

import numpy as np
import pytest

from gnicli.stable.density.exact import exact
from gnicli.stable.fitting import law_table, node_density, table_density

PLACES = node_density.places(20)


def random_laws(seed, n):
    """θ with alpha from 0.8 on and any beta; a third of them at an edge of the domain or of a tile."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        alpha, beta = rng.uniform(law_table.FROM, 2.0), rng.uniform(-1.0, 1.0)
        if k % 3 == 0:
            beta = float(rng.choice([-1.0, 1.0, beta, rng.choice(law_table.BETA_EDGES)]))
            alpha = float(rng.choice([alpha, 1.0, law_table.FROM, 2.0 - 1e-6, rng.choice(law_table.ALPHA_EDGES[:-1])]))
        yield np.array([alpha, beta, rng.normal(0.0, 0.3), rng.normal(0.0, 0.2)])


def inverted(theta):
    """log f at the places by inversion, and x."""
    x = (PLACES - theta[2]) * math.exp(-theta[3])
    return exact(theta[0], theta[1], x)[0] - theta[3], x


@pytest.mark.parametrize("seed", range(3))
def test_densities_are_those_of_the_inversion(seed):
    """Where samples are: f above 1e-7 near the center, and in tails relative to themselves.

    What is left in light tails, where f falls by orders within a place of the tables, is met by few samples.
    """
    for theta in random_laws(seed, 12):
        found = table_density.log_density(theta[None], PLACES)[0, 0]
        expected, x = inverted(theta)
        off, near = np.abs(found - expected), np.abs(x) < law_table.NEAR_END
        two_sided = theta[0] > 0.83 and abs(theta[1]) < 0.93  # where a search ends on the nodes
        for least, allowed in ((1e-7, 2e-3), (1e-3, 2e-5)) if two_sided else ((1e-5, 0.2), (1e-3, 3e-3)):
            assert off[near & (expected > math.log(least))].max() < allowed, (seed, theta, least)
        heavy = ~near & (1.0 + np.sign(x) * theta[1] > 0.0)
        # near alpha = 2 a tail is a difference of what the tables hold
        assert off[heavy].max() < 1e-6 + 1e-9 / (2.0 - theta[0]), (seed, theta)


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_are_those_of_the_densities(seed):
    """First ones against differences of log f, second ones against those of first ones, within a tile."""
    h = 1e-5
    for theta in random_laws(seed, 9):
        theta[0] = min(max(theta[0], law_table.FROM + 2.0 * h), 2.0 - 1e-2)
        theta[1] = min(max(theta[1], -1.0 + 1e-2), 1.0 - 1e-2)
        if np.abs(theta[0] - law_table.ALPHA_EDGES).min() < h or np.abs(theta[1] - law_table.BETA_EDGES).min() < h:
            continue
        here = table_density.log_density(theta[None], PLACES)[:, 0].copy()
        seen = (here[0] > math.log(1e-5)) | ((np.abs(PLACES) > 20.0) & (here[0] > -200.0))
        for k in range(4):
            up, down = (
                table_density.log_density((theta + sign * h * np.eye(4)[k])[None], PLACES)[:5, 0].copy()
                for sign in (1.0, -1.0)
            )
            slope = (up - down) / (2.0 * h)
            for row, column in ((0, 1 + k), *((1 + j, second(j, k)) for j in range(4))):
                size = 1.0 + np.abs(here[column][seen])
                assert (np.abs(slope[row] - here[column])[seen] / size).max() < 1e-4, (seed, theta, row, k)


def second(j, k):
    """Where a second derivative stands."""
    return 5 + node_density.PAIRS.index((min(j, k), max(j, k)))


def test_several_laws_together_are_each_alone():
    laws = np.array(list(random_laws(7, 6)))
    together = table_density.log_density(laws, PLACES).copy()
    for k, theta in enumerate(laws):
        np.testing.assert_array_equal(together[:, k], table_density.log_density(theta[None], PLACES)[:, 0])


@pytest.mark.parametrize("seed", range(2))
def test_a_law_and_its_mirror_image(seed):
    """x → −x, β → −β, μ → −μ, and the signs of the derivatives by them."""
    signs = np.array(node_density.MIRROR)
    turn = np.concatenate([[1.0], signs, [signs[i] * signs[j] for i, j in node_density.PAIRS]])
    for theta in random_laws(seed, 6):
        here = table_density.log_density(theta[None], PLACES)[:, 0].copy()
        there = table_density.log_density((theta * signs)[None], -PLACES)[:, 0]
        size = np.abs(here).max(axis=1, keepdims=True) + 1.0
        seen = here[0] > math.log(1e-7)
        assert (np.abs(there * turn[:, None] - here) / size)[:, seen].max() < 1e-7, (seed, theta)
