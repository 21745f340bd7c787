"""How well a law predicts the tails, as a number: against integrals of known laws, by sample and over seeds."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from gnicli.contracts.results import RunRecord, Value
from gnicli.evidence.comparison import TAIL_SHARE, compare, tail_scores
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.evidence.finding import Plan, investigate
from gnicli.experiments.sweeps import tail_gain
from gnicli.laws import Laplace, Normal, StudentT
from gnicli.stable import StableLaw


def expected(truth, law, ends):
    """E of the censored score of `law` under `truth`, both of scipy.stats, by quadrature."""
    outside = [
        integrate.quad(lambda x: truth.pdf(x) * law.logpdf(x), *part, epsabs=1e-12)[0]
        for part in ((-60.0, ends[0]), (ends[1], 60.0))
    ]
    between = truth.cdf(ends[1]) - truth.cdf(ends[0])
    return sum(outside) + between * math.log(law.cdf(ends[1]) - law.cdf(ends[0]))


@pytest.mark.parametrize("ends", [(-1.5, 2.5), (-3.0, 0.5)])
def test_scores_have_the_mean_of_the_integral(ends):
    """Of a Laplace law's draws under a Gaussian of equal variance and under themselves, with unequal tails."""
    rng = np.random.default_rng(4)
    x = rng.laplace(size=20_000)
    for own, law in ((Normal(0.0, math.sqrt(2)), stats.norm(0, math.sqrt(2))), (Laplace(0.0, 1.0), stats.laplace())):
        at = np.array(ends)
        scores = tail_scores(np.asarray(own.logpdf(x)), own.log_tails(at), x, at)
        error = scores.std() / math.sqrt(x.size)
        assert scores.mean() == pytest.approx(expected(stats.laplace(), law, ends), abs=5 * error)


def test_a_law_that_is_right_in_the_tails_scores_best_whatever_it_is_between():
    """A law with the tails of the truth and another middle has the same score: only the tails are judged."""
    ends = np.array([-1.0, 2.0])
    x = np.random.default_rng(1).standard_t(3, size=5000)
    truth = StudentT(3.0, 0.0, 1.0)
    log_pdf, tails = np.asarray(truth.logpdf(x)), truth.log_tails(ends)
    bent = np.where((x < ends[0]) | (x > ends[1]), log_pdf, log_pdf - 2 * np.abs(x))
    assert np.array_equal(tail_scores(log_pdf, tails, x, ends), tail_scores(bent, tails, x, ends))
    heavier, lighter = StudentT(1.5, 0.0, 1.0), Normal(0.0, 1.5)
    best = tail_scores(log_pdf, tails, x, ends).mean()
    for other in (heavier, lighter):
        assert tail_scores(np.asarray(other.logpdf(x)), other.log_tails(ends), x, ends).mean() < best


@pytest.mark.parametrize("seed", range(3))
def test_the_gain_is_that_of_the_part_that_no_fit_has_seen(seed):
    x = StableLaw(1.6, 0.4).rvs(1500, np.random.default_rng(seed))
    fitted = {"stable": stable_family(), "normal": OTHERS["normal"], "laplace": OTHERS["laplace"]}
    attempts = {name: (family, family.fit(x)) for name, family in fitted.items()}
    scores = compare(x, attempts, "stable", 0.2, np.random.default_rng(9))
    order = np.random.default_rng(9).permutation(1500)
    unseen, seen = order[:300], order[300:]
    ends = np.quantile(x[seen], (TAIL_SHARE / 2, 1 - TAIL_SHARE / 2))
    each = {}
    for name, family in fitted.items():
        law = family.fit(x[seen])
        inside = math.log(float(law.cdf(ends[1]) - law.cdf(ends[0]))) if name == "stable" else None
        if inside is None:
            low, high = law.log_tails(ends)
            inside = math.log(1 - math.exp(low[0]) - math.exp(high[1]))
        outer = (x[unseen] < ends[0]) | (x[unseen] > ends[1])
        each[name] = np.where(outer, law.logpdf(x[unseen]), inside)
    for name in fitted:
        gap = each[name] - each["normal"]
        assert scores[name].tail_gain == pytest.approx(gap.mean(), rel=1e-6, abs=1e-9), seed
        assert scores[name].tail_gain_stderr == pytest.approx(gap.std(ddof=1) / math.sqrt(300), rel=1e-6, abs=1e-9)
    assert scores["stable"].tail_gain > 0


def test_it_has_no_units_and_needs_held_out_samples():
    x = StableLaw(1.5, 0.0).rvs(600, np.random.default_rng(2))
    plan = Plan(n_bootstrap=0)
    one, other = (investigate(scale * x, plan).scores["stable"].tail_gain for scale in (1.0, 2.0**40))
    assert one == pytest.approx(other, rel=1e-9)
    assert math.isnan(investigate(x, Plan(n_bootstrap=0, holdout=0)).scores["stable"].tail_gain)


def record(r, seed, gain, status="completed"):
    values = {tail_gain.NAME: Value(gain)}
    return RunRecord(0, Path("0"), {"samples.r": str(r), "seed": str(seed)}, status, values, {})


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ((0.2, 0.3, 0.25), "better than"),
        ((-0.2, -0.3, -0.25), "worse than"),
        ((-0.2, 0.3, 0.25), "neither better nor worse than"),
    ],
)
def test_over_seeds_a_sentence_says_better_or_worse_where_the_interval_excludes_0(gains, verdict):
    records = [record(2, seed, gain) for seed, gain in enumerate(gains)] + [
        record(1, 0, 0.5),
        record(2, 9, 9.0, "failed"),
    ]
    (said,) = tail_gain.sentences(records)
    assert said.startswith("samples.r=2: the stable law predicts the tails")
    assert f"{verdict} the Gaussian" in said
    assert "over 3 seeds" in said
    assert said.endswith("which does not mean as well as it") == (verdict.startswith("neither"))
