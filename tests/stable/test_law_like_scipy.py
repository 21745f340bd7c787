"""`StableLaw` as SciPy's users know a law: tails, moments, entropy, arrays of parameters, single values."""

import math
import pickle

import mpmath
import numpy as np
import pytest
from scipy import integrate, stats

from gnicli.errors import UsageError
from gnicli.stable import StableLaw, fit, fit_many

FUNCTIONS = ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf")
FAR = [0.0, -0.0, 1e5, -1e5, 1e25, -1e25, 1e308, np.inf, -np.inf, np.nan]
EDGES = [
    (0.5, 1.0),
    (0.5, -1.0),
    (0.7, 1.0),
    (0.85, -1.0),
    (1.0, 1.0),
    (1.0, 0.0),
    (1.0, -0.6),
    (1.5, -1.0),
    (2.0, 0.3),
]


def laws(n, seed, edges=True):
    """Random laws of the whole domain, after those at its edges."""
    rng = np.random.default_rng(seed)
    pairs = [*(EDGES if edges else []), *zip(rng.uniform(0.5, 2.0, n), rng.uniform(-1.0, 1.0, n), strict=True)]
    return [
        StableLaw(alpha, beta, rng.normal() * 3.0, math.exp(rng.normal()), str(rng.choice(["S0", "S1"])))
        for alpha, beta in pairs
    ]


# -------------------------------------------------------------------------------- tails, quantiles


@pytest.mark.parametrize("law", laws(25, 1), ids=str)
def test_quantiles_invert_the_tails(law):
    q = np.concatenate([10.0 ** np.linspace(-15, -1, 8), [0.3, 0.5, 0.8]])
    low, high = law.ppf(q), law.isf(q)
    # a quantile is no better than the spacing of floats there: pdf · spacing is what the probability may be off
    for found, back in ((low, law.cdf(low)), (high, law.sf(high))):
        slack = law.pdf(found) * np.spacing(np.abs(found) + abs(law.to("S0").loc) + law.scale) * 4.0
        assert (np.abs(back - q) <= 1e-9 * q + slack).all(), (q, back)


@pytest.mark.parametrize("law", laws(25, 2), ids=str)
def test_each_tail_has_its_logarithm_and_they_add_up(law):
    x = np.concatenate([law.ppf([1e-12, 1e-3, 0.2, 0.5]), law.isf([0.3, 1e-3, 1e-12])])
    np.testing.assert_allclose(np.exp(law.logcdf(x)), law.cdf(x), rtol=1e-13)
    np.testing.assert_allclose(np.exp(law.logsf(x)), law.sf(x), rtol=1e-13)
    np.testing.assert_allclose(law.cdf(x) + law.sf(x), 1.0, rtol=1e-14)
    # log(1 − p) is p where p is small: what is left of 1 is not lost
    np.testing.assert_allclose(law.logsf(x[0]), -law.cdf(x[0]), rtol=1e-9)
    np.testing.assert_allclose(law.logcdf(x[-1]), -law.sf(x[-1]), rtol=1e-9)


@pytest.mark.parametrize("law", laws(25, 3), ids=str)
def test_the_mirrored_law_has_the_other_tail(law):
    mirrored = StableLaw(law.alpha, -law.beta, -law.loc, law.scale, law.parameterization)
    x = np.concatenate([law.ppf([1e-10, 0.1, 0.5]), law.isf([0.2, 1e-10])])
    for name, other in (("pdf", "pdf"), ("logcdf", "logsf"), ("logsf", "logcdf"), ("cdf", "sf")):
        np.testing.assert_allclose(getattr(law, name)(x), getattr(mirrored, other)(-x), rtol=1e-12)
    np.testing.assert_allclose(mirrored.entropy(), law.entropy(), rtol=1e-12)


def test_heavy_tails_are_their_power_far_out():
    """log sf(x) + alpha log x tends to log of C(alpha) (1 + beta) scale^alpha, C = Γ(α) sin(πα/2) / π."""
    rng = np.random.default_rng(4)
    for alpha, beta, scale in zip(
        rng.uniform(0.5, 1.95, 20), rng.uniform(-0.95, 0.95, 20), rng.uniform(0.1, 9, 20), strict=True
    ):
        law = StableLaw(alpha, beta, 3.0, scale, "S0")
        log_x = 280.0 * math.log(10.0)
        for value, skew in ((law.logsf(1e280), beta), (law.logcdf(-1e280), -beta)):
            constant = math.log(math.gamma(alpha) * math.sin(math.pi * alpha / 2) / math.pi * (1.0 + skew))
            assert abs(value - (constant + alpha * (math.log(scale) - log_x))) < 1e-11 * abs(value), (alpha, beta)


def test_light_tails_far_below_the_least_float():
    """References: mpmath's complementary error function at 40 digits, for the normal law and for Lévy's."""
    with mpmath.workdps(40):
        for x in (-60.0, -1000.0, -3e7):
            normal = mpmath.log(mpmath.erfc(-mpmath.mpf(x) / 2) / 2)  # variance 2
            assert abs(StableLaw(2.0, 0.0).logcdf(x) - float(normal)) < 1e-12 * abs(float(normal))
            assert abs(StableLaw(2.0, 0.0).logsf(-x) - float(normal)) < 1e-12 * abs(float(normal))
        for z in (1e-3, 1e-5, 1e-8):
            levy = mpmath.log(mpmath.erfc(1 / mpmath.sqrt(2 * mpmath.mpf(z))))
            assert abs(StableLaw(0.5, 1.0).logcdf(z) - float(levy)) < 1e-8 * abs(float(levy))
            assert abs(StableLaw(0.5, -1.0).logsf(-z) - float(levy)) < 1e-8 * abs(float(levy))


def test_a_light_tail_against_its_own_integral():
    """The light tail at beta = −1 by mpmath along the line through the saddle point, where the integrand is a bell."""
    for alpha, x in ((1.5, 20.0), (1.3, 9.0), (1.8, 40.0)):
        with mpmath.workdps(30):
            c = -1 / mpmath.cos(mpmath.pi * alpha / 2)  # E exp(sX) = exp(c s^alpha), s > 0, in S1
            s = (x / (alpha * c)) ** (1 / mpmath.mpf(alpha - 1))

            def bell(t, c=c, s=s, alpha=alpha, x=x):
                z = s + 1j * t
                return mpmath.re(mpmath.exp(c * z**alpha - z * x - (c * s**alpha - s * x)) / z)

            value = mpmath.quad(bell, [0, 0.3, 1, 3, 10, 40]) / mpmath.pi
            expected = float(mpmath.log(value) + c * s**alpha - s * x)
        assert abs(StableLaw(alpha, -1.0).logsf(x) - expected) < 1e-9 * abs(expected), alpha


# -------------------------------------------------------------------------------- moments, entropy


def test_known_entropies():
    assert abs(StableLaw(2.0, 0.0, scale=3.0).entropy() - stats.norm(scale=3.0 * 2**0.5).entropy()) < 1e-12
    assert abs(StableLaw(1.0, 0.0, scale=3.0).entropy() - math.log(12.0 * math.pi)) < 1e-11
    levy = 0.5 * (1.0 + 3.0 * np.euler_gamma + math.log(16.0 * math.pi))
    for beta in (-1.0, 1.0):
        assert abs(StableLaw(0.5, beta, scale=0.2).entropy() - (levy + math.log(0.2))) < 1e-9


@pytest.mark.parametrize("law", [*laws(6, 5, edges=False), StableLaw(0.8, 1.0), StableLaw(1.0, -1.0)], ids=str)
def test_entropy_is_the_integral_over_probabilities(law):
    """−∫ log f(Q(q)) dq in both halves; q = e^−v, so that the ends converge."""

    def half(quantile):
        return integrate.quad(
            lambda v: -law.logpdf(quantile(math.exp(-v))) * math.exp(-v), math.log(2.0), 60.0, limit=400, epsabs=1e-11
        )[0]

    assert abs(law.entropy() - half(law.ppf) - half(law.isf)) < 1e-8


def test_moments_are_finite_where_they_exist():
    law = StableLaw(1.4, 0.7, 2.0, 3.0)
    assert law.mean() == 2.0
    assert abs(law.to("S0").mean() - 2.0) < 1e-12
    assert law.stats("mv") == (2.0, math.inf)
    assert law.std() == math.inf
    assert math.isnan(law.stats("s"))
    assert StableLaw(2.0, 0.4, 1.0, 3.0).stats("mvsk") == (1.0, 18.0, 0.0, 0.0)
    assert StableLaw(2.0, 0.4, 1.0, 3.0, "S0").std() == pytest.approx(18.0**0.5)
    for alpha in (0.5, 0.8, 1.0):
        for name in ("S0", "S1"):
            assert StableLaw(alpha, 1.0, parameterization=name).mean() == math.inf
            assert StableLaw(alpha, -1.0, parameterization=name).mean() == -math.inf
            assert math.isnan(StableLaw(alpha, 0.99, parameterization=name).mean())
            assert StableLaw(alpha, 0.3, parameterization=name).var() == math.inf


@pytest.mark.parametrize("law", laws(5, 6, edges=False), ids=str)
def test_the_mean_is_the_integral_of_the_tails(law):
    law = StableLaw(1.0 + law.alpha / 2.0, law.beta, law.loc, law.scale, law.parameterization)  # above 1.25

    def tail(function, sign):  # x = e^u from the median on
        at = law.median()
        value = integrate.quad(lambda u: function(at + sign * math.exp(u)) * math.exp(u), -40.0, 150.0, limit=2000)[0]
        return sign * value

    mean = law.median() + tail(law.sf, 1.0) + tail(law.cdf, -1.0)
    assert abs(mean - law.mean()) < 1e-6 * law.scale


def test_intervals_and_supports():
    law = StableLaw(1.3, -0.6, 1.0, 2.0)
    low, high = law.interval(np.array([0.0, 0.5, 0.99]))
    np.testing.assert_allclose(law.cdf(high) - law.cdf(low), [0.0, 0.5, 0.99], atol=1e-10)
    np.testing.assert_allclose(law.cdf(low), law.sf(high), rtol=1e-9)
    assert law.interval(1.0) == (-math.inf, math.inf) == law.support()
    assert low[0] == pytest.approx(law.median())
    assert StableLaw(0.6, 1.0, 5.0).support() == (5.0, math.inf)
    assert StableLaw(0.6, -1.0, 5.0).support() == (-math.inf, 5.0)
    edge = 5.0 - 2.0 * math.tan(0.3 * math.pi)  # in S0 the edge is loc − beta scale tan(πα/2)
    assert StableLaw(0.6, 1.0, 5.0, 2.0, "S0").support()[0] == pytest.approx(edge)
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(UsageError, match="confidence"):
            law.interval(wrong)
    for wrong in ("", "mx"):
        with pytest.raises(UsageError, match="moments"):
            law.stats(wrong)


# -------------------------------------------------------------------------------- single values, arrays


@pytest.mark.parametrize("law", laws(25, 7), ids=str)
def test_a_single_value_is_that_of_the_arrays_to_the_last_bit(law):
    rng = np.random.default_rng(8)
    x = np.concatenate(
        [rng.standard_cauchy(20) * 3.0, [0.0, -0.0, 1e5, -1e5, 1e25, -1e25, 1e308, np.inf, -np.inf, np.nan]]
    )
    for name in FUNCTIONS:
        together = getattr(law, name)(x)
        alone = [getattr(law, name)(float(each)) for each in x]
        assert all(isinstance(each, float) for each in alone)
        np.testing.assert_array_equal(alone, together, err_msg=name)
    q = np.concatenate([rng.random(20), 10.0 ** -rng.uniform(1, 300, 10), [0.0, 1.0, -0.1, 1.1, 0.5, np.nan]])
    for name in ("ppf", "isf"):
        np.testing.assert_array_equal([getattr(law, name)(float(each)) for each in q], getattr(law, name)(q))


@pytest.mark.parametrize("name", ["S0", "S1"])
def test_arrays_of_parameters_are_their_laws(name):
    rng = np.random.default_rng(9)
    alpha = np.array([[0.6], [1.0], [1.0], [1.7], [2.0]])
    beta = np.array([[1.0], [0.4], [0.0], [-0.8], [0.3]])
    loc, scale = rng.normal(size=7), np.exp(rng.normal(size=7))
    many = StableLaw(alpha, beta, loc, scale, name)
    assert many.shape == (5, 7)
    x = rng.standard_cauchy((3, 1, 1)) * 4.0
    single = [[StableLaw(alpha[i, 0], beta[i, 0], loc[j], scale[j], name) for j in range(7)] for i in range(5)]

    def each(function, *args):
        return np.array([[getattr(law, function)(*args) for law in row] for row in single])

    for function in FUNCTIONS:
        found = getattr(many, function)(x)
        assert found.shape == (3, 5, 7)
        for k in range(3):
            np.testing.assert_allclose(found[k], each(function, x[k, 0, 0]), rtol=1e-9)
    for function in ("ppf", "isf"):
        np.testing.assert_allclose(getattr(many, function)(0.3), each(function, 0.3), rtol=1e-9)
    for function in ("mean", "var", "std", "median", "entropy"):
        np.testing.assert_allclose(getattr(many, function)(), each(function), rtol=1e-9)
    np.testing.assert_allclose(many.cf(0.7), each("cf", 0.7), rtol=1e-12)
    np.testing.assert_allclose(many.support()[0], each("support")[..., 0], rtol=1e-12)
    np.testing.assert_allclose(many.interval(0.8)[1], each("interval", 0.8)[..., 1], rtol=1e-9)
    other = "S1" if name == "S0" else "S0"
    np.testing.assert_allclose(many.to(other).loc, [[law.to(other).loc for law in row] for row in single], rtol=1e-12)
    assert many.to(other).to(other) == many.to(other)


def test_arrays_of_parameters_at_the_ends_of_the_range_of_floats():
    scale = np.array([1e-300, 1.0, 1e300])
    many = StableLaw(1.5, 0.5, 0.0, scale)
    for function in ("pdf", "logpdf", "cdf", "logsf"):
        for x in (1e-300, 1.0, 1e305, -1e305):
            expected = [getattr(StableLaw(1.5, 0.5, 0.0, each), function)(x) for each in scale]
            np.testing.assert_allclose(getattr(many, function)(x), expected, rtol=1e-9)
    expected = [StableLaw(1.5, 0.5, 0.0, each).isf(1e-200) for each in scale]
    np.testing.assert_allclose(many.isf(1e-200), expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["S0", "S1"])
def test_draws_of_arrays_follow_each_law(name):
    alpha, beta = np.array([0.7, 1.0, 1.0, 1.6, 2.0]), np.array([-1.0, 0.5, 0.0, 0.9, 0.0])
    many = StableLaw(alpha, beta, [1.0, -2.0, 0.0, 5.0, 3.0], [2.0, 0.3, 7.0, 1.0, 4.0], name)
    x = many.rvs((20_000, 5), 10)
    assert x.shape == (20_000, 5)
    u = many.cdf(x)
    for k in range(5):
        assert stats.kstest(u[:, k], "uniform").pvalue > 1e-3, k
    assert np.abs(np.corrcoef(u.T) - np.eye(5)).max() < 4.5 / math.sqrt(20_000)  # standard errors, ten pairs


def test_sizes_and_seeds():
    law = StableLaw(1.3, 0.4, 1.0, 2.0, "S0")
    assert isinstance(law.rvs(rng=3), float)
    assert law.rvs((2, 3), 3).shape == (2, 3)
    assert law.rvs((), 3).shape == ()
    assert law.rvs((4, 0), 3).shape == (4, 0)
    np.testing.assert_array_equal(law.rvs(6, 3), law.rvs((2, 3), np.random.default_rng(3)).ravel())
    np.testing.assert_array_equal(law.rvs(np.int64(6), 3), law.rvs(size=6, rng=3))
    many = StableLaw([1.2, 1.4], [[0.0], [0.5], [1.0]])
    assert many.rvs(rng=0).shape == (3, 2)
    out = np.empty((2, 3))
    assert law.rvs((2, 3), 3, out) is not None
    np.testing.assert_array_equal(out, law.rvs((2, 3), 3))
    for size, rng in ((-1, 0), (1.5, 0), ((2, -1), 0), (True, 0), (3, None), (3, -1), (3, 0.5), (3, "0")):
        with pytest.raises(UsageError):
            law.rvs(size, rng)
    with pytest.raises(UsageError, match="size must end with"):
        many.rvs(4, 0)
    for out in (np.empty(5), np.empty(6, dtype=np.float32), np.empty(12)[::2]):
        with pytest.raises(UsageError, match="contiguous float64"):
            law.rvs(6, 0, out)


def test_equality_hash_pickle_repr():
    a, b = StableLaw(1.5, 0.5, 0.0, 2.0), StableLaw(1.5, 0.5, 0.0, 2)
    _ = a.pdf(0.3), a.ppf(0.3), a.entropy()  # what is kept for later is no part of a law
    assert a == b
    assert hash(a) == hash(b)
    assert a != b.to("S0")
    assert a != StableLaw(1.5, 0.4, 0.0, 2.0)
    assert a != "a law"
    many, same = (StableLaw([1.5, 0.7], 0.5, 0.0, [[2.0], [3.0]]) for _ in range(2))
    assert many == same
    assert hash(many) == hash(same)
    assert many != StableLaw([1.5, 0.7], 0.5, 0.0, [2.0, 3.0])
    for law in (a, many, a.to("S0")):
        again = pickle.loads(pickle.dumps(law))
        assert again == law
        np.testing.assert_array_equal(again.pdf(0.3), law.pdf(0.3))
        assert eval(repr(law), {"StableLaw": StableLaw, "array": np.array}) == law
    with pytest.raises(ValueError, match="read-only"):
        many.alpha[0] = 1.2


def test_wrong_arrays_of_parameters():
    with pytest.raises(UsageError, match=r"alpha must be in .*, got 2\.5"):
        StableLaw([1.5, 2.5], 0.0)
    with pytest.raises(UsageError, match="scale"):
        StableLaw(1.5, 0.0, 0.0, [1.0, np.nan])
    with pytest.raises(UsageError, match="shapes that broadcast"):
        StableLaw([1.5, 1.2], [0.0, 0.1, 0.2])
    with pytest.raises(UsageError, match="shapes do not broadcast"):
        StableLaw([1.5, 1.2], 0.0).pdf(np.zeros(3))


def test_masked_points_stay_masked():
    x = np.ma.array([0.0, np.nan, 2.0], mask=[False, True, False])
    found = StableLaw([[1.5], [1.2]], 0.3).pdf(x)
    assert found.shape == (2, 3)
    np.testing.assert_array_equal(found.mask, [[False, True, False]] * 2)


def test_a_fit_holds_what_scipys_words_give():
    x = StableLaw(1.5, 0.4, 1.0, 2.0).rvs(2000, 11)
    words = {"fa": 1.5, "fb": 0.3, "floc": 1.1, "fscale": 1.9}
    names = {"fa": "alpha", "fb": "beta", "floc": "loc", "fscale": "scale"}
    for word, name in names.items():
        assert fit(x, **{word: words[word]}) == fit(x, fixed={name: words[word]})
    assert fit_many([x, x[:900]], "S0", fb=0.3) == fit_many([x, x[:900]], "S0", {"beta": 0.3})
    assert fit(x, fixed={"alpha": 1.5}, fb=0.3) == fit(x, fixed={"alpha": 1.5, "beta": 0.3})
    with pytest.raises(UsageError, match="hold beta by one word: it is given by both fixed and fb"):
        fit(x, fixed={"beta": 0.0}, fb=0.0)
    with pytest.raises(UsageError):
        fit(x, fa=2.5)
