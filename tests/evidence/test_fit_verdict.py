"""Every sentence of the verdict, from both sides of the condition that it is said under."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnicli.evidence import p_values
from gnicli.evidence.blocks import Block
from gnicli.evidence.comparison import LEAST_LEAD, Lead, Ratio, Rival
from gnicli.evidence.finding import _at_least
from gnicli.evidence.goodness import Goodness
from gnicli.evidence.p_values import DOUBT, LEVEL
from gnicli.evidence.tempering import Tempering
from gnicli.evidence.verdict import Evidence, Outcome, decide, fit_sentence
from gnicli.stable import StableLaw, fit

UP = [Block(1, 1000, 1.6, 0.03), Block(16, 62, 1.93, 0.04)]
DOWN = [Block(1, 1000, 1.6, 0.03), Block(16, 62, 1.5, 0.1)]
OUT, IN = Ratio(40.0, LEVEL), Ratio(0.4, LEVEL * 1.01)


def fit_tests(together, planned=199, done=0, **p):
    """The tests of a stable law, with p-values that do not decide beside the one of all together."""
    p = {"ks": 0.4, "ad": 0.3, "rival": 0.5} | p
    return Goodness(1000, done or planned, dict.fromkeys(p, 1.0), p, {}, together, planned)


def lead(nats, z):
    return Lead(nats, abs(nats / z) if z else 1.0, z)


def rival(nats, z, words="Student t law with 3 degrees of freedom", over_normal=None):
    """A law ahead of the stable one by `nats`, and the stable one behind it by as much."""
    return Rival(words, lead(nats, z), over_normal or lead(-50.0, -5.0), lead(-nats, -z))


BEHIND, NEAR, AHEAD = rival(-40.0, -5.0), rival(1.0, 0.4), rival(9.0, 2.5)


def evidence(**changes):
    known = {"ratio": OUT, "tests": fit_tests(0.6), "blocks": UP, "rivals": {"student": BEHIND}}
    return Evidence(1000, "1.6 (1.5 … 1.7)", **(known | changes))


def said(**changes):
    return decide(evidence(**changes))


# ------------------------------------------------------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    ("outcome", "on_this_side", "on_the_other"),
    [
        (Outcome.REJECTED, {"tests": fit_tests(LEVEL)}, {"tests": fit_tests(LEVEL * 1.01)}),
        (Outcome.REJECTED, {"tests": fit_tests(LEVEL, 199)}, {"tests": fit_tests(LEVEL, 198)}),
        (Outcome.REJECTED, {"tests": fit_tests(LEVEL), "ratio": IN}, {"tests": fit_tests(LEVEL * 1.01), "ratio": IN}),
        (Outcome.BETTER, {"rivals": {"student": rival(9.0, 2.0)}}, {"rivals": {"student": rival(9.0, 1.99)}}),
        (Outcome.BETTER, {"rivals": {"a": rival(3.0, 4.0)}}, {"rivals": {"a": rival(2.99, 4.0)}}),
        (
            Outcome.BETTER,
            {"rivals": {"a": rival(LEAST_LEAD, 1.0)}, "tests": fit_tests(DOUBT)},
            {"rivals": {"a": rival(LEAST_LEAD, 1.0)}, "tests": fit_tests(DOUBT * 1.01)},
        ),
        (
            Outcome.BETTER,
            {"ratio": IN, "rivals": {"a": rival(0.0, 0.0, over_normal=lead(3.0, 2.0))}},
            {"ratio": IN, "rivals": {"a": rival(9.0, 9.0, over_normal=lead(2.9, 2.0))}},
        ),
        (Outcome.GAUSSIAN, {"ratio": IN}, {"ratio": OUT}),
        (Outcome.GAUSSIAN, {"ratio": IN, "tests": fit_tests(DOUBT * 1.01)}, {"ratio": IN, "tests": fit_tests(DOUBT)}),
        (Outcome.UNTESTED, {"tests": None}, {"tests": fit_tests(0.6)}),
        (Outcome.UNTESTED, {"tests": fit_tests(0.6, 198)}, {"tests": fit_tests(0.6, 199)}),
        (Outcome.UNDECIDED, {"rivals": {"a": NEAR}}, {"rivals": {"a": BEHIND}}),
        (Outcome.UNDECIDED, {"rivals": {"a": rival(-9.0, -1.99)}}, {"rivals": {"a": rival(-9.0, -2.0)}}),
        (Outcome.UNDECIDED, {"rivals": {"a": rival(-2.9, -9.0)}}, {"rivals": {"a": rival(-3.0, -9.0)}}),
        (Outcome.UNDECIDED, {"tests": fit_tests(DOUBT)}, {"tests": fit_tests(DOUBT * 1.01)}),
        (Outcome.PREFERRED, {}, {"ratio": IN}),
        (Outcome.PREFERRED, {"ratio": None}, {"ratio": None, "rivals": {"normal": NEAR}}),
        (Outcome.PREFERRED, {"rivals": {"a": BEHIND, "normal": NEAR}}, {"rivals": {"a": BEHIND, "b": NEAR}}),
    ],
)
def test_each_outcome_has_two_sides(outcome, on_this_side, on_the_other):
    assert said(**on_this_side)[0] is outcome
    assert said(**on_the_other)[0] is not outcome


@pytest.mark.parametrize(
    ("p", "outcome", "words"),
    [
        (LEVEL, Outcome.BETTER, "A tempered stable law predicts the 1,000 samples better than a stable law: p ≤ 0.01"),
        (LEVEL * 1.01, Outcome.UNDECIDED, "but a tempered stable law may be better (p = 0.01)"),
        (DOUBT, Outcome.UNDECIDED, "but a tempered stable law may be better (p = 0.05)"),
        (DOUBT * 1.01, Outcome.PREFERRED, "is preferred over every other law tried"),
    ],
)
def test_tempering_decides_where_the_gaussian_is_excluded_and_no_rival_is_ahead(p, outcome, words):
    asked = Tempering(1000, 4.0, p, 99, 1, 99, 1.4, 0.2, 0.1)
    found, sentence = said(tempering=asked)
    assert found is outcome
    assert words in sentence
    for other in ({"ratio": IN}, {"rivals": {"a": AHEAD}}, {"tests": fit_tests(LEVEL)}):
        assert said(tempering=asked, **other)[0] is said(**other)[0]
    untested = asked._replace(why_not="the fitted alpha is 0.3")
    assert said(tempering=untested) == said()
    doubted = said(tempering=asked, tests=fit_tests(DOUBT))[1]
    assert ("and a tempered stable law may" in doubted) == (outcome is Outcome.UNDECIDED)


# ------------------------------------------------------------------------------------------------------------ sentences


@pytest.mark.parametrize(
    ("words", "where", "where_not"),
    [
        ("A Gaussian is excluded (p = 0.01)", {"ratio": OUT}, {"ratio": IN}),
        ("A Gaussian is excluded (p < 0.0001)", {"ratio": Ratio(99.0, 9e-5)}, {"ratio": Ratio(99.0, 1e-4)}),
        ("A Gaussian is excluded", {"tests": fit_tests(0.01)}, {"ratio": None}),
        ("Stable laws are rejected (all tests together p ≤ 0.01", {"tests": fit_tests(0.01)}, {}),
        ("rejected (all tests together p = 0.0067", {"tests": fit_tests(2 / 300, 299, 300)}, {}),
        (
            "Stable laws, the Gaussian among them, are",
            {"tests": fit_tests(0.01), "ratio": IN},
            {"tests": fit_tests(0.01)},
        ),
        (
            "A stable law with alpha = 1.5 held is rejected",
            {"tests": fit_tests(0.01), "held": "alpha = 1.5 held"},
            {"tests": fit_tests(0.01)},
        ),
        (
            "Alpha of block sums goes from 1.60 to 1.93 for sums of 16",
            {"tests": fit_tests(0.01, drift=LEVEL)},
            {"tests": fit_tests(0.01, drift=LEVEL * 1.01)},
        ),
        (
            "Alpha of block sums goes",
            {"tests": fit_tests(0.01, drift=0.005)},
            {"tests": fit_tests(0.01, drift=0.005), "blocks": DOWN},
        ),
        (
            "Of the laws tried a Student t law with 3 degrees of freedom predicts the samples best: it is 9.0 ± 3.6 "
            "nats ahead of the stable law (AIC 18 lower)",
            {"tests": fit_tests(0.01), "rivals": {"a": AHEAD}},
            {"tests": fit_tests(0.01), "rivals": {"a": NEAR}},
        ),
        ("predicts the 1,000 samples better than a stable law: it is 9.0 ±", {"rivals": {"a": AHEAD}}, {"tests": None}),
        ("A stable law is not supported", {"rivals": {"a": AHEAD}}, {"rivals": {"a": NEAR}}),
        (
            "though the tests do not reject it at 1% (p = 0.051)",
            {"rivals": {"a": AHEAD}, "tests": fit_tests(0.0505)},
            {"rivals": {"a": AHEAD}, "tests": fit_tests(0.05)},
        ),
        ("the tests do not reject", {"rivals": {"a": AHEAD}}, {"rivals": {"a": AHEAD}, "tests": fit_tests(0.6, 198)}),
        (
            "and its fit is in doubt",
            {"rivals": {"a": AHEAD}, "tests": fit_tests(0.05)},
            {"rivals": {"a": AHEAD}, "tests": fit_tests(0.0501)},
        ),
        (
            "better than a Gaussian: it is 7.0 ± 2.3 nats ahead of the Gaussian (AIC 14 lower)",
            {"ratio": IN, "rivals": {"a": rival(0.0, 0.0, over_normal=lead(7.0, 3.0))}},
            {"ratio": IN, "rivals": {"a": rival(0.0, 0.0, over_normal=lead(2.0, 3.0))}},
        ),
        ("A Gaussian is not rejected against a stable law (a stable law gains 0.2 nats", {"ratio": IN}, {}),
        ("The other tests do not reject it either", {"ratio": IN}, {"ratio": IN, "tests": None}),
        ("The other tests do not reject it either", {"ratio": IN}, {"ratio": IN, "tests": fit_tests(0.05)}),
        ("The other tests cast doubt on its fit", {"ratio": IN, "tests": fit_tests(0.05)}, {"ratio": IN}),
        ("was not tested (n_bootstrap=0)", {"tests": None}, {}),
        ("was not tested (law=student)", {"tests": None, "why_untested": "law=student"}, {"tests": None}),
        (
            "19 bootstrap samples cannot reject anything at 1%; the observed Kolmogorov–Smirnov and Anderson–Darling "
            "exceed all 19: take n_bootstrap >= 199",
            {"tests": fit_tests(0.1, 19, ks=0.05, ad=0.05)},
            {"tests": fit_tests(0.1, 19)},
        ),
        (
            "19 bootstrap samples cannot reject anything at 1%; take n_bootstrap >= 199",
            {"tests": fit_tests(0.6, 19)},
            {},
        ),
        (
            "the observed Anderson–Darling exceeds all 19",
            {"tests": fit_tests(0.1, 19, ad=0.05)},
            {"tests": fit_tests(1, 19)},
        ),
        ("is ahead of every other law tried", {"tests": None}, {"tests": None, "rivals": {"a": NEAR}}),
        (
            "is not distinguishable from a Student t law with 3 degrees of freedom (1.0 ± 2.5 nats ahead).",
            {"tests": None, "rivals": {"a": NEAR}},
            {"tests": None},
        ),
        (
            "is not rejected at 1% (p = 0.6), but it is not distinguishable from a Student t law with 3 degrees of "
            "freedom (1.0 ± 2.5 nats behind): the 1,000 samples do not decide",
            {"rivals": {"a": rival(-1.0, -0.4)}},
            {"rivals": {"a": rival(1.0, 0.4)}},
        ),
        ("is not rejected at 1% but is in doubt", {"tests": fit_tests(0.05)}, {"tests": fit_tests(0.0501)}),
        (
            ", and it is not distinguishable from",
            {"tests": fit_tests(0.05), "rivals": {"a": NEAR}},
            {"tests": fit_tests(0.05)},
        ),
        (
            "(2.0 ± 5.0 nats ahead) and a Laplace law",
            {"rivals": {"a": rival(2.0, 0.4), "b": rival(1.0, 0.4, "Laplace law")}},
            {},
        ),
        (
            "of alpha = 1.6 (1.5 … 1.7) is not rejected (p = 0.6) and is preferred over every other law tried (the "
            "nearest, a Student t law with 3 degrees of freedom, is 40.0 ± 8.0 nats behind)",
            {},
            {"rivals": {"student": NEAR}},
        ),
    ],
)
def test_each_sentence_has_two_sides(words, where, where_not):
    assert words in said(**where)[1]
    assert words not in said(**where_not)[1]


def test_a_law_in_front_is_told_what_its_tests_say():
    def p(together, planned=99):
        return Goodness(500, planned, {"ks": 1.0, "ad": 1.0}, {"ks": 0.2, "ad": together}, {}, together, planned)

    assert fit_sentence("Laplace", p(LEVEL)).startswith("A Laplace law is rejected (all tests together p ≤ 0.01")
    assert fit_sentence("Laplace", p(LEVEL * 1.01)).startswith("A Laplace law is not rejected")
    assert (
        fit_sentence("Laplace", p(0.5, 98))
        == "98 bootstrap samples cannot reject anything at 1%; take n_bootstrap >= 99."
    )


def test_every_p_value_at_its_floor_is_told_as_a_bound():
    at_floor = fit_tests(0.02, 99, ks=0.01, ad=0.02)
    assert p_values.p_text(0.01, at_floor) == "≤ 0.01"
    assert p_values.p_text(0.02, at_floor) == "= 0.02"
    assert p_values.p_together(at_floor) == "≤ 0.02"
    assert p_values.p_together(fit_tests(0.03, 99)) == "= 0.03"


LEADS = st.builds(
    lead, st.sampled_from([-30.0, -2.0, 0.5, 2.9, 3.0, 12.0]), st.sampled_from([-4.0, -1.0, 0.5, 2.0, 4.0])
)
RIVALS = st.dictionaries(
    st.sampled_from(["student", "laplace", "normal"]), st.builds(Rival, st.just("X law"), LEADS, LEADS, LEADS)
)


@settings(max_examples=300)
@given(
    st.sampled_from([None, IN, OUT, Ratio(0.0, 1.0)]),
    st.sampled_from([0.005, 0.01, 0.02, 0.05, 0.06, 1.0]),
    st.sampled_from([0, 19, 59, 198, 199, 999]),
    RIVALS,
    st.sampled_from(["", "alpha = 1.5 held"]),
)
def test_what_is_said_follows_from_the_numbers(ratio, together, planned, rivals, held):
    tests = fit_tests(max(together, 2 / (planned + 1)), planned) if planned else None
    known = evidence(ratio=ratio, tests=tests, rivals=rivals, held=held)
    outcome, words = decide(known)
    can = planned >= 199
    assert "consistent" not in words
    assert words.endswith(".")
    assert ".." not in words
    is_rejected = can and tests.together <= LEVEL
    assert (outcome is Outcome.REJECTED) == is_rejected
    assert bool(re.search(r"(?<!not )(is|are) rejected", words)) == is_rejected
    assert ("A Gaussian is excluded" in words) == (ratio is not None and ratio.p_value <= LEVEL)
    assert ("preferred" in words) == (outcome is Outcome.PREFERRED)
    if outcome is Outcome.PREFERRED:
        assert can
        assert tests.together > DOUBT
        assert all(each.of_stable.is_clear for name, each in rivals.items() if name != "normal" or ratio is None)
    if not can:
        assert not re.search(r"stable law[^.]* is not rejected", words)
    if "not supported" in words or "neither is supported" in words:
        assert outcome is Outcome.BETTER


def test_all_outcomes_are_reached():
    grid = itertools.product((IN, OUT), (None, fit_tests(0.01), fit_tests(0.6)), (BEHIND, NEAR, AHEAD))
    found = {said(ratio=ratio, tests=tests, rivals={"a": each})[0] for ratio, tests, each in grid}
    assert found == set(Outcome)


@pytest.mark.parametrize("changes", [{"tests": fit_tests(LEVEL)}, {}, {"tests": None}, {"rivals": {"a": AHEAD}}])
def test_a_fit_at_the_least_alpha_says_that_laws_of_smaller_alpha_were_not_tried(changes):
    plain, at_end = said(**changes), said(**changes, least_alpha=0.2)
    assert at_end[0] == plain[0]
    assert at_end[1].endswith(" Fits end at alpha = 0.2: whether a stable law of smaller alpha fits was not tested.")
    assert "Fits end" not in plain[1]
    if plain[0] == Outcome.REJECTED:
        assert "Stable laws of alpha >= 0.2 are rejected" in at_end[1]
        assert "Stable laws are rejected" in plain[1]


@pytest.mark.parametrize(
    ("alpha", "is_at_end"), [(0.12, True), (0.15, True), (0.3, False), (0.5, False), (1.999, False)]
)
def test_which_fits_are_at_the_least_alpha(alpha, is_at_end):
    found = fit(StableLaw(alpha, 0.4).rvs(500, np.random.default_rng(3)))
    assert _at_least(found) == (0.2 if is_at_end else None)
    assert _at_least(fit(StableLaw(0.2, 0.4).rvs(500, np.random.default_rng(3)), fixed={"alpha": 0.2})) is None
