"""How often the judge is wrong, and how often it finds what is there: simulated families with known effects."""

import itertools
import math

import numpy as np
import pytest
from claim_cases import claim, measured, pairs, runs
from hypothesis import given, settings
from hypothesis import strategies as st

from gnicli.claims.claim import claim_set
from gnicli.claims.judging import family, judge
from gnicli.claims.power import power

N_FAMILIES = 1000
TINY = 1e-12  # a smallest effect that every effect reaches, so that the tests alone decide


def share(verdicts, wanted):
    """The share of families one of whose claims has the verdict."""
    return np.mean([wanted in each for each in verdicts])


def judged(kind, effects, **fields):
    """The verdicts on N families from effects (N, k claims, n seeds)."""
    k, n = effects.shape[1:]
    declared = [claim(kind, str(j), n, **fields) for j in range(k)]
    return [
        {each.verdict for each in family([measured(c, pairs(x)) for c, x in zip(declared, rows, strict=True)])}
        for rows in effects
    ]


ERROR = math.sqrt(0.05 * 0.95 / N_FAMILIES)


@pytest.mark.parametrize(("k", "n"), [(1, 6), (4, 10)])
def test_without_an_effect_at_most_5_percent_of_families_have_a_supported_claim(k, n):
    effects = np.random.default_rng(k).standard_normal((N_FAMILIES, k, n))
    found = judged("above", effects, smallest=TINY)
    assert share(found, "supported") <= 0.025 + 3 * ERROR
    assert share(found, "contradicted") <= 0.025 + 3 * ERROR


def test_the_rate_holds_for_effects_that_are_not_normal():
    effects = np.random.default_rng(7).standard_t(2, (N_FAMILIES, 3, 10))
    assert share(judged("above", effects, smallest=TINY), "supported") <= 0.05 + 3 * ERROR


def test_a_difference_as_large_as_the_margin_is_called_the_same_in_at_most_5_percent():
    effects = 1 + 0.1 * np.random.default_rng(2).standard_normal((N_FAMILIES, 3, 10))
    found = judged("same", effects)
    assert share(found, "supported") <= 0.05 + 3 * ERROR
    assert share(found, "contradicted") <= 0.05 + 3 * ERROR


def test_the_rate_holds_where_runs_diverge():
    """A and B diverge equally often, whatever they measure: 3 pairs of 10 have a sign alone."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(N_FAMILIES):
        values = rng.standard_normal((10, 2))
        values[rng.random((10, 2)) < 0.15] = math.inf
        found.append({each.verdict for each in family([measured(claim("above", smallest=TINY), values)])})
    assert share(found, "supported") <= 0.025 + 3 * ERROR


def test_the_rate_holds_for_orderings():
    rng = np.random.default_rng(5)
    given_ = claim("ordering", smallest=TINY)
    found = [{family([measured(given_, rng.standard_normal((10, 3)))])[0].verdict} for _ in range(N_FAMILIES)]
    assert share(found, "supported") <= 0.025 + 3 * ERROR


@pytest.mark.parametrize(("effect", "smallest"), [(1.0, TINY), (1.0, 0.9)])
def test_power_is_what_the_formula_says(effect, smallest):
    """The exact test agrees with the interval but for the steps of its p: at n = 10 these take 3 % of samples."""
    effects = effect + np.random.default_rng(3).standard_normal((N_FAMILIES, 1, 10))
    found = share(judged("above", effects, smallest=smallest), "supported")
    expected = power(effect, 1.0, 10, smallest=smallest)
    assert abs(found - expected) <= 0.03 + 3 * math.sqrt(expected * (1 - expected) / N_FAMILIES)


# ------------------------------------------------------------------------------------------------ what changes nothing


VALUES = {"A": {s: 1.0 + 0.1 * s for s in range(8)}, "B": {s: 2.0 - 0.05 * s for s in range(8)}, "C": {3: 1.0}}
SET = [claim(n=8), claim("above", "d", n=8, b=1.2), claim("same", "e", n=8, family="f")]


def flat(judgement):
    return sorted((each.claim.id, each.verdict, each.effect, each.p, each.measurement.ends["A"]) for each in judgement)


@given(st.randoms(use_true_random=False), st.permutations(SET))
@settings(max_examples=25, deadline=None)
def test_the_order_of_runs_and_claims_changes_nothing(random, claims):
    given_ = runs(VALUES, status={("A", 2): "diverged"})
    first = judge(claim_set(SET), given_)
    shuffled = random.sample(given_, len(given_))
    again = judge(claim_set(claims), shuffled)
    assert flat(again.judged) == flat(first.judged)
    assert again.sha256 == first.sha256


@given(st.permutations([str(seed) for seed in range(8)]))
@settings(max_examples=25, deadline=None)
def test_the_names_of_seeds_change_no_verdict(names):
    """Seeds are labels: the same pairs under other labels have the same effect, but for rounding of sums."""
    renamed = {key: {names[s]: v for s, v in by_seed.items()} for key, by_seed in VALUES.items()}
    one, other = (judge(claim_set(SET), runs(values)).judged for values in (VALUES, renamed))
    for a, b in itertools.zip_longest(one, other):
        assert (a.verdict, a.p) == (b.verdict, pytest.approx(b.p))
        assert a.effect == pytest.approx(b.effect)


@given(st.lists(st.floats(-3, 3), min_size=6, max_size=9), st.floats(0.1, 2))
@settings(max_examples=60, deadline=None)
def test_above_and_below_mirror_each_other(gaps, smallest):
    n = len(gaps)
    above = family([measured(claim("above", n=n, smallest=smallest), pairs(gaps))])[0]
    below = family([measured(claim("below", n=n, smallest=smallest), pairs(-np.array(gaps)))])[0]
    assert above.verdict == below.verdict
    assert above.p == below.p
    assert (above.effect.low, above.effect.high) == pytest.approx((-below.effect.high, -below.effect.low))
