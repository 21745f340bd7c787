"""Paths of arms: what is recorded, what diverges, and what their comparison says."""

import math

import numpy as np
import pytest
from measured_cases import Bowl, laws
from scipy import stats

from gnicli.contracts.observer import SilentObserver
from gnicli.model.measured import comparison
from gnicli.model.measured.arms import Descent, Model, Training
from gnicli.model.measured.comparison import Comparison, Effect, compare, effect, ks_distance, standing, told_apart
from gnicli.model.measured.paths import RUNAWAY, Path, Records, follow, ran_away, traced
from gnicli.model.measured.results import sentences


def test_descent_on_a_parabola_is_recorded_as_it_is():
    """w_k = (1 − ηc)^k w_0 in closed form."""
    curvatures, eta = np.array([1.0, 0.3, 2.0, 0.0]), 0.1
    start = np.random.default_rng(0).normal(size=(4, 3))
    records = Records(11, 3, np.array([0, 2]), kept=(0, 4, 11))
    path = follow(Descent(Bowl(curvatures), eta), Bowl(curvatures), start, records, SilentObserver())

    def at(k):
        return (1 - eta * curvatures[:, None]) ** k * start

    assert records.steps.tolist() == [0, 3, 6, 9]
    for row, step in enumerate(records.steps.tolist()):
        assert path.loss[row] == pytest.approx(1 + (curvatures[:, None] * at(step) ** 2).sum(axis=0) / 2)
        assert path.distance[row] == pytest.approx(np.linalg.norm(at(step) - start, axis=0), abs=1e-12)
        if row:
            assert path.increments[row - 1] == pytest.approx((at(step) - at(step - 1))[[0, 2]])
    for kept, step in zip(path.weights, (0, 4, 11), strict=True):
        assert kept == pytest.approx(at(step))
    assert path.ends == pytest.approx(at(11))
    assert (path.diverged_by == -1).all()


def test_a_chain_diverges_where_its_weights_overflow_or_its_recorded_loss_runs_away():
    """ηc = 12, so |w| = 11^k: the loss 1 + 0.6 w² exceeds 1e10 times its start long before w overflows."""
    bowl, start = Bowl([1.2]), np.array([[1.0, 0.0, 1e-200]])
    path = follow(Descent(bowl, 10.0), bowl, start, Records(700, 50, np.array([0])), SilentObserver())
    assert path.diverged_by.tolist() == [50, -1, 200]  # from 1e-200 beyond 1.3e5 after 197 steps
    assert np.isfinite(path.loss[:, 1]).all()
    assert np.isfinite(path.loss[:4, 2]).all()
    assert np.isnan(path.loss[4:, 2]).all()
    assert np.isnan(path.distance[4:, 2]).all()
    assert np.isnan(path.ends[0, [0, 2]]).all()
    rough = follow(Descent(bowl, 10.0), bowl, start, Records(700, 350, np.array([0])), SilentObserver())
    assert rough.diverged_by.tolist() == [
        1 + math.ceil(math.log(np.finfo(float).max / 12, 11)),
        -1,
        350,
    ]  # 12 w overflows first


def test_a_chain_runs_away_at_a_multiple_of_its_own_loss_at_the_start():
    start, beyond = np.array([3e-8, 2.0, 5e7, 0.0, 1.0, 1.0]), 1 + 1e-12
    assert not ran_away(start * RUNAWAY / beyond, start).any()
    above = np.array([*(start[:3] * RUNAWAY * beyond), 1e300, np.nan, np.inf])
    assert ran_away(above, start).tolist() == [True, True, True, False, True, True]  # a start at 0 has no multiples


@pytest.mark.parametrize("growth", [0.5, 3.0, 40.0])
def test_each_chain_diverges_at_the_first_row_whose_loss_is_too_large(growth):
    """w_k = (−growth)^k w_0 under a loss of 1 + w²/2, by hand; those that never get there stay."""
    start = np.array([[0.3, 7.0, -900.0, 0.0]])
    path = follow(Descent(Bowl([1.0]), 1 + growth), Bowl([1.0]), start, Records(30, 1, np.array([0])), SilentObserver())
    loss = 1 + (growth ** np.arange(31)[:, None] * start) ** 2 / 2
    lost = loss > RUNAWAY * loss[0]
    expected = np.where(lost.any(axis=0), lost.argmax(axis=0), -1)
    assert path.diverged_by.tolist() == expected.tolist()
    assert (expected >= 0).sum() == (3 if growth > 1 else 0)
    assert np.array_equal(np.isnan(path.loss), np.maximum.accumulate(lost, axis=0))


@pytest.mark.filterwarnings("error")
def test_a_distance_that_overflows_under_a_bounded_loss_is_a_divergence():
    bowl, flat = Bowl([1.2]), Bowl([0.0])
    path = follow(Descent(bowl, 10.0), flat, np.array([[1.0, 0.0]]), Records(200, 10, np.array([0])), SilentObserver())
    assert path.diverged_by.tolist() == [150, -1]  # 11^150 = 1e156, whose square is no float
    assert np.isfinite(path.distance[:15]).all()


def test_training_of_another_first_chain_has_other_draws():
    asked = []

    def gradients(step, w, columns):
        asked.append((step, list(columns)))
        return np.zeros_like(w)

    Training(gradients, 0.1, 7).step(4, np.ones((2, 3)), np.array([0, 2, 5]))
    assert asked == [(4, [7, 9, 12])]


def test_traced_weights_are_of_every_layer():
    layers = np.repeat([1, 2, 3], [5, 400, 1])
    found = traced(layers, 32)
    assert np.bincount(layers[found]).tolist() == [0, 5, 32, 1]
    assert 5 in found
    assert 404 in found


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    rng = np.random.default_rng(4)
    for n, m in ((2, 5), (30, 7), (200, 333)):
        a, b = np.sort(rng.normal(size=n).round(1)), np.sort(rng.normal(0.4, 1, size=m).round(1))  # with ties
        assert ks_distance(a, b) == pytest.approx(stats.ks_2samp(a, b, method="asymp").statistic, abs=1e-14)


def test_an_effect_is_a_mean_with_students_intervals():
    values = np.array([0.2, -0.1, 0.5, np.nan, 0.3])
    found, kept = effect(values), values[[0, 1, 2, 4]]
    own = stats.ttest_1samp(kept, 0)
    assert (found.mean, found.n) == (pytest.approx(kept.mean()), 4)
    assert found.interval == pytest.approx(tuple(own.confidence_interval(0.95)))
    assert found.inner == pytest.approx(tuple(own.confidence_interval(0.90)))
    assert effect(np.array([np.nan, 2.0])).n == 1


N, SIZES, LAYERS = 12, (12, 20), np.repeat([1, 2], [12, 20])
LAWS = laws([1.6, 1.9], [0.6, -0.8], [0.4, 1.0], N)


def bowl_path(seed, stream, factor=1.0, start=None):
    bowl = Bowl(np.linspace(0.2, 1.5, 32))
    found = LAWS._replace(scale=factor * LAWS.scale)
    model = Model(bowl, 0.1, LAYERS, [found], [np.ones((32, N), bool)], seed, stream=stream)
    return follow(model, bowl, start, Records(64, 4, np.arange(32)), SilentObserver())


def test_draws_of_the_model_itself_are_told_apart_at_the_nominal_rate_and_twice_the_scale_always():
    """The control: "training" is the model with other draws. Of 80 seeds; limits hold with probability 0.999."""
    n, apart, outside, doubled, higher = 80, 0, 0, 0, 0
    for seed in range(n):
        start = np.random.default_rng(seed).normal(size=(32, N))
        real, again, own = (bowl_path(seed, stream, start=start) for stream in (1, 2, 0))
        found = compare(own, real, again, LAYERS)
        apart += bool(told_apart(found.increments))
        outside += not found.loss.interval[0] <= 0 <= found.loss.interval[1]
        twice = compare(bowl_path(seed, 0, 2.0, start), real, again, LAYERS)
        doubled += told_apart(twice.increments) == [1, 2]
        higher += twice.loss.interval[0] > 0
    most = stats.binom.isf(1e-3, n, 0.05)
    assert apart <= most, apart
    assert outside <= most, outside
    assert doubled == n, doubled
    assert higher >= 0.8 * n, higher  # losses have heavy tails, and some intervals are wide


def test_the_excess_changes_its_sign_where_arm_and_training_again_change_places():
    start = np.random.default_rng(5).normal(size=(32, N))
    real, again, own = (bowl_path(9, stream, 1 + stream, start) for stream in (0, 1, 2))
    here = LAYERS == 2
    one, other = comparison.excess(own, real, again, here), comparison.excess(again, real, own, here)
    assert one[0] == pytest.approx(-other[0], abs=1e-14)
    assert np.abs(one[0]).min() > 0


def test_a_model_of_the_right_scale_is_nearer_to_training_than_one_of_twice_the_scale():
    start = np.random.default_rng(8).normal(size=(32, N))
    real, again, own = (bowl_path(6, stream, start=start) for stream in (1, 2, 0))
    twice = bowl_path(6, 0, 2.0, start)
    far, near = (compare(path, real, again, LAYERS) for path in (twice, own))
    found, other = comparison.nearer(near, far), comparison.nearer(far, near)
    assert found.interval[0] > 0
    assert (other.mean, other.stderr) == (pytest.approx(-found.mean), pytest.approx(found.stderr))
    of_layers = zip(far.distances, near.distances, strict=True)
    assert found.mean == pytest.approx(np.mean([a.mean - b.mean for a, b in of_layers]))
    layers = (LAYERS == 1, LAYERS == 2)
    both = [[comparison.excess(path, real, again, here)[1] for here in layers] for path in (twice, own)]
    assert found == effect(np.mean(both[0], axis=0) - np.mean(both[1], axis=0))
    assert comparison.nearer(near, near).mean == 0


def test_rows_after_a_divergence_count_for_no_arm_and_a_chain_without_rows_is_left_out():
    start = np.random.default_rng(5).normal(size=(32, N))
    real, again, own = (bowl_path(3, stream, start=start) for stream in (1, 2, 0))
    whole, _ = comparison.excess(own, real, again, LAYERS == 1)
    short = [path._replace(increments=path.increments[:5]) for path in (own, real, again)]
    cut = own._replace(increments=own.increments.copy(), loss=own.loss.copy())
    cut.increments[5:, :, 4], cut.increments[:, :, 6], cut.loss[10:, 4] = np.nan, np.nan, np.nan
    found, _ = comparison.excess(cut, real, again, LAYERS == 1)
    assert found[4] == comparison.excess(*short, LAYERS == 1)[0][4]
    assert np.isnan(found[6])
    others = [chain for chain in range(N) if chain not in (4, 6)]
    assert np.array_equal(found[others], whole[others])
    assert compare(cut, real, again, LAYERS).loss.n == N - 1


def test_losses_are_compared_over_the_last_tenth_of_the_steps():
    empty = np.zeros((40, 1, 3))
    loss = np.ones((41, 3))
    doubled = loss.copy()
    doubled[-4:] = [2.0, 2.0, 4.0]
    doubled[:-4] = 100.0
    paths = [Path(each, loss, empty, empty, loss, np.full(3, -1)) for each in (doubled, loss)]
    found = compare(paths[0], paths[1], paths[1], np.array([1]))
    assert found.loss.mean == pytest.approx(4 / 3 * math.log(2))
    assert found.distance.mean == 0


def compared(mean, stderr, increments=0.0, diverged=(), n=16):
    reach = stats.t.ppf([0.975, 0.95], n - 1) * stderr
    loss = Effect(mean, stderr, (mean - reach[0], mean + reach[0]), (mean - reach[1], mean + reach[1]), n)
    over = Effect(increments, 0.01, (increments - 0.02, increments + 0.02), (0, 0), n)
    none = Effect(0.0, 0.01, (-0.02, 0.02), (-0.02, 0.02), n)
    return Comparison(loss, loss, (none, over), (none, over), n, tuple(diverged), np.zeros((2, n)))


@pytest.mark.parametrize(
    ("mean", "stderr", "expected"),
    [
        (0.0, 0.02, "within"),  # 90 % interval ± .035, margin .0488
        (0.0, 0.03, "open"),  # ± .053
        (0.02, 0.01, "within"),  # significantly not 0, and yet within
        (0.03, 0.012, "open"),
        (0.1, 0.02, "outside"),  # 95 % interval from .057
        (0.1, 0.03, "open"),  # from .036: it excludes 0, but not the margin
        (-0.1, 0.02, "outside"),
        (-0.03, 0.012, "open"),
        (math.nan, math.nan, "open"),
    ],
)
def test_where_a_loss_stands(mean, stderr, expected):
    assert standing(compared(mean, stderr)) == expected
    assert standing(compared(mean, stderr, diverged=[3])) == "diverged"


def test_layers_are_told_apart_at_a_level_for_all_of_them():
    limit = 0.01 * stats.t.isf(0.025, 15)  # of two layers
    assert told_apart(compared(0, 0.02, 1.01 * limit).increments) == [2]
    assert told_apart(compared(0, 0.02, 0.99 * limit).increments) == []
    assert told_apart(compared(0, 0.02, -1.0).increments) == []  # nearer than training's own others


def test_sentences_say_which_models_follow_and_which_do_not():
    found = {
        "again": compared(0.0, 0.01),
        "levy": compared(0.0, 0.01, 0.5, diverged=[13, 40, 41]),
        "symmetric": compared(0.3, 0.01, 0.5),
        "brownian": compared(0.01, 0.01),
        "descent": compared(-0.03, 0.02, 0.5),
    }
    first, apart, same = sentences(found)
    assert first.startswith(
        "Within 5 % of the clean loss of training at the end: Brownian (2.6) (+1.01 %, 95 % interval −1.13 to "
        "+3.18 %); not within: symmetric stable (2.7) (+35 %"
    )
    assert "; undecided: gradient descent (−2.96 %" in first
    assert first.endswith("; diverged: stable by layer (4.3) (3 of 16 chains, the first by step 13).")
    assert "training with other draws" not in first
    assert apart == (
        "One-step increments are told apart from those of training: stable by layer (4.3) in layer 2, symmetric "
        "stable (2.7) in layer 2, gradient descent in layer 2."
    )
    assert same.startswith("In no layer are one-step increments told apart from those of training: Brownian (2.6).")
    del found["brownian"]
    lines = sentences(found)
    assert lines[0].startswith(
        "Within 5 % of the clean loss of training at the end: none; not within: symmetric stable (2.7) (+35 %"
    )
    assert len(lines) == 2
    assert sentences({"levy": compared(0, 0.01, diverged=[2] * 16, n=16)})[0] == (
        "Within 5 % of the clean loss of training at the end: none; diverged: stable by layer (4.3) (16 of 16 chains, "
        "the first by step 2)."
    )
