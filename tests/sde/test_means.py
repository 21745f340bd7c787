"""Which means exist, which have an error, and what stands in its place where there is none."""

import math

import numpy as np
import pytest
from scipy import stats

from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.sde import expression, growth, loop, means
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.means import Tail, Tails
from gnicli.sde.scheme import build
from gnicli.sde.sinks.moments import Moments
from gnicli.stable import StableLaw


@pytest.mark.parametrize(
    ("text", "left", "right", "pole"),
    [
        ("w", (1, -1), (1, 1), 0),
        ("-w**2", (2, -1), (2, -1), 0),
        ("(w+1)**2-w**2", (1, -1), (1, 1), 0),
        ("abs(w)**1.3", (1.3, 1), (1.3, 1), 0),
        ("w**30", (30, 1), (30, 1), 0),
        ("maximum(w,0)**2", (0, 0), (2, 1), 0),
        ("cos(w)", (0, 0), (0, 0), 0),
        ("exp(-w**2)", (0, 0), (0, 0), 0),
        ("log(abs(w))", (0, 1), (0, 1), 0),
        ("exp(-w)", (math.inf, 1), (0, 0), 0),
        ("exp(1e-9*w)", (0, 0), (math.inf, 1), 0),
        ("sqrt(w)", (math.nan, 0), (0.5, 1), 0),
        ("1/w", (0, -1), (0, 1), 1),
        ("abs(w-1)**-0.5", (0, 1), (0, 1), 0.5),
        ("w**2+1e-3/w", (2, 1), (2, 1), 1),
        ("1/(1e-4+w**2)", (0, 1), (0, 1), 0),
    ],
)
def test_growth_of_expressions(text, left, right, pole):
    found = growth.of(expression.parse(text))
    for side, wanted in ((found.left, left), (found.right, right)):
        assert side.power == pytest.approx(wanted[0], abs=0.01, nan_ok=True)
        assert side.sign == wanted[1]
    assert found.pole == pytest.approx(pole, abs=0.02)


@pytest.mark.parametrize(
    "potential",
    [
        Quadratic(curvature=2.0), DoubleWell(), Quartic(), Polynomial(terms=[0, 0, 1, 0, 0, 0, 0.2]),
        MultiWell(wells=[-1.0, 1.0, 2.5], between=[0.0, 2.0], strength=0.3),
    ],
    ids=lambda p: p.name,
)  # fmt: skip
@pytest.mark.parametrize(("alpha", "beta"), [(0.8, 0.4), (1.6, -0.5)])
def test_tail_indices_are_those_of_the_exact_law(potential, alpha, beta):
    """Against the slope of the exact distribution function far out."""
    law = stationary_law(potential, LevyNoise(alpha, beta))
    x = np.array([3e3, 3e4])
    for index, beyond in zip(
        means.tails(potential, LevyNoise(alpha, beta)), (law.cdf(-x), _above(law, x)), strict=True
    ):
        assert math.log(beyond[0] / beyond[1]) / math.log(10) == pytest.approx(index, rel=0.02)


def _above(law, x):
    """1 − F by the density, whose tail keeps its relative accuracy."""
    at = np.geomspace(1, 1e6, 4001)
    return np.array([np.trapezoid(law.pdf(one * at), one * at) for one in x])


def test_tails_of_light_one_sided_and_unknown_laws():
    assert means.tails(DoubleWell(), LevyNoise(2.0, 0.5)) == (math.inf, math.inf)
    assert means.tails(DoubleWell(), LevyNoise(1.5, 0.5), drift="fractional") == (math.inf, math.inf)
    assert means.tails(DoubleWell(), LevyNoise(1.5, 1.0)) == (math.inf, 3.5)
    assert means.tails(DoubleWell(), LevyNoise(1.5, -1.0)) == (3.5, math.inf)
    assert means.tails(DoubleWell(), LevyNoise(1.5, 0.0), scheme="tamed") == (0.5, 0.5)
    assert means.tails(DoubleWell(), LevyNoise(0.8, 0.0), scheme="implicit") == pytest.approx((2.4, 2.4))
    assert all(np.isnan(means.tails(type("", (), {"coefficients": None})(), LevyNoise(1.5, 0.0))))


@pytest.mark.parametrize(
    ("text", "tails", "wanted"),
    [
        ("w**2", Tails(3.5, 3.5), Tail(1.75, 1)),
        ("w**2", Tails(1.5, 1.5), Tail(0.75, 1)),
        ("w", Tails(1.5, 1.5), Tail(1.5, 0)),
        ("w", Tails(math.inf, 1.5), Tail(1.5, 1)),
        ("cos(w)", Tails(0.7, 0.7), Tail(math.inf, 0)),
        ("exp(w)", Tails(3.5, 3.5), Tail(0.0, 1)),
        ("exp(w)", Tails(3.5, math.inf), Tail(math.nan, 0)),
        ("1/w", Tails(3.5, 3.5), Tail(1.0, 0)),
        ("w", Tails(math.nan, math.nan), Tail(math.nan, 0)),
    ],
)
def test_tails_of_functions(text, tails, wanted):
    found = means.tail_of(expression.parse(text), tails)
    assert found.exponent == pytest.approx(wanted.exponent, nan_ok=True)
    assert math.isinf(wanted.exponent) or found.sign == wanted.sign


def moments_of(each, name="w", function=lambda w: w):
    moments = Moments({name: function}, len(each))
    moments.add(each[None], np.arange(len(each)), np.ones(1), 0)
    return moments


def test_a_mean_is_a_number_with_an_error_only_where_it_has_both():
    each = np.random.default_rng(1).standard_normal(200)
    light, heavy, none = Tails(2.1, 2.1), Tails(1.9, 1.9), Tails(0.9, 0.9)

    def one(law, values=each, **keys):
        return means.of(moments_of(values), [law], **keys)["w"][0]

    assert one(light).stderr == pytest.approx(each.std(ddof=1) / math.sqrt(200))
    assert one(light).ci95 is None
    assert one(heavy).stderr is None
    low, high = one(heavy).ci95
    assert low < one(heavy).value < high
    assert (one(none).value, one(none).stderr, one(none).ci95) == ("undefined", None, None)
    assert one(Tails(math.inf, 0.9)).value == "infinite"
    assert one(Tails(0.9, math.inf)).value == "-infinite"
    assert one(light, stuck=True).stderr is None is one(heavy, stuck=True).ci95
    assert one(Tails(math.nan, math.nan)).stderr is None
    few = one(light, each[:5])
    assert few.ci95[1] - few.value == pytest.approx(stats.t.ppf(0.975, 4) * few.stderr)
    assert one(heavy, each[:5]).ci95 is None  # no order statistics of five enclose it at that level


@pytest.mark.parametrize(("index", "sign"), [(1.15, 1), (1.35, -1), (1.7, 1), (1.9, 0)])
def test_the_interval_by_order_statistics_covers(index, sign):
    """Means of 40 Pareto draws: at least 95 % but for the 3 standard errors of 400 trials."""
    rng, hits = np.random.default_rng(7), 0
    truth = 1 / (index - 1)
    for _ in range(400):
        draws = rng.pareto(index, (300, 40))
        if sign == 0:
            draws *= np.where(rng.random(draws.shape) < 0.7, 1, -1)
        each = draws.mean(axis=1) * (sign or 1)
        low, high = means.heavy_interval(each, Tail(index, sign), float(each.mean()))
        hits += low <= truth * (sign or 0.4) <= high
    assert hits / 400 > 0.95 - 3 * math.sqrt(0.95 * 0.05 / 400)


def test_stable_means_lie_below_with_the_probability_used():
    """P(X < 0) = 1/a for a centered stable law whose lower tail is light."""
    for a in (1.2, 1.35, 1.8):
        assert float(StableLaw(a, 1.0).cdf(0.0)) == pytest.approx(1 / a, rel=1e-6)


def test_records_see_jumps_of_every_age():
    """P(|w| > 20) at a step of .16: the youngest of 16 fixed ages has come in to 10 already."""
    law = stationary_law(DoubleWell(), LevyNoise(0.7, 0.4, 0.5))
    truth = float(law.cdf(-20.0) + 1 - law.cdf(20.0))
    found = {}
    for phases in (None, 16):
        moments = Moments({"far": lambda w: np.abs(w) > 20}, 4096)
        plan = Plan(400, 4096, 0.16, seed=3, burn_in=100)
        stepper = build("strang", GradientDrift(DoubleWell(), phases))
        loop.run(stepper, Increments(LevyNoise(0.7, 0.4, 0.5)), plan, 0.0, [moments])
        mean, stderr, _ = moments.means()["far"]
        found[phases] = (mean[0], stderr[0])
    assert found[16] == (0.0, 0.0)
    assert abs(found[None][0] - truth) < 4 * found[None][1] < truth


@pytest.mark.slow
def test_intervals_of_the_mean_square_cover():
    """alpha = .7, where no interval of ±1.96 standard errors did: 19 of 20 expected."""
    truth = float(stationary_law(DoubleWell(), LevyNoise(0.7, 0.4, 0.5)).moments[2])
    hits = 0
    for seed in range(20):
        moments = Moments({"w**2": np.square}, 1000)
        plan = Plan(10_000, 1000, 0.01, seed=seed, burn_in=1000, thin=5)
        loop.run(
            build("strang", GradientDrift(DoubleWell())), Increments(LevyNoise(0.7, 0.4, 0.5)), plan, 0.0, [moments]
        )
        (mean,) = means.of(moments, [means.tails(DoubleWell(), LevyNoise(0.7, 0.4))])["w**2"]
        hits += mean.ci95[0] <= truth <= mean.ci95[1]
    assert hits >= 17
