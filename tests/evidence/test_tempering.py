"""Stable, or tempered: what is said of it, where it cannot be asked, and that nothing depends on the samples' unit."""

import math

import numpy as np
import pytest

from gnicli.errors import NumericalError, UsageError
from gnicli.evidence import tempering
from gnicli.evidence.finding import Plan, investigate
from gnicli.evidence.reporting import results
from gnicli.evidence.tempering import Tempering, from_plain, to_plain, untested
from gnicli.experiments import fit_stable
from gnicli.stable import StableLaw, fit
from gnicli.stable.tempered import TemperedStableLaw, TemperingTest, fit_tempered

ASKED = Tempering(500, 4.25, 0.01, 99, 0, 99, 1.23, 0.25, 0.125)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "the samples are tempered rather than stable: a tempered stable law gains 4.25 nats over the stable one"),
        ({}, "so much do 0 of 99 samples of the fitted stable law (p ≤ 0.01). The fitted one has alpha = 1.23"),
        ({}, "tails that fall off beyond 4 below and 8 above"),
        ({"p": 0.0101, "n_beyond": 1}, "is in doubt"),
        ({"p": 0.05, "n_beyond": 4}, "is in doubt: a tempered stable law gains 4.25 nats"),
        ({"p": 0.0501, "n_beyond": 5}, "that the samples are tempered is not shown: a tempered"),
        ({"p": 0.0501, "n_beyond": 5}, "5 of 99 samples of the fitted stable law (p = 0.05)"),
        ({"p": 1.0, "gain": 0.0, "n_drawn": 0}, "not shown: no tempering makes the samples likelier"),
        ({"p": 1.0, "gain": 0.0, "n_drawn": 0}, "That does not show a stable law"),
        ({"why_not": "there are too few"}, "stable or tempered was not tested: there are too few"),
    ],
)
def test_the_sentence_follows_p(changes, words):
    said = tempering.sentence(ASKED._replace(**changes))
    assert words in said
    kinds = ("tempered rather than stable", "is in doubt", "is not shown", "was not tested")
    assert sum(kind in said for kind in kinds) == 1


def test_row_and_values_are_of_what_was_tested():
    assert tempering.row(ASKED)[1:] == ("8.5", "≤ 0.01")
    assert "99 bootstrap samples" in tempering.row(ASKED)[0]
    assert tempering.row(ASKED._replace(p=0.3, n_drawn=33))[2] == "0.3"
    assert {name: value.value for name, value in tempering.values(ASKED).items()} == {
        "tempering": 8.5, "tempering_p": 0.01, "tempering_n_bootstrap": 99.0,
    }  # fmt: skip
    nothing = untested(70, "why")
    assert tempering.values(nothing) == {}
    assert tempering.row(nothing)[1:] == ("", "not tested: why")
    assert not nothing.is_shown
    assert not nothing.is_near


def test_what_is_saved_is_read_back():
    for found in (ASKED, ASKED._replace(gain=1.0 / 3.0), untested(5, "a reason")):
        assert repr(from_plain(to_plain(found))) == repr(found)


@pytest.mark.parametrize(("alpha", "words"), [(0.3, "begin at 0.5"), (2.0, "end at 1.985"), (1.3, "")])
def test_outside_of_the_domain_nothing_is_tested_and_the_row_says_why(alpha, words, monkeypatch):
    monkeypatch.setattr(tempering, "tempering_test", lambda y, *rest, tell: pytest.fail("it was tested"))
    x = StableLaw(alpha, 0.0).rvs(400, 5) if alpha < 2.0 else np.random.default_rng(5).uniform(size=400)
    why = tempering.why_not(fit(x))
    assert words in why
    assert bool(words) == bool(why)
    if words:
        asked = tempering.ask(x, fit(x), 99, np.random.default_rng(1))
        assert asked.why_not == why
        assert asked.n == 400


def test_a_fit_that_fails_is_the_reason(monkeypatch):
    def failing(*given, tell):
        raise NumericalError("no likelihood above 0")

    monkeypatch.setattr(tempering, "tempering_test", failing)
    x = StableLaw(1.3, 0.0).rvs(200, 5)
    assert tempering.ask(x, fit(x), 99, np.random.default_rng(1)).why_not == "no likelihood above 0"


def quick(p):
    """A test that takes the samples' own fit, and no null."""

    def tested(y, n_bootstrap, rng, fitted=None, tell=None):
        found = fit_tempered(y, stderr=False) if fitted is None else fitted
        return TemperingTest(2.0 * found.log_ratio, p, np.zeros(n_bootstrap), found)

    return tested


@pytest.mark.parametrize("unit", [1e-4, 3e5])
def test_the_tempered_law_stands_beside_the_others_in_the_unit_of_the_samples(monkeypatch, unit):
    monkeypatch.setattr(tempering, "tempering_test", quick(0.01))
    law = TemperedStableLaw(0.8, 0.5, 1.0, 1.0, 0.1, 0.4)
    x = unit * law.rvs(500, 7)
    found = investigate(x, Plan(n_bootstrap=0, n_tempering=99, holdout=0.2))
    own = found.scores["tempered"].law
    direct = fit_tempered(x, stderr=False)
    assert own.parameterization == "S1"
    assert own.alpha == pytest.approx(direct.law.alpha, abs=0.02)
    assert own.logpdf(x).sum() == pytest.approx(direct.log_likelihood, abs=0.02)
    assert found.scores["tempered"].log_likelihood == pytest.approx(own.logpdf(x).sum(), abs=1e-4)
    assert found.tempering.lower == pytest.approx(own.lower_tempering, rel=1e-9)
    gain = found.scores["tempered"].log_likelihood - found.scores["stable"].log_likelihood
    assert found.tempering.gain == pytest.approx(gain, abs=1e-4)
    assert math.isfinite(found.scores["tempered"].heldout)
    made = results({"": found})
    assert made.values["alpha_tempered"].value == own.alpha
    assert made.values["upper_tempering_tempered"].value == own.upper_tempering
    assert any("tempered rather than stable" in note for note in made.notes)
    assert "tempered stable" in [row[0] for row in made.tables["Laws compared"].rows]
    assert any("tempered stable against stable" in row[0] for row in made.tables["Tests"].rows)
    assert made.values["verdict"].value == "another law is better"


def test_of_many_samples_a_part_is_tested_and_all_are_fitted(monkeypatch):
    monkeypatch.setattr(tempering, "tempering_test", quick(0.5))
    x = StableLaw(1.4, 0.3).rvs(300, 8)
    found = investigate(x, Plan(n_bootstrap=0, n_tempering=99, n_tested=120, holdout=0.0))
    assert found.tempering.n == 120
    assert found.n == 300
    plain = investigate(x, Plan(n_bootstrap=0, n_tested=120, holdout=0.0))
    assert plain.tempering is None
    assert "tempered" not in plain.scores
    assert plain.scores["stable"].log_likelihood == found.scores["stable"].log_likelihood
    assert plain.outcome is found.outcome


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"n_tempering": 98}, "98; take 0"),
        ({"n_tempering": 1}, "cannot reject at 1 %"),
        ({"n_tempering": -1}, "n_tempering"),
        ({"n_tempering": 99, "law": "student"}, "law=student"),
        ({"n_tempering": 99, "fixed": {"beta": 0.0}}, "fixed="),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(keys, words):
    with pytest.raises(UsageError, match=words) as caught:
        fit_stable.FitStableConfig(samples=None, **keys)
    assert "\n" not in str(caught.value)
    fit_stable.FitStableConfig(samples=None, **(keys | {"n_tempering": 0}))


@pytest.mark.slow
def test_draws_of_a_tempered_law_are_told_from_a_stable_one():
    x = TemperedStableLaw(0.8, 0.5, 1.0, 1.0, 0.1, 0.4).rvs(500, 7)
    found = investigate(x, Plan(n_bootstrap=0, n_tempering=99, holdout=0.0))
    assert found.tempering.is_shown
    assert found.tempering.n_drawn == 99
