"""The law at the ends of the range of floats: tails, quantiles, scales; and points alone or beside others."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from gnicli.errors import UsageError
from gnicli.stable import StableLaw

LARGEST = 1.7e308


def series(alpha, beta, size, which, n_terms=6):
    """log pdf (0) or log sf (1) of the S1 law at x = exp(size), large, by Bergström's series with 60 digits."""
    with mpmath.workdps(60):
        a, log_x = mpmath.mpf(alpha), mpmath.mpf(size)
        twist = mpmath.mpf(beta) * mpmath.tan(mpmath.pi * a / 2)
        root, angle = mpmath.sqrt(1 + twist**2), mpmath.pi * a / 2 + mpmath.atan(twist)
        total = mpmath.mpf(0)
        for k in range(1, n_terms + 1):
            weight = mpmath.gamma(k * a) / mpmath.factorial(k) * root**k * mpmath.sin(k * angle)
            weight *= (-1) ** (k + 1) / mpmath.pi * (1 if which else k * a)
            total += weight * mpmath.exp(-(k * a + (0 if which else 1)) * log_x)
        return float(mpmath.log(total))


def random_law(rng, unit=False):
    """A law of any kind: closed forms, one-sided ones, next to alpha = 1 and 2, any location and scale."""
    alpha = rng.choice([rng.uniform(0.5, 2.0), 0.5, 1.0, 2.0, 1.0 + 1e-9, 1.0 - 1e-12, 1.999999, 0.97, 1.5])
    beta = rng.choice([rng.uniform(-1.0, 1.0), 0.0, 1.0, -1.0, 1.0 - 1e-9])
    loc = 0.0 if unit else rng.choice([0.0, 3.0, 1e10, -LARGEST])
    scale = 1.0 if unit or rng.random() < 0.5 else 10.0 ** rng.uniform(-300.0, 300.0)
    return StableLaw(alpha, beta, loc, scale, str(rng.choice(["S0", "S1"])))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: StableLaw(0.5, 0.5, 0.0, 1.0, "S0").ppf(1e-12), -3.978873577e22),
        (lambda: StableLaw(0.5, -1.0).ppf(1e-16), -6.366197724e31),
        (lambda: StableLaw(0.5, -1.0).ppf(1e-20), -6.366197724e39),
        (lambda: StableLaw(1.5, 0.5).sf(1e200), 2.992067103e-301),
        (lambda: StableLaw(0.5, 0.3).sf(1e200), 5.186249646e-101),
        (lambda: StableLaw(1.5, 0.5).logpdf(1e130), -749.1413107),
        (lambda: StableLaw(0.93, 0.2).logpdf(1e200), -889.7943028),
        (lambda: StableLaw(1.5, 0.5).logpdf(1e200), -1152.093702),
        (lambda: StableLaw(1.2, -0.9).logpdf(1e150), -763.2536299),
        (lambda: StableLaw(1.5, 0.5, 0.0, 1e-200).logpdf(1.0), -1152.093702 + 200.0 * math.log(10.0)),
    ],
)
def test_values_that_were_wrong(call, expected):
    assert call() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_no_value_depends_on_its_neighbors(seed):
    """Bit for bit, of any law, at points of every magnitude: alone, in few and in many."""
    rng = np.random.default_rng(seed)
    for _ in range(20):
        law = random_law(rng)
        with np.errstate(over="ignore"):
            around = law.loc + law.scale * rng.choice([-1.0, 1.0], 150) * 10.0 ** rng.uniform(-18.0, 20.0, 150)
        x = np.concatenate([rng.choice([-1.0, 1.0], 300) * 10.0 ** rng.uniform(-308.0, 308.0, 300), around])
        x = np.concatenate([x[np.isfinite(x)], [LARGEST, -LARGEST, 0.0, 5e-324, law.loc, np.inf, -np.inf]])
        for function in (law.pdf, law.logpdf, law.cdf, law.sf):
            many = function(x)
            assert not np.isnan(many).any(), law
            some = rng.integers(0, x.size, 6)
            assert np.array_equal([function(float(each)) for each in x[some]], many[some]), law
            assert np.array_equal(function(x[-100:]), many[-100:]), law
        q = 10.0 ** rng.uniform(-320.0, 0.0, 300)
        for function in (law.ppf, law.isf):
            assert np.array_equal([function(float(each)) for each in q[:4]], function(q)[:4]), law


@pytest.mark.parametrize("alpha", [0.5, 0.55, 0.63, 0.79, 0.81, 0.93, 1.07, 1.2, 1.5, 1.8, 1.99])
def test_heavy_tails_to_the_end(alpha):
    """Against the series, for scales that take x / scale beyond the range of floats too."""
    rng = np.random.default_rng(int(100 * alpha))
    for beta in (-0.9, 0.0, 0.4, 1.0):
        for power in (14.0, 20.4, 20.6, 25.0, 120.0, 154.2, 250.0, 308.0):
            x = 10.0 ** (power - rng.uniform(0.0, 0.3))
            for scale in (1.0, 1e-300, 1e-12, 1e4):
                law, size = StableLaw(alpha, beta, 0.0, scale), math.log(x) - math.log(scale)
                if size < 30.0:
                    continue
                log_pdf, log_sf = series(alpha, beta, size, 0), series(alpha, beta, size, 1)
                assert law.logpdf(x) == pytest.approx(log_pdf - math.log(scale), abs=1e-9)
                assert law.sf(x) == pytest.approx(math.exp(log_sf), rel=1e-9, abs=1e-320)
                mirrored = StableLaw(alpha, -beta, 0.0, scale)
                assert mirrored.logpdf(-x) == pytest.approx(law.logpdf(x), rel=1e-13)
                assert mirrored.cdf(-x) == pytest.approx(law.sf(x), rel=1e-11, abs=1e-320)


@pytest.mark.parametrize("kind", range(20))
def test_quantiles_go_round(kind):
    """cdf(ppf(q)) = q and sf(isf(q)) = q for q = 10^-1 … 10^-300, but for the rounding of x."""
    law = random_law(np.random.default_rng(100 + kind), unit=True)
    q = 10.0 ** -np.arange(1.0, 301.0)
    # in S1 an x near the law's middle carries the rounding of the shift to S0
    shift = abs(law.loc - law.to("S0").loc)
    for inverse, function, end in ((law.ppf, law.cdf, -LARGEST), (law.isf, law.sf, LARGEST)):
        x = inverse(q)
        inside = np.isfinite(x)
        rounding = 1e-15 * (np.abs(x[inside]) + shift) * np.exp(law.logpdf(x[inside]) - np.log(q[inside]))
        assert (np.abs(function(x[inside]) / q[inside] - 1.0) < 1e-9 + rounding).all(), law
        assert (q[~inside] <= function(end) * (1.0 + 1e-9)).all(), law
        assert (np.diff(x[inside]) * math.copysign(1.0, end) >= 0.0).all()


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.5), (0.7, -1.0), (1.0, 0.0), (1.0, 0.6), (0.5, 1.0), (1.9, -0.3)])
@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_the_smallest_probabilities_have_quantiles(alpha, beta, scale):
    law = StableLaw(alpha, beta, 0.0, scale, "S0")
    weight = math.sin(0.5 * math.pi * alpha) * math.gamma(alpha) / math.pi
    for q in (5e-324, 1e-310, 1e-200, 1e-30):
        for inverse, sign in ((law.ppf, -1.0), (law.isf, 1.0)):
            if beta == -sign:  # a light tail
                continue
            log_x = (math.log(weight) + math.log1p(sign * beta) - math.log(q)) / alpha + math.log(scale)
            expected = math.exp(log_x) if log_x < 709.7 else math.inf
            # the second term of the series is left out
            assert inverse(q) == pytest.approx(sign * expected, rel=1e-9 if q < 1e-20 else 1e-2)


@pytest.mark.parametrize("alpha", [1.2, 1.5, 1.9, 1.99])
def test_light_tails_of_totally_skewed_laws(alpha):
    """The saddlepoint of exp(γ s^α), the Laplace transform in S1: log pdf ≈ −γ (α−1) s^α with s^(α−1) = z / (γα)."""
    gamma = -1.0 / math.cos(0.5 * math.pi * alpha)
    for power in (8.0, 40.0, 100.0, 308.0):
        z = 1.7 * 10.0**power
        log_s = (math.log(z) - math.log(gamma * alpha)) / (alpha - 1.0)
        log_exponent = math.log(gamma * (alpha - 1.0)) + alpha * log_s
        expected = -math.exp(log_exponent) if log_exponent < 709.0 else -math.inf
        assert StableLaw(alpha, 1.0).logpdf(-z) == pytest.approx(expected, rel=1e-9)
        assert StableLaw(alpha, -1.0, 0.0, 1e-3).logpdf(z * 1e-3) == pytest.approx(expected, rel=1e-6)
        assert StableLaw(alpha, 1.0).cdf(-z) == 0.0
        assert StableLaw(alpha, 1.0).sf(-z) == 1.0


@pytest.mark.parametrize("alpha", [0.5, 0.6, 0.75, 0.9, 0.96])
def test_the_edge_of_one_sided_laws(alpha):
    """In S1 the distance to it is exact, and the log-density falls to −1e300 before −inf."""
    gamma, rest = 1.0 / math.cos(0.5 * math.pi * alpha), 1.0 - alpha
    for log_exponent in (16.0, 100.0, 460.0, 700.0):
        log_s = (log_exponent - math.log(gamma * rest)) / alpha
        z = math.exp(math.log(gamma * alpha) - rest * log_s)
        assert StableLaw(alpha, 1.0).logpdf(z) == pytest.approx(-math.exp(log_exponent), rel=1e-4)
        assert StableLaw(alpha, -1.0).logpdf(-z) == StableLaw(alpha, 1.0).logpdf(z)
        assert StableLaw(alpha, 1.0, 0.0, 1e-9).logpdf(z * 1e-9) == pytest.approx(-math.exp(log_exponent), rel=1e-4)
    # on either side of where the saddlepoint formula takes over, at exp(-1e6)
    log_s = (math.log(1e6) - math.log(gamma * rest)) / alpha
    z = math.exp(math.log(gamma * alpha) - rest * log_s) * np.array([1.0 - 1e-4, 1.0 + 1e-4])
    below, above = StableLaw(alpha, 1.0).logpdf(z)
    slope = 1e6 * alpha / rest
    assert (above - below) == pytest.approx(2e-4 * slope, rel=1e-2)
    assert StableLaw(alpha, 1.0).logpdf(-1e-300) == -np.inf
    assert StableLaw(alpha, 1.0).logpdf(0.0) == -np.inf


def test_closed_forms_at_the_ends():
    x = np.array([1e-300, 1e-20, 1.0, 1e100, 1e154, 1e300, LARGEST])
    for scale in (1e-300, 1e-200, 1.0, 1e300):
        with np.errstate(over="ignore"):
            z = x / scale
        log_z = np.log(x) - math.log(scale)
        cauchy = StableLaw(1.0, 0.0, 0.0, scale)
        expected = np.where(log_z < 300.0, -np.log1p(np.minimum(z, 1e150) ** 2), -2.0 * log_z)
        np.testing.assert_allclose(cauchy.logpdf(x), expected - math.log(math.pi) - math.log(scale), rtol=1e-12)
        normal = StableLaw(2.0, 0.0, 0.0, scale)
        with np.errstate(over="ignore"):
            expected = -0.25 * z * z - 0.5 * math.log(4.0 * math.pi) - math.log(scale)
        np.testing.assert_allclose(normal.logpdf(x), expected, rtol=1e-12)
        levy = StableLaw(0.5, 1.0, 0.0, scale)
        with np.errstate(over="ignore", divide="ignore"):
            expected = -0.5 * (np.exp(-log_z) + 3.0 * log_z + math.log(2.0 * math.pi)) - math.log(scale)
        np.testing.assert_allclose(levy.logpdf(x), expected, rtol=1e-10)
        assert levy.isf(1e-150) == pytest.approx(scale * 2.0 / math.pi * 1e300, rel=1e-9)
        assert cauchy.isf(1e-300) == pytest.approx(scale / math.pi * 1e300, rel=1e-9)


def test_upper_quantiles():
    law = StableLaw(1.4, 0.5, 3.0, 2.0)
    q = np.array([1e-200, 1e-20, 0.1, 0.5, 0.999])
    np.testing.assert_allclose(law.isf(q), -StableLaw(1.4, -0.5, -3.0, 2.0).ppf(q), rtol=1e-12)
    np.testing.assert_allclose(law.isf(q[2:]), law.ppf(1.0 - q[2:]), rtol=1e-9)
    assert law.isf(0.0) == np.inf
    assert law.isf(1.0) == -np.inf
    assert StableLaw(0.7, 1.0, 3.0, 2.0).isf(1.0) == pytest.approx(3.0)
    assert np.isnan(law.isf([-0.1, 1.1, np.nan])).all()


def test_the_characteristic_function_at_the_ends():
    law = StableLaw(1.5, 0.5, 1e300, 1e-200)
    t = np.array([-LARGEST, -1.0, 0.0, 5e-324, 1e300])
    values = law.cf(t)
    assert values[2] == 1.0
    assert values[0] == 0.0
    assert values[4] == 0.0
    assert (StableLaw(2.0, 0.0).cf([LARGEST, -LARGEST]) == 0.0).all()


def test_masked_points_stay_masked():
    x = np.ma.array([0.1, 1e6, 2.0], mask=[False, True, False])
    found = StableLaw(1.5, 0.3).pdf(x)
    assert found.mask.tolist() == [False, True, False]
    np.testing.assert_array_equal(found.compressed(), StableLaw(1.5, 0.3).pdf([0.1, 2.0]))


def nearest(y, scale, loc):
    """scale y + loc in whole numbers; ±inf beyond the range of floats."""
    exact = Fraction(float(y)) * Fraction(scale) + Fraction(loc)
    if abs(exact) < Fraction(np.finfo(np.float64).max):
        return float(exact)
    return math.inf if exact > 0 else -math.inf


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("scale", [1e-300, 1e149, 1e300, LARGEST])
@pytest.mark.parametrize("loc", [0.0, 1e300, -LARGEST])
def test_draws_and_quantiles_next_to_the_largest_float(alpha, scale, loc):
    """Those of the standard law, moved: finite wherever they are floats, without a warning."""
    beta = 0.0 if alpha == 2.0 else 0.4
    law, standard = StableLaw(alpha, beta, loc, scale, "S0"), StableLaw(alpha, beta, parameterization="S0")
    q = np.array([1e-12, 0.01, 0.3, 0.7, 0.99])
    pairs = [(law.rvs(200, np.random.default_rng(7)), standard.rvs(200, np.random.default_rng(7)))]
    pairs += [(law.ppf(q), standard.ppf(q)), (law.isf(q), standard.isf(q))]
    for found, y in pairs:
        expected = np.array([nearest(each, scale, loc) for each in y])
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=2e-16 * max(abs(loc), min(scale, 1e300)))
    x = law.ppf(q)
    x = x[np.isfinite(x)]
    if not loc or scale >= abs(loc):
        np.testing.assert_allclose(law.cdf(x), q[np.isfinite(law.ppf(q))], rtol=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 0.0), (1.7, 0.5), (0.8, -0.3)])
def test_points_farther_from_the_location_than_the_largest_float(alpha, beta):
    standard, law = StableLaw(alpha, beta), StableLaw(alpha, beta, -LARGEST, LARGEST)
    for z in (1.5, 2.0):
        x = LARGEST * (z - 1.0)
        assert law.sf(x) == pytest.approx(standard.sf(z), rel=1e-12)
        assert law.logpdf(x) == pytest.approx(standard.logpdf(z) - math.log(LARGEST), rel=1e-12)


def test_a_location_that_the_other_parameterization_cannot_hold():
    for law, other in (
        (StableLaw(1.0 + 1e-9, 1.0, 0.0, 1e300), "S0"),
        (StableLaw(1.0, 0.9, 3.0, 1e307), "S0"),
        (StableLaw(1.0, 0.9, -3.0, 1e307, "S0"), "S1"),
        (StableLaw(0.99, -1.0, LARGEST, 4e306, "S0"), "S1"),
    ):
        line = rf"^the {other} location of StableLaw\(.*\) is beyond the range of floats: take a smaller scale or .*$"
        with pytest.raises(UsageError, match=line):
            law.to(other)
        if other == "S0":
            with pytest.raises(UsageError, match=line):
                law.rvs(3, np.random.default_rng(0))
        else:
            assert np.isfinite(law.rvs(3, np.random.default_rng(0))).any()
    # the shift is beyond the range of floats, the sum is not
    law = StableLaw(1.01, 1.0, LARGEST, 4e306)
    shift = -Fraction(4e306) / Fraction(math.tan(0.5 * math.pi * (1.01 - 1.0)))
    assert law.to("S0").loc == pytest.approx(float(shift + Fraction(LARGEST)), rel=1e-12)
    assert law.to("S0").to("S1").loc == pytest.approx(LARGEST, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.5, 0.999, 1.0, 1.0 + 1e-9, 1.5, 2.0])
def test_the_characteristic_function_is_that_of_either_parameterization(alpha):
    t = np.array([-3.0, -0.2, 0.0, 1e-3, 0.7, 2.0])
    law = StableLaw(alpha, 0.6, 0.3, 1.7)
    rounding = 1e-15 * (10.0 + 3.0 * abs(law.to("S0").loc))
    np.testing.assert_allclose(law.cf(t), law.to("S0").cf(t), rtol=rounding)
    # where the scale leaves no location in S0
    scaled = StableLaw(alpha, 0.6, 0.0, 1e300).cf(t * 1e-300)
    shift = 0.6 * (2.0 / math.pi) * math.log(1e300) if alpha == 1.0 else 0.0  # of a scaled law in S1
    np.testing.assert_allclose(scaled, StableLaw(alpha, 0.6, shift).cf(t), rtol=1e-12 + rounding)
