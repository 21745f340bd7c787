"""One alpha for several groups: its value, when it is tested, and what is said of it."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from gnicli.contracts.results import Results
from gnicli.evidence.shared_alpha import sentence, with_shared_alpha
from gnicli.stable import StableLaw

NOTHING = Results({}, {}, {})


def groups(alphas, n=800, seed=1):
    rng = np.random.default_rng(seed)
    return {
        f"g{k}": StableLaw(alpha, beta, 3.0 * k, 10.0**k).rvs(n, rng)
        for k, (alpha, beta) in enumerate(zip(alphas, (0.5, -0.5, 0.0), strict=False))
    }


def test_groups_of_one_alpha_have_it_and_others_are_told_apart():
    same = with_shared_alpha(NOTHING, groups((1.4, 1.4, 1.4)))
    value = same.values["alpha_shared"]
    assert abs(value.value - 1.4) < 4.0 * value.stderr
    assert value.n == 2400
    assert same.values["alpha_shared_p"].value > 0.001
    apart = with_shared_alpha(NOTHING, groups((1.2, 1.7)))
    assert apart.values["alpha_shared_p"].value < 1e-9
    assert "do not share one" in apart.notes[-1]


def test_nothing_is_said_of_one_group_of_too_many_and_of_what_has_no_fit():
    assert with_shared_alpha(NOTHING, groups((1.4,))) == NOTHING
    assert with_shared_alpha(NOTHING, {str(k): np.arange(60.0) for k in range(101)}) == NOTHING
    assert with_shared_alpha(NOTHING, {"a": np.ones(60), "b": np.arange(60.0)}) == NOTHING


def test_at_a_bound_there_is_no_p():
    rng = np.random.default_rng(2)
    found = with_shared_alpha(NOTHING, {"a": rng.normal(size=200), "b": rng.normal(size=200)})
    assert found.values["alpha_shared"].value == pytest.approx(2.0, abs=0.1)
    if "alpha_shared_p" not in found.values:
        assert "not tested, because a fit is at a parameter bound" in found.notes[-1]


@pytest.mark.parametrize(
    ("p", "converged", "said", "not_said"),
    [
        (0.009, True, "do not share one", "chance explains"),
        (0.011, True, "does not show that they are equal", "do not share"),
        (math.nan, True, "is not tested", "p ="),
        (0.5, False, "did not end at a maximum", "p ="),
    ],
)
def test_the_sentence_follows_p(p, converged, said, not_said):
    found = SimpleNamespace(alpha=1.5, alpha_stderr=0.02, laws=[None] * 3, p=p, converged=converged)
    assert said in sentence(found)
    assert not_said not in sentence(found)
    assert "all 3 groups" in sentence(found)
