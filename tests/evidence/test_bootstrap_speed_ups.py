"""What makes the bootstrap quick changes no p-value: refits, fits made together, distances by the nodes."""

import math

import numpy as np
import pytest

from gnicli.evidence import goodness
from gnicli.evidence.blocks import fits_with_drift
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.laws import Law, StudentT
from gnicli.stable import StableLaw, fit

LAWS = [StableLaw(1.65, 0.0), StableLaw(1.2, 0.8, 5.0, 3.0), StableLaw(0.96, 1.0), StableLaw(1.9, 0.0, -2.0, 0.01)]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_a_refit_is_the_fit_to_a_thousandth_of_a_nat(law):
    rng = np.random.default_rng(0)
    first = StudentT.fit(law.rvs(500, rng))
    for _ in range(5):
        x = law.rvs(500, rng)
        lost = StudentT.fit(x).logpdf(x).sum() - first.refit(x).logpdf(x).sum()
        assert -1e-6 < lost < 1e-3


def test_a_refit_that_cannot_arrive_is_a_fit():
    """Samples without a tail have their best df at its bound, where scoring runs away."""
    x = np.random.default_rng(0).uniform(-1.0, 1.0, 500)
    assert StudentT(2.0).refit(x) == StudentT.fit(x)


def test_fits_made_together_are_those_made_alone():
    rng = np.random.default_rng(3)
    samples = [law.rvs(900, rng) for law in LAWS]

    def streams():
        return [np.random.default_rng(k) for k in range(len(samples))]

    together = fits_with_drift(samples, "S1", streams())
    for x, stream, (law, drift) in zip(samples, streams(), together, strict=True):
        ((alone, alone_drift),) = fits_with_drift([x], "S1", [stream])
        assert drift == pytest.approx(alone_drift, abs=1e-6)
        one = fit(x, "S1", exact=False).law
        for name in ("alpha", "beta", "loc", "scale"):
            assert getattr(law, name) == pytest.approx(getattr(alone, name), rel=1e-6, abs=1e-6)
            assert getattr(law, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-6)


def assessed(x, rivals, n_bootstrap, seed=1):
    family = stable_family(exact=False)
    return goodness.assess(
        x, family, seed=seed, n_bootstrap=n_bootstrap, with_blocks=True, is_short=False, rivals=rivals
    )


@pytest.fixture
def slow_way(monkeypatch):
    """From then on distances come from the inversion, and every rival is fitted from scratch."""

    def change():
        monkeypatch.setattr("gnicli.stable.fitting.node_distribution.serves", lambda law: False)
        monkeypatch.setattr("gnicli.evidence.goodness._TOGETHER", 1)
        monkeypatch.setattr(StudentT, "refit", Law.refit)

    return change


def test_p_values_are_those_of_exact_distances_and_cold_fits(slow_way):
    """The draws are the same."""
    x = StableLaw(1.5, 0.5).rvs(600, np.random.default_rng(5))
    rivals = [OTHERS[name] for name in ("student", "laplace")]
    quick = assessed(x, rivals, 29)
    slow_way()
    slow = assessed(x, rivals, 29)
    assert quick.p_values == slow.p_values
    assert quick.together == slow.together
    for name, value in quick.statistics.items():
        assert math.isclose(value, slow.statistics[name], rel_tol=1e-3, abs_tol=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 2000])
@pytest.mark.parametrize(
    "draw",
    [StableLaw(1.5, 0.5).rvs, StableLaw(1.2, -0.8).rvs, lambda n, rng: rng.standard_t(3, n)],
    ids=["alpha 1.5", "alpha 1.2", "Student"],
)
def test_p_values_of_many_samples_agree_to_one_draw_and_nearly_all_are_equal(draw, n, slow_way):
    """So they have one distribution, under the null and where the law is another one."""
    samples = [draw(n, np.random.default_rng((n, k))) for k in range(10)]
    rivals = [OTHERS[name] for name in ("student", "laplace", "subweibull")]

    def p_values():
        return np.array([list(assessed(x, rivals, 49, k).p_values.values()) for k, x in enumerate(samples)])

    quick = p_values()
    slow_way()
    slow = p_values()
    assert quick.shape == (10, 4)
    assert np.abs(quick - slow).max() < 1.5 / 50
    assert (quick != slow).sum() <= 2
