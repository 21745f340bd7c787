"""Mixing against ArviZ, and what is told of chains: that they mix, are stuck, drift, or have one among them that is."""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from gnicli.errors import NumericalError
from gnicli.sde import LevyNoise, mixing, simulate
from gnicli.sde.loop import Plan
from gnicli.sde.mixing import Mixing

N = 1000


def autoregression(rho, n, m, seed):
    """Stationary chains (n, m) of variance 1 whose neighbors are correlated by rho."""
    drawn = np.random.default_rng(seed).standard_normal((n + 200, m))
    return lfilter([math.sqrt(1 - rho**2)], [1, -rho], drawn, axis=0)[200:]


def judged(x):
    """The mixing of chains (n_steps, n_chains), all of whose positions are in the trace."""
    return mixing.of_trace(x[:, None], 1, x.size)


def told(x):
    return mixing.sentences(judged(x), "SO")


# --------------------------------------------------------------------------------------------------------------- ArviZ


def cases():
    rng = np.random.default_rng(11)
    yield "slow", rng.standard_normal((40, 4)).cumsum(axis=0) * 0.3 + rng.standard_normal((40, 4))
    odd = rng.standard_normal((101, 6))
    for i in range(1, 101):
        odd[i] = 0.6 * odd[i - 1] + 0.8 * odd[i]
    yield "odd length", odd
    yield "heavy tails", rng.standard_cauchy((60, 5))
    wells = rng.standard_normal((50, 4))
    wells[:, 2:] += 2.5
    yield "two wells", wells
    narrow = rng.standard_normal((50, 4))
    narrow[:, 0] *= 0.1
    yield "one narrow", narrow
    alternating = rng.standard_normal((80, 3))
    alternating[1:] -= 0.7 * alternating[:-1]
    yield "alternating", alternating
    yield "ties", rng.integers(0, 4, (64, 4)).astype(float)
    yield "single", rng.standard_normal((30, 1)).cumsum(axis=0)
    yield "shortest", rng.standard_normal((4, 3))


# arviz.rhat(x.T), arviz.ess(x.T, method="bulk") and method="tail" of ArviZ 0.23.4, which has no split-R̂ of one chain.
ARVIZ = {
    "slow": (1.366569634302203, 10.863759686122545, 14.840851396211676),
    "odd length": (1.0140417492004317, 196.98211294756, 236.6530332954916),
    "heavy tails": (1.0084530888014955, 244.83986032000368, 139.60080751164412),
    "two wells": (1.5971642037551879, 7.826465331468628, 157.23957195894297),
    "one narrow": (1.293419244600832, 158.5815254526268, 194.79383347265696),
    "alternating": (0.9961105787775256, 571.2506980107854, 257.55674425328914),
    "ties": (1.0089083357143298, 263.54225371140285, 256.0),
    "single": (None, 2.612926731882145, 16.14280833618039),
    "shortest": (1.0759457155797036, 12.9501749525715, 12.9501749525715),
}


@pytest.mark.parametrize(("name", "x"), list(cases()), ids=list(ARVIZ))
def test_split_rhat_and_effective_sample_sizes_are_those_of_arviz(name, x):
    rhat, bulk, tail = ARVIZ[name]
    assert mixing.effective_sample_size(x) == pytest.approx(bulk, rel=1e-12)
    assert mixing.tail_effective_sample_size(x) == pytest.approx(tail, rel=1e-12)
    assert rhat is None or mixing.split_rhat(x) == pytest.approx(rhat, rel=1e-12)


# ------------------------------------------------------------------------------------------- from both sides, by scene


def test_chains_that_mix_are_not_warned_of():
    assert told(autoregression(0.5, N, 64, 1)) == []
    assert judged(autoregression(0.5, N, 64, 1)).mixed


def test_heavy_tails_that_mix_are_not_warned_of():
    """Positions without a mean. Ranks do not change under an increasing function."""
    x = autoregression(0.5, N, 64, 1)
    heavy = np.sinh(9 * x) ** 3
    assert told(heavy) == []
    for one, other in zip(judged(heavy), judged(x), strict=True):
        assert one == pytest.approx(other, rel=1e-3)  # folding is no increasing function, but nearly symmetric here


@pytest.mark.parametrize(("apart", "stuck"), [(3.0, True), (0.9, False)])
def test_chains_in_two_wells_are_warned_of(apart, stuck):
    x = autoregression(0.5, N, 8, 2) + np.where(np.arange(8) < 4, -apart / 2, apart / 2)
    found = judged(x)
    assert found.stuck == stuck
    assert not found.mixed
    first, *_ = told(x)
    assert first.startswith(f"the chains have not mixed (split-R̂ {found.rhat:.3g}, should be below 1.05): SO; take ")
    assert not any("apart" in sentence for sentence in told(x))  # halves of the chains, none of them alone


@pytest.mark.parametrize(("place", "width"), [(1.0, 0.1), (0.0, 0.05), (-2.0, 0.3)])
def test_one_stuck_chain_of_many_is_found_though_split_rhat_is_good(place, width):
    x = autoregression(0.5, N, 64, 3)
    assert told(x) == []
    x[:, 17] = place + width * x[:, 17]
    found = judged(x)
    assert found.rhat < mixing.MIXED
    assert (found.chain, found.mixed) == (17, False)
    (sentence,) = told(x)
    assert sentence.startswith("chain 18 stays apart from the others (p = ")
    assert f"though split-R̂ is {found.rhat:.3g}: SO; take more steps" in sentence


def test_one_stuck_chain_of_few_is_found_by_split_rhat():
    x = autoregression(0.5, N, 6, 3)
    x[:, 2] = 2 + 0.1 * x[:, 2]
    assert told(x)[0].startswith("the chains have not mixed")


def test_a_rare_well_that_few_chains_visit_is_no_stuck_chain():
    """A chain in a hundred steps is away for 25: most of 64 chains of 1000 steps go there a few times, some never."""
    rng = np.random.default_rng(5)
    x = autoregression(0.5, N, 64, 4)
    for chain, start in zip(*np.nonzero(rng.random((64, N)) < 4e-4), strict=True):
        x[start : start + 25, chain] += 6
    assert told(x) == []


@pytest.mark.parametrize(("way", "word"), [(0.0, None), (0.5, "the chains drift"), (3.0, "the chains have not mixed")])
def test_a_slow_drift_of_all_chains_is_found_before_split_rhat_finds_it(way, word):
    x = autoregression(0.5, N, 64, 6) + np.linspace(0, way, N)[:, None]
    if word is None:
        assert told(x) == []
    else:
        (sentence,) = told(x)
        assert sentence.startswith(word)
        assert ": SO; take " in sentence
        assert "a longer burn_in" in sentence


def test_p_values_are_uniform_where_nothing_is_wrong():
    drifts, aparts = [], []
    for seed in range(200):
        x = autoregression(0.0, 40, 12, seed)
        drifts.append(mixing.drift(x))
        aparts.append(mixing.apart(x)[1])
    for p_values in (drifts, aparts):
        for level in (0.1, 0.3):  # that of the farthest chain is an upper bound
            assert np.mean(np.array(p_values) < level) < level + 3 * math.sqrt(level * (1 - level) / 200)
    assert np.mean(np.array(drifts) < 0.5) == pytest.approx(0.5, abs=3 * math.sqrt(0.25 / 200))


@pytest.mark.parametrize("n_chains", [1, 2])
def test_few_chains_are_judged_by_what_they_show(n_chains):
    x = autoregression(0.3, N, n_chains, 7)
    assert mixing.apart(x) == (0, 1.0)
    assert (mixing.drift(x) == 1) == (n_chains == 1)
    assert told(x) == []


def test_chains_that_do_not_move_are_stuck_unless_they_are_at_one_place():
    still = np.tile(np.arange(6.0), (20, 1))
    assert judged(still).stuck
    assert judged(np.zeros((20, 6))).mixed


@pytest.mark.parametrize(
    ("found", "sentences"),
    [
        (Mixing(1.05, 100, 100), []),
        (Mixing(1.06, 100, 100), ["the chains have not mixed (split-R̂ 1.06, should be below 1.05): SO; take more"]),
        (Mixing(1.0, 99, 100), ["the effective sample size of the recorded positions is 99, should be at least 100: "]),
        (
            Mixing(1.0, 100, 99.4),
            ["the effective sample size of the recorded positions is 99.4 in the tails (5 and 95 %), should be at"],
        ),
        (Mixing(2.0, 14, 11), ["the chains have not mixed", "the effective", "the effective"]),
        (Mixing(1.0, 100, 100, drift=1.1e-6), []),
        (Mixing(1.0, 100, 100, drift=0.9e-6), ["the chains drift: all together change from the first half"]),
        (Mixing(1.06, 100, 100, drift=0.9e-6), ["the chains have not mixed"]),
        (Mixing(1.0, 100, 100, apart=1.1e-12), []),
        (Mixing(1.0, 100, 100, apart=0.9e-12, chain=6), ["chain 7 stays apart from the others (p = 9e-13)"]),
        (Mixing(1.3, 100, 100, apart=0.9e-12), ["the chains have not mixed"]),
        (mixing.UNKNOWN, ["mixing is not judged: too few chains are finite, or too few of their steps are recorded"]),
    ],
)  # fmt: skip
def test_each_sentence_has_its_condition(found, sentences):
    said = mixing.sentences(found, "SO")
    assert len(said) == len(sentences)
    for own, beginning in zip(said, sentences, strict=True):
        assert own.startswith(beginning)


def test_exploded_chains_are_left_out_and_numbers_are_those_of_all_chains():
    x = autoregression(0.5, N, 64, 8)
    x[:, 40] = 1 + 0.1 * x[:, 40]
    x[10:, 3] = np.nan
    found = judged(x)
    assert found.chain == 40
    assert found.rhat == mixing.split_rhat(np.delete(x, 3, axis=1))
    assert judged(np.full((100, 2), np.nan)) is mixing.UNKNOWN
    for function in (mixing.split_rhat, mixing.effective_sample_size, mixing.tail_effective_sample_size):
        with pytest.raises(NumericalError, match="at least 4 recorded steps"):
            function(np.full((100, 2), np.nan))


# --------------------------------------------------------------------------------------------------------- the library


def test_the_library_warns_of_chains_that_have_not_mixed_and_not_of_others():
    """pytest makes every warning an error, so the second call has none."""
    keys = {"step": 0.05, "n_chains": 64, "seed": 1}
    with pytest.warns(
        UserWarning, match=r"^the chains have not mixed \(split-R̂ 1\.[2-9].*no mean has a standard error"
    ):
        short = simulate("double_well", LevyNoise(1.5, 0.5, 0.6), n_steps=200, **keys)
    assert short.means["w"][0].stderr is None
    long = simulate("double_well", LevyNoise(1.5, 0.5, 0.6), n_steps=2000, **keys)
    assert long.mixing.mixed
    assert long.means["w"][0].stderr > 0


# ------------------------------------------------------------------------------------------------------------- weights


@pytest.mark.parametrize("power", [0.0, 0.3, 0.6, 0.9])
def test_independent_records_of_unequal_weight_are_worth_what_kish_says(power):
    """(Σw)²/Σw² of each chain; with equal weights all of them."""
    w = np.arange(1, 601) ** -power
    x = np.random.default_rng(4).standard_normal((600, 1, 60))
    found = mixing.of_trace(x, 1, 60 * w.sum(), w)
    assert found.ess == pytest.approx(60 * w.sum() ** 2 / (w**2).sum(), rel=0.15)  # 2 to 7 % of it by chance
    assert found.rhat < 1.03


@pytest.mark.parametrize(("power", "rate"), [(0.4, 4.0), (0.6, 10.0), (0.8, 30.0)])
def test_weighted_means_have_the_variance_that_the_effective_sample_size_says(power, rate):
    """Chains that forget at a rate in time, at steps that get shorter: Var of the weighted mean times ess is Var."""
    rng = np.random.default_rng(8)
    steps = 0.3 * np.arange(1, 1501) ** -power
    n = 2000
    x = np.empty((len(steps), n))
    here = rng.standard_normal(n)
    for row, step in enumerate(steps):
        kept = math.exp(-rate * step)
        here = kept * here + math.sqrt(1 - kept**2) * rng.standard_normal(n)
        x[row] = here
    means = steps @ x / steps.sum()
    traced, total = x[:, None, :64], n * steps.sum()
    found = mixing.of_trace(traced, 1, total, steps)
    # The variance over 2000 chains is known to 3 %, the sample size of 64 chains to some 6 %.
    assert found.ess / n * means.var() == pytest.approx(1, rel=0.15)
    # Counted in steps instead of time the errors would be too small.
    assert mixing.of_trace(traced, 1, x.size).ess / n * means.var() < 0.9
    # One row in three of the trace, with the weight of those that it stands for: what it does not show is not counted.
    third = mixing.of_trace(traced[::3], 3, total, steps.reshape(-1, 3).sum(axis=1))
    assert 0.3 * found.ess < third.ess < 1.05 * found.ess
    assert power > 0.4 or third.ess == pytest.approx(found.ess, rel=0.1)


def test_a_plan_gives_each_row_of_a_trace_the_weight_of_its_records():
    plan = Plan(97, 3, 0.2, eta_power=0.7, burn_in=11, thin=4)
    etas = 0.2 * np.arange(1, 98) ** -0.7
    recorded = [step for step in range(1, 98) if step > 11 and step % 4 == 0]
    assert len(recorded) == plan.n_recorded
    rows = len(recorded) // 3
    assert plan.spans(rows, 3) == pytest.approx(
        [sum(etas[step - 1] for step in recorded[3 * row : 3 * row + 3]) for row in range(rows)]
    )
