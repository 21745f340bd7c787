import math

import numpy as np
import pytest
from scipy import stats

from gnicli.contracts.observer import SilentObserver
from gnicli.errors import ConflictError, NumericalError, UsageError
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.separable import Separable
from gnicli.sde import increments, loop, start_positions
from gnicli.sde.choices import SCHEMES
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import build
from gnicli.sde.sinks.histogram import Histogram
from gnicli.sde.sinks.moments import Moments
from gnicli.sde.sinks.trace import Trace
from gnicli.sde.sinks.transitions import Transitions
from gnicli.stable import StableLaw

WELL = DoubleWell()
TILTED = Polynomial(terms=[0.0, 0.3, -0.5, 0.1, 0.25])


def scheme(name="strang", potential=WELL):
    return build(name, GradientDrift(potential))


def cdf_errors(name, etas, alpha, beta, horizon=110, n=4096, potential=WELL, phases=16):
    """F of the chain minus F of the exact law, at points where the law has its bulk; and the standard errors."""
    exact = stationary_law(potential, LevyNoise(alpha, beta))
    errors, ses = [], []
    for eta in etas:
        histogram = Histogram(-8.0, 8.0, 320, n)
        plan = Plan(round(horizon / eta), n, eta, seed=3, burn_in=round(10 / eta), thin=max(1, round(0.1 / eta)))
        stepper = build(name, GradientDrift(potential, phases))
        loop.run(stepper, Increments(LevyNoise(alpha, beta)), plan, 0.0, [histogram])
        found, se = histogram.cdf()
        errors.append(found - exact.cdf(histogram.edges))
        ses.append(se)
    return np.array(errors), np.array(ses)


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.5), (1.7, -0.8)])
def test_strang_has_weak_order_two(alpha, beta):
    """Recorded in the middle of the flow only, its error is pure η² from large steps on."""
    errors, ses = cdf_errors("strang", (0.4, 0.2, 0.1), alpha, beta, phases=1)
    at = np.argmax(np.abs(errors[0]))
    slopes = np.log2(np.abs(errors[:-1, at] / errors[1:, at]))
    noise_of_slope = 4 * np.hypot(ses[:-1, at] / errors[:-1, at], ses[1:, at] / errors[1:, at]) / math.log(2)
    assert np.abs(errors[:, at]).min() > 4 * ses[:, at].max()
    assert (np.abs(slopes - 2) < 0.12 + noise_of_slope).all(), (slopes, noise_of_slope)


def test_phases_spread_the_records_evenly():
    """Beyond 1/√η the plain scheme records nothing; spread over the flow, the tail is that of the law."""
    exact = stationary_law(WELL, LevyNoise(1.2, 0.5))
    beyond = {}
    for phases in (1, 16):
        histogram = Histogram(-6.0, 6.0, 1, 4096)
        stepper = build("strang", GradientDrift(WELL, phases))
        loop.run(stepper, Increments(LevyNoise(1.2, 0.5)), Plan(1500, 4096, 0.04, seed=2), -1.0, [histogram])
        beyond[phases] = 1 - histogram.counts.sum() / histogram.totals.sum()
    true = 1 - float(exact.cdf(6.0) - exact.cdf(-6.0))
    assert beyond[1] == 0
    assert beyond[16] == pytest.approx(true, rel=0.05)


@pytest.mark.parametrize("potential", [WELL, TILTED], ids=lambda p: p.name)
def test_strang_settles_in_the_exact_law(potential):
    errors, ses = cdf_errors("strang", (0.05,), 1.5, 0.5, horizon=50, potential=potential)
    # The bias at this step is some 1e-3; all 321 points together stay within 5 standard errors of it.
    assert (np.abs(errors[0]) < 2e-3 + 5 * ses[0]).all()


@pytest.mark.slow
def test_strang_keeps_its_promise_at_a_hundred_million_steps():
    n, eta = 10_000, 0.01
    exact = stationary_law(WELL, LevyNoise(1.5, 0.5))
    histogram = Histogram(-10.0, 10.0, 400, n, n_groups=50)
    plan = Plan(12_000, n, eta, seed=5, burn_in=2000)
    loop.run(scheme(), Increments(LevyNoise(1.5, 0.5)), plan, 0.0, [histogram])
    found, se = histogram.cdf()
    error = np.abs(found - exact.cdf(histogram.edges))
    assert error.max() < 1.5e-3
    assert (error < 4 * se + 1e-6).all()


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.7), (0.8, -0.6), (2.0, 0.0), (1.9, -1.0)])
def test_euler_on_the_quadratic_has_its_stable_law(alpha, beta):
    rate, eta, epsilon = 1.3, 0.25, 0.8
    run = loop.run(
        scheme("euler", Quadratic(curvature=rate)),
        Increments(LevyNoise(alpha, beta, epsilon)),
        Plan(160, 20_000, eta, seed=1),
        0.0,
    )
    scale = (epsilon**alpha * eta / (1 - (1 - rate * eta) ** alpha)) ** (1 / alpha)
    assert stats.kstest(run.positions, StableLaw(alpha, beta, 0.0, scale).cdf).pvalue > 1e-3
    mirrored = StableLaw(alpha, -beta, 0.0, scale)
    if beta:
        assert stats.kstest(run.positions, mirrored.cdf).pvalue < 1e-9


def test_strang_on_the_quadratic_has_its_stable_law():
    """Half decay, noise, half decay: w' = e^{-λη} w + e^{-λη/2} ΔL."""
    alpha, beta, rate, eta = 1.4, -0.8, 1.3, 0.4
    run = loop.run(
        scheme("strang", Quadratic(curvature=rate)),
        Increments(LevyNoise(alpha, beta)),
        Plan(100, 20_000, eta, seed=2),
        0.0,
    )
    decay = math.exp(-rate * eta)
    scale = (eta * decay ** (alpha / 2) / (1 - decay**alpha)) ** (1 / alpha)
    assert stats.kstest(run.positions, StableLaw(alpha, beta, 0.0, scale).cdf).pvalue > 1e-3


def test_brownian_noise_has_twice_the_variance_of_its_time():
    draws = Increments(LevyNoise(2.0, 0.3, 0.5)).block(0, 0, 0, np.full(32, 0.1), 4096)
    assert draws.var() == pytest.approx(2 * 0.25 * 0.1, rel=5 * math.sqrt(2 / draws.size))
    run = loop.run(scheme(), Increments(LevyNoise(2.0, 0.0)), Plan(400, 20_000, 0.05, seed=4), 0.0)
    exact = stationary_law(WELL, LevyNoise(2.0, 0.0))
    assert stats.kstest(run.positions, exact.cdf).pvalue > 1e-3


def test_implicit_step_solves_its_equation():
    step = scheme("implicit", TILTED)
    w = np.concatenate([np.linspace(-4, 4, 81), [-1e30, 1e8, 1e50]])
    for eta in (0.01, 0.5):
        solved = step.after(w, eta)
        assert solved + eta * TILTED.gradient(solved) == pytest.approx(w, rel=1e-9, abs=1e-9)
    with pytest.raises(UsageError, match=r"no unique solution for a step of 1\.5:"):
        step.after(w, 1.5)


def test_tamed_step_spoils_the_tail():
    """Its chains come in from far out by less than 1 a step, so far more of them are far out than the law allows."""
    n = 4096
    beyond = {}
    for name in ("strang", "tamed"):
        histogram = Histogram(-6.0, 6.0, 10, n)
        plan = Plan(400, n, 0.1, seed=6, burn_in=100)
        loop.run(scheme(name), Increments(LevyNoise(1.2, 0.5)), plan, 0.0, [histogram])
        beyond[name] = 1 - histogram.counts.sum() / histogram.totals.sum()
    exact = stationary_law(WELL, LevyNoise(1.2, 0.5))
    true = 1 - float(exact.cdf(6.0) - exact.cdf(-6.0))
    assert beyond["tamed"] > 10 * true
    assert beyond["strang"] < 2 * true


@pytest.mark.parametrize("name", SCHEMES)
def test_blocks_and_interruptions_do_not_show(name, monkeypatch):
    """Any size of run, stop and go on gives the same chains; a chain's noise does not depend on the others' fate."""
    n = 4096 + 300
    increments = Increments(LevyNoise(1.5, 0.5))

    class Stopping(SilentObserver):
        def __init__(self, stop_at):
            super().__init__()
            self.stop_at = stop_at

        def step_done(self, step, total, make_state, **shown):
            if step >= self.stop_at:
                self.state = make_state()
                raise KeyboardInterrupt

    def sinks_of():
        return [
            Histogram(-5.0, 5.0, 100, n),
            Moments({"w": lambda w: w}, n),
            Trace(100, 7),
            Transitions(WELL, n),
        ]

    plan = Plan(100, n, 0.02, seed=7, burn_in=10, thin=3)
    whole, parted = sinks_of(), sinks_of()
    run = loop.run(scheme(name), increments, plan, 0.5, whole)
    observer = Stopping(50)
    with pytest.raises(KeyboardInterrupt):
        loop.run(scheme(name), increments, plan, 0.5, parted, observer)
    fresh = sinks_of()
    again = loop.run(scheme(name), increments, plan, 0.5, fresh, SilentObserver(observer.state))
    assert np.array_equal(again.positions, run.positions, equal_nan=True)
    for one, other in zip(whole, fresh, strict=True):
        for key, value in one.arrays().items():
            assert np.array_equal(value, other.arrays()[key], equal_nan=True), (one.name, key)
    if not run.n_exploded:
        assert whole[0].totals.sum() == pytest.approx(n * 30 * 0.02)
        assert np.isfinite(whole[2].positions[:30]).all()
    alone = loop.run(scheme(name), increments, plan._replace(n_chains=4096), 0.5)
    assert alone.positions == pytest.approx(run.positions[:4096], rel=1e-9, nan_ok=True)
    other_seed = loop.run(scheme(name), increments, plan._replace(seed=8), 0.5)
    assert not np.isclose(other_seed.positions, run.positions, rtol=1e-9, atol=0).any()


def test_recording_does_not_change_the_chains():
    increments, plan = Increments(LevyNoise(1.3, -0.5)), Plan(70, 50, 0.05, seed=1)
    for name in ("strang", "implicit"):
        trace = Trace(70, 50)
        plain = loop.run(scheme(name), increments, plan, 0.0)
        recorded = loop.run(scheme(name), increments, plan, 0.0, [trace])
        assert recorded.positions == pytest.approx(plain.positions, rel=1e-9)
        ends = trace.positions[-1, 0] == pytest.approx(recorded.positions)
        assert ends == (name == "implicit")  # Strang's records lie all over the flow


def test_decreasing_steps_carry_their_weights():
    """ν_N(g) = Σ η_k g(w_k)/Σ η_k, by hand from the trace."""
    plan = Plan(90, 20, 0.5, seed=2, eta_power=0.4, burn_in=20)
    trace, moments = Trace(70, 20), Moments({"square": np.square}, 20)
    histogram = Histogram(-3.0, 3.0, 6, 20, n_groups=4)
    loop.run(scheme(), Increments(LevyNoise(1.5, 0.5)), plan, 0.0, [trace, moments, histogram])
    etas = 0.5 * np.arange(21, 91) ** -0.4
    w = trace.positions[:, 0]
    mean, stderr, n = moments.means()["square"]
    each = (etas[:, None] * w**2).sum(axis=0) / etas.sum()
    assert mean[0] == pytest.approx(each.mean())
    assert stderr[0] == pytest.approx(each.std(ddof=1) / math.sqrt(20))
    assert n == 20
    wanted = [
        np.histogram(w[:, 5 * g : 5 * g + 5], 6, (-3, 3), weights=np.repeat(etas, 5).reshape(70, 5))[0]
        for g in range(4)
    ]
    assert histogram.counts[0] == pytest.approx(np.array(wanted))
    assert histogram.totals == pytest.approx(5 * etas.sum())


def test_histogram_counts_like_numpy_and_gives_the_distribution_function():
    rng = np.random.default_rng(3)
    positions = 2 * rng.standard_cauchy((30, 40))
    histogram = Histogram(-4.0, 6.0, 50, 40, n_groups=8)
    for part in np.array_split(np.arange(40), 3):
        histogram.add(positions[:, part], part, np.full(30, 0.1), 0)
    wanted = np.stack([np.histogram(positions[:, 5 * g : 5 * g + 5], 50, (-4, 6))[0] for g in range(8)])
    assert histogram.counts[0] == pytest.approx(0.1 * wanted)
    cdf, se = histogram.cdf()
    assert cdf == pytest.approx((positions.ravel()[:, None] < histogram.edges).mean(axis=0))
    each = (positions.reshape(30, 8, 5)[..., None] < histogram.edges).mean(axis=(0, 2))
    assert se == pytest.approx(each.std(axis=0, ddof=1) / math.sqrt(8))


def test_moments_errors_are_honest_over_chains():
    """The standard error over chains covers the exact mean, however long each chain remembers."""
    hits = 0
    exact = stationary_law(WELL, LevyNoise(1.7, 0.5)).mean
    for seed in range(40):
        moments = Moments({"w": lambda w: w}, 60)
        plan = Plan(160, 60, 0.1, seed=seed, burn_in=100)
        loop.run(scheme(), Increments(LevyNoise(1.7, 0.5)), plan, 0.0, [moments])
        mean, stderr, _ = moments.means()["w"]
        hits += abs(mean[0] - exact) < 2 * stderr[0]
    assert hits >= 32  # 38 expected


def test_coordinates_have_their_own_skewness():
    potential = Separable(parts=["double_well", {"name": "quadratic", "curvature": 1.0}])
    n = 4096
    histogram = Histogram(-6.0, 6.0, 60, n, dimension=2)
    plan = Plan(240, n, 0.1, seed=9, burn_in=100)
    run = loop.run(scheme("strang", potential), Increments(LevyNoise(1.5, (0.7, -0.7)), 2), plan, 0.0, [histogram])
    assert run.positions.shape == (2, n)
    well = stationary_law(WELL, LevyNoise(1.5, 0.7))
    bowl = stationary_law(Quadratic(), LevyNoise(1.5, -0.7))
    for axis, law in enumerate((well, bowl)):
        found, se = histogram.cdf(axis)
        assert (np.abs(found - law.cdf(histogram.edges)) < 6e-3 + 5 * se).all()


def test_every_scheme_runs_in_two_dimensions():
    potential = Separable(parts=["double_well", "quartic"])
    for name in SCHEMES:
        run = loop.run(scheme(name, potential), Increments(LevyNoise(1.8, 0.2, 0.5), 2), Plan(40, 10, 0.01), 0.3)
        assert np.isfinite(run.positions).all()


def test_exploded_chains_are_counted_and_left_out():
    n = 2000
    moments, histogram = Moments({"w": lambda w: w}, n), Histogram(-20.0, 20.0, 100, n)
    plan = Plan(640, n, 0.02, seed=1)
    run = loop.run(scheme("euler"), Increments(LevyNoise(1.1, 0.5)), plan, 0.0, [moments, histogram])
    dead = run.exploded_by >= 0
    assert 0 < run.n_exploded < n
    assert np.isnan(run.positions[dead]).all()
    assert np.isfinite(run.positions[~dead]).all()
    assert np.isfinite(moments.sums).all()
    # A dead chain's weight ends with the block before its death.
    assert moments.weight[~dead] == pytest.approx(640 * 0.02)
    assert moments.weight[dead] == pytest.approx(0.02 * (run.exploded_by[dead] - increments.STEP_BLOCK))
    with pytest.raises(
        NumericalError, match=r"all 50 chains exploded by step \d+; take the strang scheme or a shorter step"
    ):
        loop.run(scheme("euler"), Increments(LevyNoise(0.6, 0.0, 3.0)), Plan(10_000, 50, 0.1), 0.0)


def test_a_checkpoint_of_another_run_is_refused():
    observer = SilentObserver()
    states = []
    observer.step_done = lambda step, total, make_state, **shown: states.append(make_state())
    loop.run(scheme(), Increments(LevyNoise(1.5, 0.0)), Plan(10, 5, 0.1), 0.0, (), observer)
    with pytest.raises(ConflictError, match=r"chains of shape \(5,\)"):
        loop.run(scheme(), Increments(LevyNoise(1.5, 0.0)), Plan(10, 6, 0.1), 0.0, (), SilentObserver(states[-1]))


def test_starts():
    assert start_positions.draw(0.5, WELL, 3, 0).tolist() == [0.5] * 3
    assert start_positions.draw("minima", WELL, 3, 0).tolist() == [-1, 1, -1]
    two = Separable()
    assert start_positions.draw([1, 2], two, 2, 0).tolist() == [[1, 1], [2, 2]]
    assert start_positions.draw("minima", two, 4, 0).shape == (2, 4)
    wide = start_positions.draw({"law": "normal", "loc": 2.0, "scale": 0.1}, WELL, 1000, 1)
    assert wide.mean() == pytest.approx(2, abs=0.02)
    flat = start_positions.draw({"law": "uniform", "low": -3.0, "high": -1.0}, two, 500, 1)
    assert flat.min() >= -3
    assert flat.max() <= -1
    assert not np.array_equal(flat, start_positions.draw({"law": "uniform", "low": -3.0, "high": -1.0}, two, 500, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Increments(LevyNoise(1.0, 0.5)), "alpha=1 with beta=0.5"),
        (lambda: Increments(LevyNoise(1.5, [0.1, 0.2, 0.3]), 2), "expected one number or 2"),
        (lambda: Increments(LevyNoise(1.5, 0.1, -1.0)), "epsilon must be > 0"),
        (lambda: scheme("milstein"), "scheme must be one of strang, euler, implicit, tamed"),
        (lambda: loop.check_plan(Plan(10, 5, -0.1)), "eta must be > 0"),
        (lambda: loop.check_plan(Plan(10, 5, 0.1, burn_in=10)), "burn_in must be below n_steps=10"),
        (lambda: loop.check_plan(Plan(10, 5, 0.1, eta_power=2)), "eta_power must be >= 0 and <= 1"),
        (lambda: loop.check_plan(Plan(0, 5, 0.1)), "n_steps must be an integer >= 1"),
        (lambda: Histogram(1.0, 0.0, 10, 5), "low < high"),
        (lambda: Histogram(0.0, 1.0, 10**8, 5), "too large"),
        (lambda: start_positions.draw("nowhere", WELL, 3, 0), "start must be a number"),
        (lambda: start_positions.draw([1, 2], WELL, 3, 0), "start: expected one number or 1"),
        (lambda: start_positions.draw({"law": "cauchy"}, WELL, 3, 0), "start.law must be one of"),
        (lambda: start_positions.draw({"law": "uniform", "low": 2}, WELL, 3, 0), "start.low must be below"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()
