import math

import numpy as np
import pytest

from gnicli.errors import UsageError
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.separable import Separable
from gnicli.sde import distances, loop
from gnicli.sde.drift.fractional import FractionalForce, zero_step
from gnicli.sde.drift.fractional_flow import FractionalDrift
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import build
from gnicli.sde.sinks.histogram import Histogram

WELL = DoubleWell()
TILTED = Polynomial(terms=[0.0, 0.3, -0.5, 0.1, 0.25])
POINTS = np.array([-2.0, -1.0, -0.3, 0.5, 1.2, 2.0])


def by_fourier(force, points):
    """D(∂φ) with the multiplier itself, on a periodic line: its mean over the line is left out, and comes back here."""
    length, n = 4000.0, 2**20
    x = (np.arange(n) - n // 2) * (length / n)
    k = -2 * np.pi * np.fft.fftfreq(n, length / n)  # E exp(ikX): the other sign than NumPy's
    gamma = force.alpha - 2
    multiplier = np.zeros(n, complex)
    multiplier[1:] = np.abs(k[1:]) ** gamma * (1 - 1j * force.beta * np.sign(k[1:]) * math.tan(gamma * np.pi / 2))
    transformed = np.fft.fft(np.fft.ifftshift(force.slope_of_density(x)))
    found = np.fft.fftshift(np.fft.ifft(multiplier * transformed).real)
    return np.interp(points, x, found) - np.interp(length / 2 - 1, x, found)


@pytest.mark.parametrize(
    ("potential", "alpha", "beta"), [(WELL, 1.5, 0.5), (TILTED, 1.3, -0.8), (WELL, 1.8, 0.9)], ids=str
)
def test_quadrature_is_the_fourier_multiplier(potential, alpha, beta):
    force = FractionalForce(potential, LevyNoise(alpha, beta))
    assert force.numerator(POINTS) == pytest.approx(by_fourier(force, POINTS), abs=2e-4)


def test_the_drift_restores_gibbs_in_the_stationary_equation():
    """(b φ)' = −ε^α (noise's generator)*φ: the flux b φ + (fractional flux) vanishes, tested against e^{iκw}."""
    alpha, beta, epsilon = 1.5, 0.5, 0.9
    force = FractionalForce(TILTED, LevyNoise(alpha, beta, epsilon))
    x = np.linspace(-300, 300, 24_001)
    phi = np.exp(-force.gibbs.exponent(x))
    step = x[1] - x[0]
    # b φ = ε^α D(∂φ) decays like |w|^{−α}: its transform needs a wide line, and converges at κ ≠ 0.
    flux = epsilon**alpha * force.numerator(x)
    for k in (0.7, 1.9):
        wave = np.exp(1j * k * x)
        drift = 1j * k * (flux * wave).sum() * step
        symbol = -((epsilon * k) ** alpha) * (1 - 1j * beta * math.tan(math.pi * alpha / 2))
        noise = symbol * (phi * wave).sum() * step
        assert abs(drift + noise) < 2e-3 * abs(noise)


def test_far_values_of_the_paper_sheet():
    assert FractionalForce(WELL, LevyNoise(1.5, 0.5)).rate(np.array([3.0, 4.0])) == pytest.approx(
        [-2.04e6, -3.5e23], rel=0.01
    )


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("alpha", "beta", "epsilon"), [(1.5, 0.5, 1.0), (1.2, -0.7, 0.8), (1.8, 0.9, 1.3)])
def test_sums_converge_with_their_order(order, alpha, beta, epsilon):
    exact = FractionalForce(TILTED, LevyNoise(alpha, beta, epsilon)).rate(POINTS)
    errors = []
    for h in (0.1, 0.05, 0.025):
        force = FractionalForce(TILTED, LevyNoise(alpha, beta, epsilon), h, round(14 / h), order)
        errors.append(np.abs(force.rate(POINTS) - exact).max())
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    assert slopes == pytest.approx([order] * 2, abs=0.15)


def test_error_in_k_falls_once_the_sum_reaches_the_density():
    exact = FractionalForce(WELL, LevyNoise(1.5, 0.5)).rate(POINTS)
    h = 0.05

    def error(reach):
        force = FractionalForce(WELL, LevyNoise(1.5, 0.5), h, round(reach / h), 2)
        return np.abs(force.rate(POINTS) / exact - 1).max()

    enough = error(12.0)
    assert error(2.0 + 3.5) == pytest.approx(enough, rel=0.05)
    assert error(2.0) > 10 * enough


@pytest.mark.parametrize("epsilon", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("alpha", [1.05, 1.5, 1.95])
def test_no_terms_at_h0_give_the_gradient(alpha, epsilon):
    for order in (1, 2):
        force = FractionalForce(TILTED, LevyNoise(alpha, -0.6, epsilon), zero_step(alpha), 0, order)
        w = np.linspace(-3, 3, 25)
        assert force.rate(w) == pytest.approx(-TILTED.gradient(w), rel=1e-12, abs=1e-12)
        drift = FractionalDrift(force)
        assert drift.flow(w, 0.1) == pytest.approx(TILTED.flow(w, 0.1), rel=1e-9)


@pytest.mark.parametrize(
    "force",
    [
        FractionalForce(WELL, LevyNoise(1.5, 0.5)),
        FractionalForce(TILTED, LevyNoise(1.3, -0.8, 0.7)),
        FractionalForce(WELL, LevyNoise(1.5, 0.5, 1), 0.1, 120),
    ],
    ids=["well", "tilted", "sum"],
)
def test_tabulated_flow_solves_its_equation(force):
    drift = FractionalDrift(force)
    w = np.linspace(-2.2, 2.2, 301)
    twice = drift.flow(drift.flow(w, 0.004), 0.004)
    assert twice == pytest.approx(drift.flow(w, 0.008), abs=2e-6)
    center = np.array([-1.0, -0.2, 0.4, 1.1])
    small = 1e-4
    # Φ_t(w) = w + t b + t² b b'/2 + O(t³).
    rate = force.rate(center)
    slope = (force.rate(center + 1e-5) - force.rate(center - 1e-5)) / 2e-5
    assert drift.flow(center, small) - center == pytest.approx(small * rate + small**2 * rate * slope / 2, abs=1e-8)
    far = drift.flow(np.array([-1e9, -6.0, 6.0, 1e30]), 0.005)
    assert far[0] == pytest.approx(far[1], abs=1e-9)
    assert far[2] == pytest.approx(far[3], abs=1e-9)
    assert (np.diff(drift.flow(np.linspace(-5, 5, 2001), 0.005)) >= -1e-6).all()


def l1_to_gibbs(drift, alpha, beta, n=4096, steps=4000, eta=0.01, seed=1):
    histogram = Histogram(-4.0, 4.0, 80, n)
    plan = Plan(steps, n, eta, seed=seed, burn_in=500, thin=5)
    loop.run(build("strang", drift), Increments(LevyNoise(alpha, beta)), plan, 0.0, [histogram])
    found, _ = histogram.cdf()
    gibbs = GibbsLaw(WELL, LevyNoise(alpha))
    return np.abs(np.diff(found) - np.diff(gibbs.cdf(histogram.edges))).sum()


def test_modified_drift_settles_in_gibbs_and_the_plain_one_does_not():
    restored = l1_to_gibbs(FractionalDrift(FractionalForce(WELL, LevyNoise(1.5, 0.5))), 1.5, 0.5, steps=2000)
    exact = distances.l1_between(stationary_law(WELL, LevyNoise(1.5, 0.5)), GibbsLaw(WELL, LevyNoise(1.5)), -10, 10)
    # 0.01 is the promise; here half a million independent samples in 80 cells leave some .008 of noise.
    assert restored < 0.02
    assert exact == pytest.approx(0.28, abs=0.02)


@pytest.mark.slow
def test_modified_drift_restores_gibbs_as_promised():
    assert (
        l1_to_gibbs(FractionalDrift(FractionalForce(WELL, LevyNoise(1.5, 0.5))), 1.5, 0.5, n=10_000, steps=10_000)
        < 0.01
    )
    sum_ = FractionalForce(WELL, LevyNoise(1.5, 0.5), 0.05, 240, 2)
    assert l1_to_gibbs(FractionalDrift(sum_), 1.5, 0.5, n=10_000, steps=10_000) < 0.01
    assert l1_to_gibbs(GradientDrift(WELL), 1.5, 0.5) > 0.25


@pytest.mark.parametrize("epsilon", [0.5, 1.0, 2.0])
def test_gibbs_law(epsilon):
    law = GibbsLaw(TILTED, LevyNoise(1.5, 0.0, epsilon))
    x = np.linspace(-9, 9, 4001)
    density = np.exp(-TILTED.value(x) / epsilon**1.5)
    density /= np.trapezoid(density, x)
    assert law.pdf(x) == pytest.approx(density, abs=1e-9)
    assert law.cdf(x[2000:2001])[0] == pytest.approx(np.trapezoid(density[:2001], x[:2001]), abs=1e-6)
    assert law.mean == pytest.approx(np.trapezoid(density * x, x), abs=1e-7)
    assert law.cdf(np.array([-1e3, 1e3])) == pytest.approx([0, 1], abs=1e-12)
    assert law.modes == pytest.approx(TILTED.minima())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FractionalForce(WELL, LevyNoise(2.0, 0.0)), "needs 1 < alpha < 2"),
        (lambda: FractionalForce(WELL, LevyNoise(1.5, 1.0)), r"\|beta\| < 1"),
        (lambda: FractionalForce(WELL, LevyNoise(1.5, 0.5), h=0.1), "give both"),
        (lambda: FractionalForce(WELL, LevyNoise(1.5, 0.5), h=-0.1, K=3), "h must be > 0"),
        (lambda: FractionalForce(WELL, LevyNoise(1.5, 0.5), h=0.1, K=3, order=3), "order must be one of"),
        (lambda: FractionalForce(Separable(), LevyNoise(1.5, 0.5)), "one dimension"),
        (
            lambda: build("euler", FractionalDrift(FractionalForce(Quadratic(), LevyNoise(1.5, 0.5)))),
            "take the strang scheme",
        ),
        (
            lambda: build("tamed", FractionalDrift(FractionalForce(Quadratic(), LevyNoise(1.5, 0.5)))),
            "take the strang scheme",
        ),
        (
            lambda: build("implicit", FractionalDrift(FractionalForce(Quadratic(), LevyNoise(1.5, 0.5)))),
            "take the strang scheme",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()
