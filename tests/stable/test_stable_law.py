import csv
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from gnicli.errors import UsageError
from gnicli.stable import StableLaw
from gnicli.stable.density.exact import exact
from gnicli.stable.density.interpolation import Table
from gnicli.stable.density.inversion import log_density_and_tail
from gnicli.stable.sampling import transform

DATA = Path(__file__).parent / "data"


def rows(name):
    with open(DATA / name) as file:
        return list(csv.DictReader(file))


def miss(value, reference):
    """Relative above 1e-12, absolute in units of 1e-12 below."""
    return abs(value - reference) / max(abs(reference), 1e-12)


def test_reference_table():
    table = rows("stable_law.csv")
    assert len(table) > 200
    for row in table:
        law = StableLaw(float(row["alpha"]), float(row["beta"]), parameterization=row["param"])
        x, cdf = float(row["x"]), Decimal(row["cdf"])
        assert miss(law.pdf(x), float(row["pdf"])) < 1e-10, row
        assert miss(law.cdf(x), float(cdf)) < 1e-10, row
        assert miss(law.sf(x), float(1 - cdf)) < 1e-10, row


def test_own_oracle():
    table = rows("oracle.csv")
    assert len(table) > 300
    for row in table:
        law = StableLaw(float(row["alpha"]), float(row["beta"]), parameterization="S0")
        x, tail = float(row["x"]), float(row["tail"])
        near = law.sf(x) if x >= 0.0 else law.cdf(x)
        assert miss(law.pdf(x), float(row["pdf"])) < 1e-10, row
        assert miss(near, tail) < 1e-10, row


@pytest.mark.parametrize(
    ("alpha", "beta"),
    [
        *[(0.5, 0.9), (0.63, -0.4), (0.9, 1.0), (0.98, -0.999), (1.0, 0.6), (1.0, -1.0), (1.001, 0.9), (1.3, 1.0)],
        *[(1.55, -0.37), (1.9, 0.2), (1.999, -0.8), (1.9999999, 0.5)],
    ],
)
def test_table_agrees_with_the_inversion(alpha, beta):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.standard_cauchy(300) * 3, np.sinh(rng.uniform(-12, 12, 300)), rng.normal(size=200)])
    table = Table(alpha, beta)
    for fast, slow in zip((table.log_pdf(x), table.log_tail(x)), exact(alpha, beta, x), strict=True):
        finite = np.isfinite(slow)
        assert (fast[~finite] == slow[~finite]).all()
        fast, slow = fast[finite], slow[finite]
        assert np.abs((fast - slow) / np.maximum(1.0, np.abs(slow) / 30.0)).max() < 1e-9


@settings(max_examples=25)
@given(st.floats(0.5, 1.9999), st.floats(-1.0, 1.0), st.floats(-8.0, 8.0))
def test_density_is_the_derivative_of_the_distribution(alpha, beta, u):
    x = math.sinh(u)
    h = 1e-4 * math.hypot(1.0, x)
    law = StableLaw(alpha, beta, parameterization="S0")
    grid = x + h * np.array([-2.0, -1.0, 1.0, 2.0])
    values = law.cdf(grid) if x < 0 else -law.sf(grid)
    slope = (8.0 * (values[2] - values[1]) - (values[3] - values[0])) / (12.0 * h)
    near = law.cdf(x) if x < 0 else law.sf(x)
    assert abs(slope - law.pdf(x)) <= 1e-6 * law.pdf(x) + 1e-9 * near / h + 1e-15


@pytest.mark.parametrize("seed", range(4))
def test_the_two_halves_of_a_law_meet_at_the_origin(seed):
    """They are integrals along different contours, which begin next to a pole where alpha ≈ 1 and beta ≈ 0."""
    rng = np.random.default_rng(seed)
    for _ in range(60):
        alpha = rng.choice([rng.uniform(0.5, 2.0), 1.0 + rng.choice([-1.0, 1.0]) * 10.0 ** rng.uniform(-6.0, -0.5)])
        beta = rng.choice([rng.uniform(-1.0, 1.0), 10.0 ** rng.uniform(-4.0, 0.0)])
        (upper, lower) = (log_density_and_tail(alpha, side * beta, np.zeros(1)) for side in (1.0, -1.0))
        assert np.exp(upper[0]) == pytest.approx(np.exp(lower[0]), rel=1e-11), (alpha, beta)
        assert np.exp(upper[1]) + np.exp(lower[1]) == pytest.approx(1.0, abs=2e-11), (alpha, beta)


@pytest.mark.parametrize(("alpha", "beta"), [(0.55, 0.3), (0.8, 1.0), (1.0, -0.7), (1.4, 0.9), (1.95, -0.5)])
def test_total_mass_and_origin(alpha, beta):
    law = StableLaw(alpha, beta, parameterization="S0")
    below, _ = integrate.quad(lambda u: law.pdf(math.sinh(u)) * math.cosh(u), -40, 0, limit=400)
    above, _ = integrate.quad(lambda u: law.pdf(math.sinh(u)) * math.cosh(u), 0, 40, limit=400)
    assert below == pytest.approx(law.cdf(0.0), rel=1e-7)
    assert below + above == pytest.approx(1.0, abs=1e-6)
    assert law.cdf(0.0) + law.sf(0.0) == pytest.approx(1.0, abs=1e-14)


def test_closed_forms():
    x = np.array([-50.0, -3.0, -0.2, 0.0, 1.0, 7.0, 1e4])
    normal, cauchy, levy = stats.norm(1.0, 2.0 * math.sqrt(2.0)), stats.cauchy(1.0, 2.0), stats.levy(1.0, 2.0)
    for alpha, beta, other in ((2.0, 0.7, normal), (1.0, 0.0, cauchy), (0.5, 1.0, levy)):
        law = StableLaw(alpha, beta, 1.0, 2.0)
        np.testing.assert_allclose(law.pdf(x), other.pdf(x), rtol=1e-13, atol=1e-300)
        np.testing.assert_allclose(law.cdf(x), other.cdf(x), rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(law.sf(x), other.sf(x), rtol=1e-10, atol=1e-300)
        q = np.array([1e-8, 0.1, 0.5, 0.77, 0.999])
        np.testing.assert_allclose(law.ppf(q), other.ppf(q), rtol=1e-10)
    mirrored = StableLaw(0.5, -1.0, -1.0, 2.0)
    np.testing.assert_allclose(mirrored.pdf(-x), StableLaw(0.5, 1.0, 1.0, 2.0).pdf(x), rtol=1e-13)
    np.testing.assert_allclose(mirrored.ppf([0.2]), -StableLaw(0.5, 1.0, 1.0, 2.0).ppf([0.8]), rtol=1e-12)


def test_the_inversion_knows_the_closed_forms():
    x = np.array([0.0, 0.3, 2.0, 9.0, 100.0])
    log_pdf, log_sf = log_density_and_tail(1.0, 0.0, x)
    np.testing.assert_allclose(np.exp(log_pdf), 1.0 / (np.pi * (1.0 + x * x)), rtol=1e-11)
    np.testing.assert_allclose(np.exp(log_sf), np.arctan2(1.0, x) / np.pi, rtol=1e-10)
    log_pdf, log_sf = log_density_and_tail(2.0, 0.0, x)
    np.testing.assert_allclose(log_pdf, -0.25 * x * x - 0.5 * np.log(4.0 * np.pi), rtol=1e-10)
    np.testing.assert_allclose(log_sf, special.log_ndtr(-x / math.sqrt(2.0)), rtol=1e-10)


def test_one_sided_support():
    for alpha in (0.5, 0.7, 0.95):
        edge = StableLaw(alpha, 1.0, 3.0, 2.0)  # S1: the support starts at loc
        x = 3.0 + np.array([-1e3, -1.0, -1e-9])
        assert (edge.pdf(x) == 0.0).all()
        assert (edge.logpdf(x) == -np.inf).all()
        assert (edge.cdf(x) == 0.0).all()
        assert (edge.sf(x) == 1.0).all()
        assert edge.ppf(0.0) == pytest.approx(3.0)
        assert edge.ppf(1.0) == np.inf
        many = np.linspace(-10.0, 3.0, 1000)[:-1]  # the way of the table
        assert (edge.pdf(many) == 0.0).all()
        assert (edge.cdf(many) == 0.0).all()


def test_far_tails():
    for alpha, beta in ((0.6, 0.3), (1.0, 0.5), (1.5, -0.4), (1.97, 0.8)):
        law = StableLaw(alpha, beta, parameterization="S0")
        x = np.array([1e15, 1e40])
        weight = math.sin(0.5 * math.pi * alpha) * math.gamma(alpha) / math.pi * (1.0 + beta)
        expected = math.log(weight) - alpha * np.log(x)
        for points in (x, np.concatenate([x, np.zeros(200)])):
            np.testing.assert_allclose(np.log(law.sf(points))[:2], expected, rtol=1e-6)
            np.testing.assert_allclose(law.logpdf(points)[:2], expected + math.log(alpha) - np.log(x), rtol=1e-6)
    light = StableLaw(1.5, 1.0, parameterization="S0")
    far = light.logpdf(np.array([-30.0, -3e3, -3e5]))
    assert np.isfinite(far).all()
    assert (np.diff(far) < 0).all()
    # the light tail is exp(-c |x|^{α/(α-1)}) with α/(α-1) = 3
    assert far[2] / far[1] == pytest.approx(1e6, rel=1e-2)
    assert light.pdf(-3e3) == 0.0
    edges = StableLaw(1.2, 0.3)
    assert edges.pdf(np.inf) == 0.0
    assert edges.cdf(-np.inf) == 0.0
    assert edges.cdf(np.inf) == 1.0
    assert math.isnan(edges.pdf(np.nan))


def test_continuous_through_alpha_one_in_s0():
    x = np.array([-40.0, -2.0, 0.1, 1.3, 25.0])
    here = StableLaw(1.0, 0.6, parameterization="S0")
    for eps in (1e-4, 1e-8, 1e-13, -1e-13, -1e-8, -1e-4):
        near = StableLaw(1.0 + eps, 0.6, parameterization="S0")
        assert np.abs(near.pdf(x) / here.pdf(x) - 1.0).max() < 10 * abs(eps) + 1e-10
        assert np.abs(near.cdf(x) / here.cdf(x) - 1.0).max() < 10 * abs(eps) + 1e-10


@pytest.mark.parametrize(
    ("alpha", "beta"), [(0.5, -0.3), (0.8, 1.0), (0.999, 0.8), (1.0, -0.6), (1.3, 1.0), (1.9, 0.4)]
)
@pytest.mark.parametrize("parameterization", ["S0", "S1"])
def test_quantiles_invert(alpha, beta, parameterization):
    law = StableLaw(alpha, beta, 3.0, 0.5, parameterization)
    middle = law.to("S0").loc
    x = middle + 0.5 * np.concatenate([np.linspace(-4.0, 40.0, 60), [-300.0, -20.0]])
    q = law.cdf(x)
    usable = (q > 1e-13) & (law.sf(x) > 1e-8)  # 1 - 1e-16 is the last q: x is not in q beyond it
    assert np.abs(law.ppf(q[usable]) - x[usable]).max() < 1e-6 * 0.5
    assert np.isnan(law.ppf([-0.1, 1.1, np.nan])).all()


def test_parameterizations_are_one_law():
    x = np.array([-3.0, 0.2, 5.0])
    t = np.array([-2.0, 0.0, 0.3, 1.7])
    for alpha in (0.7, 0.999, 1.0, 1.6, 2.0):
        one = StableLaw(alpha, -0.4, 1.0, 2.5, "S1")
        zero = one.to("S0")
        np.testing.assert_allclose(one.pdf(x), zero.pdf(x), rtol=1e-9)
        np.testing.assert_allclose(one.cf(t), zero.cf(t), rtol=1e-9)
        assert zero.to("S1").loc == pytest.approx(1.0)
        size = (2.5 * np.abs(t)) ** alpha
        if alpha == 1.0:
            twist = 0.4 * 2.5 * np.abs(t) * (2 / np.pi) * np.log(np.abs(np.where(t == 0, 1, t)))
            expected = np.exp(-size + 1j * t + 1j * np.sign(t) * twist)
        else:
            expected = np.exp(-size * (1 + 0.4j * np.sign(t) * math.tan(0.5 * np.pi * alpha)) + 1j * t)
        np.testing.assert_allclose(one.cf(t), expected, rtol=1e-9)


def test_characteristic_function_of_the_density():
    law = StableLaw(1.3, 0.7, 0.5, 1.2, "S0")
    t = 0.8
    for part, index in ((np.cos, 0), (np.sin, 1)):
        near, _ = integrate.quad(lambda x, part=part: part(t * x) * law.pdf(x), -400, 400, limit=2000)
        value = law.cf(t)
        assert near == pytest.approx((value.real, value.imag)[index], abs=2e-4)  # what is beyond 400


def kolmogorov(law, n, seed):
    u = np.sort(law.cdf(law.rvs(n, np.random.default_rng(seed))))
    k = np.arange(n + 1) / n
    return math.sqrt(n) * max((k[1:] - u).max(), (u - k[:-1]).max())


# P(sqrt(n) D > 1.95) = 0.001 under the law
@pytest.mark.parametrize(
    ("alpha", "beta", "name"), [(0.5, 0.3, "S1"), (1.0001, -0.8, "S1"), (1.0, 0.5, "S0"), (1.6, -0.9, "S0")]
)
def test_draws_follow_the_law(alpha, beta, name):
    assert kolmogorov(StableLaw(alpha, beta, 2.0, 3.0, name), 200_000, 11) < 1.95


@pytest.mark.slow
@pytest.mark.parametrize("name", ["S0", "S1"])
@pytest.mark.parametrize(
    ("alpha", "beta"),
    [
        *[(0.1, 0.0), (0.1, -0.95), (0.15, 1.0), (0.2, 0.6), (0.25, -1.0), (0.3, 0.9999), (0.4, -0.4)],
        *[(0.5, -0.7), (0.5, 1.0), (0.65, 0.4), (0.8, 1.0), (0.95, -0.5), (0.9999, 0.9), (1.0, 0.6), (1.0, -1.0)],
        *[(1.0000001, 0.5), (1.01, -0.9), (1.2, 1.0), (1.5, -0.3), (1.8, 0.8), (1.99, -0.6), (2.0, 0.0)],
    ],
)
def test_a_million_draws_follow_the_law(alpha, beta, name):
    assert kolmogorov(StableLaw(alpha, beta, -1.0, 0.3, name), 1_000_000, 5) < 2.3


def test_draws_are_finite_whatever_the_generator_gives():
    uniform = np.array([0.0, 2.0**-53, 1e-300, 0.25, 0.5, 1.0 - 2.0**-53, 1.0])
    waiting = np.array([0.0, 5e-324, 1e-19, 1.0, 50.0, 745.0, 1e4])
    uniform, waiting = (a.ravel() for a in np.meshgrid(uniform, waiting))
    alphas = [*np.linspace(0.5, 2.0, 31), 1 + 2.3e-16, 1 - 1.2e-16, 1 + 1e-12, 1 - 1e-6, 1.001, 2.0 - 1e-12]
    for alpha in alphas:
        for beta in (-1.0, -0.6, 0.0, 0.3, 1.0):
            draws = np.empty_like(uniform)
            transform(float(alpha), beta, uniform.copy(), waiting.copy(), draws)
            assert np.isfinite(draws).all(), (alpha, beta)


def test_draws_do_not_drift_near_alpha_one():
    law = StableLaw(1.0 + 1e-9, 0.5, 0.0, 1.0, "S0")
    same = StableLaw(1.0, 0.5, 0.0, 1.0, "S0")
    a, b = (each.rvs(1000, np.random.default_rng(2)) for each in (law, same))
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def test_shapes_and_usage_errors():
    law = StableLaw(1.4, 0.2)
    assert isinstance(law.pdf(0.3), float)
    assert law.pdf(np.zeros((2, 3))).shape == (2, 3)
    assert law.rvs(0, np.random.default_rng(0)).shape == (0,)
    for wrong in (
        {"alpha": 2.1},
        {"alpha": 0.0},
        {"beta": 1.2},
        {"scale": 0.0},
        {"loc": np.nan},
        {"parameterization": "S2"},
    ):
        with pytest.raises(UsageError):
            StableLaw(**({"alpha": 1.5, "beta": 0.0} | wrong))
    with pytest.raises(UsageError):
        law.rvs(-1, np.random.default_rng(0))


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.8), (0.8, -0.6), (1.0, 0.5)])
def test_next_below_zero_the_tail_is_still_the_lower_one(alpha, beta):
    """Next to 0 the sum of asinh(x) and the reach of the tables is that of 0: the other tail stands there."""
    law = StableLaw(alpha, beta, parameterization="S0")
    assert abs(law.cdf(0.0) - 0.5) > 0.01
    for x in (-1e-17, -1e-300, -1e-14):
        assert law.cdf(x) == pytest.approx(law.cdf(0.0), rel=1e-9)
        assert law.cdf(np.array([x]))[0] == law.cdf(x)
