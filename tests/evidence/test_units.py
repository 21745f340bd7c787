"""Nothing depends on the samples' scale, ties are told, and a likelihood without a maximum takes part in nothing."""

import math
import warnings

import numpy as np
import pytest

from gnicli.evidence.comparison import lead, rivals
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.evidence.finding import Look, Plan, investigate, ties_note
from gnicli.evidence.goodness import together
from gnicli.stable import StableLaw

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

DRAWS = {
    "stable": lambda rng: StableLaw(1.5, -0.4).rvs(300, rng),
    "normal": lambda rng: rng.standard_normal(300),
    "positive": lambda rng: rng.lognormal(0.0, 0.5, 300),
}


@pytest.mark.parametrize(
    ("name", "law"), [("stable", "stable"), ("normal", "stable"), ("positive", "stable"), ("normal", "student")]
)
def test_an_investigation_does_not_depend_on_the_units(name, law):
    """The same words and p-values from 1e-290 to 1e290: doubles hold all of these samples."""
    x = DRAWS[name](np.random.default_rng(0))
    plan = Plan(law=law, n_bootstrap=4)
    one = investigate(x, plan)
    for scale in (1e-290, 1e-170, 1e3, 1e153, 1e290):
        found = investigate(scale * x, plan)
        assert found.sentence == one.sentence
        assert found.outcome is one.outcome
        assert found.goodness.p_values == one.goodness.p_values
        assert found.goodness.together == one.goodness.together
        assert found.ratio.p_value == pytest.approx(one.ratio.p_value, rel=1e-6)
        assert found.fit.alpha == pytest.approx(one.fit.alpha, rel=1e-6)
        for other, score in one.scores.items():
            again = found.scores[other]
            assert again.aic == pytest.approx(score.aic + 2 * x.size * math.log(scale), rel=1e-6, abs=1e-3), other
            assert again.heldout == pytest.approx(score.heldout - math.log(scale), rel=1e-6, abs=1e-6)
            before, after = score.family.parameters(score.law), again.family.parameters(again.law)
            for parameter, value in before.items():
                factor = scale if parameter in ("loc", "mean", "scale", "std") else 1.0
                shift = math.log(scale) if parameter == "log_mean" else 0.0
                assert after[parameter] == pytest.approx(value * factor + shift, rel=1e-5, abs=1e-5 * factor)
        np.testing.assert_allclose(found.shape.bins, one.shape.bins * scale, rtol=1e-9, atol=1e-9 * scale)
        np.testing.assert_allclose(found.shape.density * scale, one.shape.density, rtol=1e-6)


@pytest.mark.parametrize("family", [*OTHERS.values(), stable_family()], ids=lambda family: family.name)
def test_a_law_in_other_units_has_the_density_of_the_scaled_variable(family):
    rng = np.random.default_rng(1)
    x = np.abs(rng.standard_normal(60)) + 0.1
    law = family.fit(x)
    for unit in (2.0**-40, 3.0, 2.0**60):
        scaled = family.in_units(law, unit)
        np.testing.assert_allclose(scaled.logpdf(unit * x), law.logpdf(x) - math.log(unit), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("outlier", [1e50, 1e154, -1e200, 1e290])
def test_one_value_far_out_warns_of_nothing_and_excludes_the_gaussian(outlier):
    x = np.append(np.random.default_rng(0).standard_normal(200), outlier)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = investigate(x, Plan(n_bootstrap=3))
    # The stable fit's own arithmetic is tested where it is.
    assert [str(each.message) for each in seen if "gnicli/stable/fitting/binning" not in each.filename] == []
    assert found.ratio.p_value < 1e-9
    assert set(found.scores) >= {"stable", "normal", "student", "laplace"}
    assert all(math.isfinite(score.log_likelihood) for score in found.scores.values())


# ----------------------------------------------------------------------------------------------------------------- ties


def with_atom(share, n=600):
    x = np.random.default_rng(3).standard_normal(n)
    x[: round(share * n)] = 0.0
    return x


def test_a_law_without_a_maximum_wins_no_comparison():
    x = with_atom(0.25)
    look = Look(x, Plan())
    assert "student" not in look.rivals
    found = investigate(x, Plan(n_bootstrap=3))
    assert found.scores["student"].law is None
    assert "no maximum" in found.scores["student"].why_not
    assert "Student" not in found.sentence


def test_ties_are_told_from_one_in_a_hundred_on():
    x = np.random.default_rng(0).standard_normal(1000)
    assert ties_note(x) == ""
    x[:10] = x[0]
    assert ties_note(x) == ""
    x[10:12] = x[10]
    assert ties_note(x).startswith("12 of 1000 values equal another one, and 10 share one value")
    assert "rounding" in investigate(np.round(x, 1), Plan(n_bootstrap=0)).ties


# ----------------------------------------------------------------------------------------------- leads and their test


def test_a_lead_is_half_the_difference_of_the_akaike_criteria():
    x = np.random.default_rng(5).laplace(0, 1, 400)
    fitted = {name: (OTHERS[name], OTHERS[name].fit(x)) for name in ("normal", "laplace", "student")}
    fitted["stable"] = stable_family(), stable_family().fit(x)
    found = rivals(x, fitted)
    aic = {name: 2 * family.n_free - 2 * law.logpdf(x).sum() for name, (family, law) in fitted.items()}
    for name, rival in found.items():
        assert rival.over_stable.nats == pytest.approx((aic["stable"] - aic[name]) / 2)
        assert rival.over_normal.nats == pytest.approx((aic["normal"] - aic[name]) / 2)
        assert rival.of_stable.nats == pytest.approx(-rival.over_stable.nats)
    gain = fitted["laplace"][1].logpdf(x) - fitted["stable"][1].logpdf(x)
    assert found["laplace"].over_stable.stderr == pytest.approx(gain.std() * 20)


def test_one_sample_decides_no_lead():
    """A law that one sample surprises by 1000 nats, and that is as good elsewhere, is not clearly behind."""
    d = np.random.default_rng(0).normal(0.0, 0.1, 500)
    d[0] = 1000.0
    found = lead(d, 2, np.zeros(500), 2)
    assert found.nats > 900
    assert found.z < 2
    assert not found.is_clear


def test_the_p_value_of_all_tests_together_has_its_level():
    """2 000 exchangeable rows sets of dependent statistics: p ≤ 0.04 in at most 4 %, within 4 standard errors."""
    rng = np.random.default_rng(0)
    p = []
    for _ in range(2000):
        common = rng.standard_normal(100)
        rows = [
            {"ks": math.exp(c + rng.standard_normal()), "ad": math.exp(c), "rival": c + rng.standard_normal()}
            for c in common
        ]
        p.append(together(rows))
    share = (np.array(p) <= 0.04).mean()
    assert share < 0.04 + 4 * math.sqrt(0.04 * 0.96 / 2000)
    assert share > 0.02  # nor is it wasted


def test_a_statistic_far_out_gives_the_least_p_value():
    rng = np.random.default_rng(0)
    rows = [{"ks": math.exp(rng.normal()), "ad": math.exp(rng.normal()), "rival": rng.normal()} for _ in range(200)]
    for name, value in (("ks", 1e3), ("ad", 1e3), ("rival", 30.0)):
        assert together([rows[0] | {name: value}, *rows[1:]]) == pytest.approx(0.01)
    assert together([rows[0] | {"rival": -math.inf}, *rows[1:]]) > 0.01
