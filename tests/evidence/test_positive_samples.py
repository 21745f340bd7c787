"""The laws for positive samples: where they are compared, that the right one is named, and what they forbid."""

import math

import numpy as np
import pytest

from gnicli.errors import DataError
from gnicli.evidence import law_table
from gnicli.evidence.comparison import compare
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.evidence.finding import Plan, investigate
from gnicli.evidence.goodness import assess
from gnicli.evidence.reporting import results
from gnicli.evidence.verdict import Outcome
from gnicli.laws import Gamma, LogNormal, Pareto, Weibull
from gnicli.stable import StableLaw

POSITIVE = {"log_normal", "gamma", "weibull", "pareto"}
TRUTHS = {
    "log-normal law": LogNormal(0.3, 0.8),
    "gamma law with shape 2": Gamma(2.0, 3.0),
    "Weibull law with shape 0.7": Weibull(0.7, 3.0),
    "Pareto law with tail index 1.5": Pareto(1.5, 3.0),
}
UNTESTED = Plan(n_bootstrap=0)


def sample(law, n=2000, seed=0):
    return law.rvs(n, np.random.default_rng(seed))


@pytest.mark.parametrize("words", TRUTHS)
def test_the_law_that_drew_the_samples_is_named_and_no_other(words):
    law = TRUTHS[words]
    found = investigate(sample(law), UNTESTED)
    assert found.outcome is Outcome.BETTER
    begin, _, number = words.partition("law")
    assert f"A {begin}law" in found.sentence
    if number:  # the shape is the fitted one
        fitted = found.scores[law.name].family.parameters(found.scores[law.name].law)
        assert f"{number.split(' ')[-2]} {next(iter(fitted.values())):.3g} predicts" in found.sentence
    finite = {name: score.heldout for name, score in found.scores.items() if math.isfinite(score.heldout)}
    assert max(finite, key=finite.__getitem__) == law.name
    assert min(found.scores, key=lambda name: found.scores[name].aic) == law.name


def test_a_one_sided_stable_law_is_behind_none_of_them():
    found = investigate(sample(StableLaw(0.7, 1.0)), UNTESTED)
    assert found.scores.keys() >= POSITIVE
    assert found.outcome is Outcome.UNTESTED
    assert "is ahead of every other law tried" in found.sentence
    assert min(found.scores, key=lambda name: found.scores[name].aic) == "stable"


@pytest.mark.parametrize("least", [0.0, -1e-3])
def test_one_sample_that_is_not_positive_leaves_them_out(least):
    x = sample(Gamma(2.0))
    assert investigate(x, UNTESTED).scores.keys() >= POSITIVE
    x[7] = least
    found = investigate(x, UNTESTED)
    assert not found.scores.keys() & POSITIVE
    assert not any(OTHERS[name].words in found.sentence for name in POSITIVE)
    assert not any(note for note in results({"": found}).notes if "was fitted" in note)
    with pytest.raises(DataError, match="law=gamma: 1 of 2000 samples are not above 0"):
        investigate(x, Plan(law="gamma", n_bootstrap=0))


@pytest.mark.parametrize("law", [Gamma(2.0, 3.0), Weibull(0.7, 3.0), Pareto(1.5, 3.0)], ids=lambda law: law.name)
def test_a_law_in_front_is_tested_and_has_errors_from_the_bootstrap(law):
    def tested(x):
        return assess(x, OTHERS[law.name], seed=0, n_bootstrap=25, with_blocks=False, is_short=False)

    right, wrong = tested(sample(law, 400)), tested(sample(LogNormal(0.0, 1.5), 400))
    assert right.p_values.keys() == {"ks", "ad"}
    assert min(right.p_values.values()) > 0.03
    fitted = type(law).fit(sample(law, 400)).parameters()
    for name, truth in law.parameters().items():
        assert abs(fitted[name] - truth) < 5 * right.stderr[name]
    assert wrong.p_values["ad"] == pytest.approx(1 / 26)


# ------------------------------------------------------------------------------------------------------- held out below


def scores_of(x, seed):
    fitted = {name: (OTHERS[name], OTHERS[name].fit(x)) for name in ("pareto", "gamma")}
    return compare(x, fitted, "gamma", 0.2, np.random.default_rng(seed))


def test_held_out_samples_below_a_pareto_scale_are_impossible_and_counted():
    """The smallest sample is held out for one seed in five; the fit of the others then gives it density 0."""
    x = np.sort(sample(Pareto(2.0), 500))
    counts = []
    for seed in range(40):
        score = scores_of(x, seed)["pareto"]
        assert score.n_heldout == 100
        counts.append(score.n_impossible)
        cell = law_table.table({"pareto": score, "gamma": scores_of(x, seed)["gamma"]}, "gamma", None, 500).rows[0][3]
        if score.n_impossible:
            assert score.heldout == score.heldout_gap == -math.inf
            assert cell == f"−∞: density 0 at {score.n_impossible} of 100"
        else:
            assert math.isfinite(score.heldout)
            assert cell == f"{score.heldout_gap:+.4f} ± {score.heldout_gap_stderr:.4f}"
    # 0.2 within 4 standard errors; each further count needs one more of the smallest to be held out
    assert abs(np.mean(np.array(counts) > 0) - 0.2) < 4 * math.sqrt(0.2 * 0.8 / 40)
    assert max(counts) >= 2


# ----------------------------------------------------------------------------------------------------------- parameters


@pytest.mark.parametrize("own", ["stable", "student", "weibull"])
def test_fitted_parameters_of_every_law_are_results_and_stand_in_its_row(own):
    x = sample(Weibull(1.4, 3.0), 300)
    found = investigate(x, Plan(law=own, parameterization="S0", n_bootstrap=0))
    everything = results({"": found})
    rows = {row[0]: row for row in everything.tables["Laws compared"].rows}
    for name, score in found.scores.items():
        family = OTHERS.get(name) or stable_family()
        exact = family.parameters(found.fit.law if name == "stable" else family.fit(x))
        suffix = "" if name == own else f"_{name}"
        for parameter, value in exact.items():
            assert everything.values[parameter + suffix].number == pytest.approx(value, rel=1e-6)
        assert rows[score.family.words][-1] == ", ".join(f"{p} = {value:.4g}" for p, value in exact.items())
    assert everything.values["df_student" if own != "student" else "df"].n == 300
    alpha = everything.values["alpha" if own == "stable" else "alpha_stable"]
    assert (alpha.stderr, alpha.ci95) == (found.fit.alpha_stderr, found.fit.ci95("alpha"))


def test_groups_keep_their_parameters_apart():
    findings = {name: investigate(sample(law, 200), UNTESTED) for name, law in (("a", Gamma(2.0)), ("b", Gamma(9.0)))}
    values = results(findings).values
    assert values["shape_gamma/a"].number < 4 < values["shape_gamma/b"].number
