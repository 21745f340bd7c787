import csv
import itertools
import math
import time
from pathlib import Path

import numpy as np
import pytest

from gnicli.errors import NumericalError, UsageError
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.potential.separable import Separable
from gnicli.sde import levy_noise
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.levy_noise import LevyNoise

DATA = Path(__file__).parent / "data"
POTENTIALS = {"double_well": DoubleWell(), "quartic": Quartic()}
# The tilted, asymmetric one hides no sign error; the sextic needs the general solver.
TILTED = Polynomial(terms=[0.0, 0.3, -0.5, 0.1, 0.25])
SEXTIC = Polynomial(terms=[0.0, -0.2, 0.0, 0.3, -0.5, 0.0, 0.1])


def reference(name):
    with (DATA / name).open() as file:
        rows = list(csv.DictReader(file))
    key = lambda row: (row["potential"], float(row["alpha"]), float(row["beta"]))  # noqa: E731
    return {law: list(group) for law, group in itertools.groupby(rows, key)}


@pytest.mark.parametrize(("law", "rows"), reference("stationary_density.csv").items(), ids=str)
def test_density_and_distribution_agree_with_the_reference(law, rows):
    name, alpha, beta = law
    exact = stationary_law(POTENTIALS[name], LevyNoise(alpha, beta))
    x = np.array([float(row["x"]) for row in rows])
    # 5e-13 is the reference's own accuracy with room for the printed digits; the project promises 1e-8.
    assert np.abs(exact.pdf(x) - [float(row["pdf"]) for row in rows]).max() < 5e-13
    assert np.abs(exact.cdf(x) - [float(row["cdf"]) for row in rows]).max() < 5e-13


@pytest.mark.parametrize(("law", "rows"), reference("stationary_modes.csv").items(), ids=str)
def test_modes_and_moments_agree_with_the_reference(law, rows):
    name, alpha, beta = law
    row = rows[0]
    exact = stationary_law(POTENTIALS[name], LevyNoise(alpha, beta))
    wanted = [float(row[key]) for key in ("mode1", "mode2") if row[key]]
    assert exact.modes == pytest.approx(wanted, abs=1e-10)
    assert exact.antimodes == pytest.approx([float(row["antimode"])] if row["antimode"] else [], abs=1e-10)
    assert exact.mean == pytest.approx(float(row["mean"]), abs=1e-11)
    assert exact.moments[2] == pytest.approx(float(row["second_moment"]), abs=1e-11)
    assert float(exact.cdf(0.0)) == pytest.approx(float(row["mass_left_of_0"]), abs=1e-11)


def test_cauchy_noise_in_a_quartic_has_the_closed_form():
    x = np.linspace(-40, 40, 2001)
    wanted = 1 / (math.pi * (1 - x**2 + x**4))
    assert stationary_law(Quartic(), LevyNoise(1.0, 0.0)).pdf(x) == pytest.approx(wanted, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("epsilon", [0.4, 1.0, 2.5])
def test_brownian_noise_gives_gibbs(epsilon):
    x = np.linspace(-12, 12, 2401)
    density = np.exp(-TILTED.value(x) / epsilon**2)
    density /= density.sum() * (x[1] - x[0])
    assert stationary_law(TILTED, LevyNoise(2.0, 0.7, epsilon)).pdf(x) == pytest.approx(density, abs=2e-10)


def generator_of_a_bump(w, center, alpha, beta, epsilon):
    """The noise's generator applied to exp(−(w − center)²/2), by Fourier quadrature."""
    u = (np.arange(6_000) + 0.5) / 6_000
    k = 12 * u**3  # midpoints, closer towards the kink of the symbol at 0
    symbol = -((epsilon * k) ** alpha) * (1 - 1j * LevyNoise(alpha, beta).centering)
    weight = symbol * np.exp(-(k**2) / 2) * 36 * u**2 / 6_000 * math.sqrt(2 / math.pi)
    return np.array([(weight * np.exp(1j * k * (at - center))).real.sum() for at in w])


@pytest.mark.parametrize(
    ("potential", "alpha", "beta", "epsilon"),
    [
        (DoubleWell(), 1.1, 0.9, 1.0),
        (DoubleWell(), 1.3, -0.9, 1.0),
        (Quartic(), 1.7, -0.6, 1.0),
        (Quartic(), 1.9, 0.9, 1.0),
        (TILTED, 1.5, 0.5, 0.7),
        (SEXTIC, 1.4, -0.8, 1.0),
        (DoubleWell(), 0.8, 0.3, 1.0),
    ],
    ids=str,
)
def test_the_law_annihilates_the_generator(potential, alpha, beta, epsilon):
    """Stationarity in real space, E[−f' g' + A g] = 0 for test functions g: the solver works in Fourier space."""
    law = stationary_law(potential, LevyNoise(alpha, beta, epsilon))
    t, weights = np.polynomial.legendre.leggauss(10)
    edges = np.concatenate([-np.geomspace(60, 5, 30), np.linspace(-5, 5, 60)[1:-1], np.geomspace(5, 60, 30)])
    w = (edges[:-1, None] + np.diff(edges)[:, None] * (t + 1) / 2).ravel()
    weights = (np.diff(edges)[:, None] * weights / 2).ravel()
    density = law.pdf(w)
    for center in (-1.3, 0.4):
        bump_slope = -(w - center) * np.exp(-((w - center) ** 2) / 2)
        noise = generator_of_a_bump(w, center, alpha, beta, epsilon)
        drift = float((weights * density * potential.gradient(w) * bump_slope).sum())
        balance = float((weights * density * noise).sum()) - drift
        # Beyond ±60 lies less than 60^-3 of the mass, where A g is below 60^-1.7.
        assert abs(balance) < 1e-7
        assert abs(drift) > 1e-3


@pytest.mark.parametrize(("alpha", "beta"), [(1.1, 0.5), (1.5, -0.7), (1.9, 0.9), (0.7, 0.3)])
def test_far_tails_have_the_constants_of_theory(alpha, beta):
    law = stationary_law(DoubleWell(), LevyNoise(alpha, beta, 0.8))
    for side in (-1, 1):
        constant = 0.8**alpha * levy_noise.tail_constant(alpha) * (1 + side * beta) / 2
        assert float(law.pdf(side * 1e5)) == pytest.approx(constant * 1e5 ** (-alpha - 3), rel=1e-6)
        beyond = float(law.cdf(-1e3) if side < 0 else 1 - law.cdf(1e3))
        # The next term is smaller by about (alpha + 2) m_1/x.
        assert beyond == pytest.approx(constant * 1e3 ** (-alpha - 2) / (alpha + 2), rel=5e-3)


@pytest.mark.parametrize(
    ("potential", "alpha", "beta"),
    [(DoubleWell(), 1.2, 0.6), (TILTED, 1.2, 0.6), (SEXTIC, 1.8, -0.9), (SEXTIC, 1.4, 0.4), (DoubleWell(), 0.8, 0.4)],
    ids=str,
)
def test_pieces_fit_together(potential, alpha, beta):
    """Mirroring (f(−w), −β) mirrors the law; the density is the slope of the distribution; pieces join."""
    law = stationary_law(potential, LevyNoise(alpha, beta))
    turned = Polynomial(terms=[c * (-1) ** j for j, c in enumerate(potential.coefficients)])
    mirrored = stationary_law(turned, LevyNoise(alpha, -beta))
    x = np.linspace(-30, 30, 1501)
    assert mirrored.pdf(-x) == pytest.approx(law.pdf(x), abs=1e-11)
    assert mirrored.cdf(-x) == pytest.approx(1 - law.cdf(x), abs=1e-11)
    t, weights = np.polynomial.legendre.leggauss(12)
    step = x[1] - x[0]
    masses = law.pdf(x[:-1, None] + step * (t + 1) / 2) @ weights * (step / 2)
    assert np.diff(law.cdf(x)) == pytest.approx(masses, abs=2e-11)
    assert (np.diff(law.cdf(x)) > -1e-13).all()


@pytest.mark.parametrize(("alpha", "beta"), [(1.3, 0.9), (1.5, 0.5), (1.9, -0.9)])
@pytest.mark.parametrize("potential", [DoubleWell(), Quartic(), TILTED], ids=lambda p: p.name)
def test_mean_force_vanishes(potential, alpha, beta):
    """E f'(w) = 0 for alpha > 1, although the solver never uses the third moment."""
    law = stationary_law(potential, LevyNoise(alpha, beta))
    t, weights = np.polynomial.legendre.leggauss(16)
    edges = np.concatenate([-np.geomspace(1e5, 4, 200), np.linspace(-4, 4, 200)[1:-1], np.geomspace(4, 1e5, 200)])
    w = edges[:-1, None] + np.diff(edges)[:, None] * (t + 1) / 2
    force = float((law.pdf(w) * potential.gradient(w) * weights * np.diff(edges)[:, None] / 2).sum())
    # The cut tail: ε^α C_α ∫_R^∞ x^{-α} dx on each side.
    cut = levy_noise.tail_constant(alpha) * 1e5 ** (1 - alpha) / (alpha - 1) * beta
    assert force + cut == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.5), (1.2, -0.8), (0.7, 0.6)])
def test_quadratic_has_a_stable_law(alpha, beta):
    """φ(k) = exp(−(ε^α/(αλ)) k^α (1 − iβ tan)) inverted by an independent quadrature."""
    epsilon, rate = 0.7, 1.6
    law = stationary_law(Quadratic(curvature=rate), LevyNoise(alpha, beta, epsilon))
    k = np.geomspace(1e-10, 250, 100_001)
    phi = np.exp(-(epsilon**alpha) / (alpha * rate) * k**alpha * (1 - 1j * LevyNoise(alpha, beta).centering))
    for x in (-2.0, -0.3, 0.1, 1.5):
        wanted = np.trapezoid((np.exp(-1j * k * x) * phi).real * k, np.log(k)) / math.pi
        assert float(law.pdf(x)) == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("alpha", [1.1, 1.5, 1.9])
@pytest.mark.parametrize("beta", [-0.9, 0.9])
def test_one_law_takes_less_than_two_seconds(alpha, beta):
    begin = time.perf_counter()
    law = stationary_law(DoubleWell(), LevyNoise(alpha, beta))
    law.pdf(np.linspace(-10, 10, 1001))
    assert len(law.modes) >= 1
    assert time.perf_counter() - begin < 2


def test_scales_of_space_and_noise_only_rescale():
    """With w = s v and time s^{α}: f(w) = v-polynomial: one law seen in another unit."""
    alpha, beta, s = 1.4, 0.6, 50.0
    law = stationary_law(TILTED, LevyNoise(alpha, beta))
    stretched = Polynomial(terms=[c * s ** (2 - j) for j, c in enumerate(TILTED.coefficients)])
    wide = stationary_law(stretched, LevyNoise(alpha, beta, s))
    x = np.linspace(-8, 8, 401)
    assert wide.pdf(s * x) * s == pytest.approx(law.pdf(x), abs=1e-11)


@pytest.mark.parametrize("epsilon", [0.1, 0.03])
def test_weak_noise_peaks_at_the_wells(epsilon):
    law = stationary_law(MultiWell(wells=[-1.0, 1.5], between=[0.0]), LevyNoise(1.5, 0.0, epsilon))
    assert law.modes == pytest.approx([-1.0, 1.5], abs=3 * epsilon)
    assert float(law.cdf(30.0)) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("potential", "alpha", "beta", "epsilon", "message"),
    [
        (DoubleWell(), 1.0, 0.5, 1.0, "alpha=1 with beta"),
        (DoubleWell(), 2.1, 0.0, 1.0, "alpha must be"),
        (DoubleWell(), 1.5, -1.5, 1.0, "beta must be"),
        (DoubleWell(), 1.5, 0.0, 0.0, "epsilon must be"),
        (Separable(), 1.5, 0.0, 1.0, "needs a polynomial"),
    ],
)
def test_what_has_no_law_is_refused(potential, alpha, beta, epsilon, message):
    with pytest.raises(UsageError, match=message):
        stationary_law(potential, LevyNoise(alpha, beta, epsilon))


def test_a_potential_far_from_the_origin_is_the_same_potential():
    shift = 30.0
    terms = np.polynomial.Polynomial(TILTED.terms)(np.polynomial.Polynomial([-shift, 1.0])).coef
    law = stationary_law(TILTED, LevyNoise(1.3, -0.6))
    moved = stationary_law(Polynomial(terms=list(terms)), LevyNoise(1.3, -0.6))
    x = np.linspace(-6, 6, 301)
    # The coefficients of the moved polynomial reach 1e5 and carry 16 digits.
    assert moved.pdf(x + shift) == pytest.approx(law.pdf(x), abs=1e-9)
    assert moved.modes == pytest.approx(law.modes + shift, abs=1e-8)
    assert moved.mean == pytest.approx(law.mean + shift, abs=1e-8)
    assert moved.moments[2] == pytest.approx(law.moments[2] + 2 * shift * law.mean + shift**2, abs=1e-6)


def test_a_law_too_sharp_to_tabulate_says_so():
    with pytest.raises(NumericalError, match="take a larger epsilon"):
        stationary_law(MultiWell(wells=[-30.0, 30.0], between=[0.0], strength=10.0), LevyNoise(1.2, 0.5, 1e-4))


@pytest.mark.parametrize(
    ("alpha", "epsilon"),
    [(1.5, 0.3), (1.6333436342662182, 0.29975520984521153), (1.4083914449986628, 0.701582795193173)],
)
def test_a_symmetric_law_has_its_least_density_between_the_wells_at_their_middle(alpha, epsilon):
    """The slope has its zero where two panels of the table meet, and rounding gave it one sign in both."""
    law = stationary_law("double_well", alpha=alpha, beta=0, epsilon=epsilon)
    left, right = law.modes
    assert left == pytest.approx(-right, abs=1e-9)
    (least,) = law.antimodes
    assert abs(least) < 1e-9
