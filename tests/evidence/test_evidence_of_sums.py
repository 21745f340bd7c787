"""Alpha by the growth of sums beside that of the likelihood: what is estimated, and what is said of the two."""

import numpy as np
import pytest

from gnicli.evidence import reporting, sums
from gnicli.evidence.finding import Plan, investigate
from gnicli.stable import StableLaw, SumIndex, fit

FAST = Plan(n_bootstrap=0, holdout=0.0)


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.6), (1.0, 0.9), (1.5, -0.8)])
def test_pairs_have_no_location_and_no_skewness(alpha, beta):
    x = StableLaw(alpha, beta, 100.0, 1.0, "S0").rvs(60_000, np.random.default_rng(1))
    found = sums.sum_alpha(np.sort(x), np.random.default_rng(2))
    assert abs(found.alpha - alpha) < 4.0 * found.stderr
    assert found.n_sums * found.block <= 30_000


def test_there_is_none_of_values_that_are_equal():
    assert sums.sum_alpha(np.ones(200), np.random.default_rng(0)) is None
    assert sums.sum_alpha(np.repeat([1.0, 2.0], [199, 1]), np.random.default_rng(0)) is None


@pytest.fixture(scope="module")
def fitted():
    return fit(StableLaw(1.5, 0.0).rvs(500, np.random.default_rng(3)))


@pytest.mark.parametrize(("gap", "apart"), [(2.9, False), (-2.9, False), (3.1, True), (-3.1, True)])
def test_the_sentence_follows_the_difference(fitted, gap, apart):
    stderr = 0.04
    found = SumIndex(fitted.alpha + gap * np.hypot(stderr, fitted.alpha_stderr), stderr, 10, 50)
    said = sums.disagreement(found, fitted)
    assert (said is not None) == apart
    assert not apart or "differ by more than 3 standard errors" in said


def test_a_finding_has_both_where_alpha_was_fitted_to_a_stable_law():
    x = StableLaw(1.4, 0.3).rvs(2000, np.random.default_rng(4))
    found = investigate(x, FAST)
    results = reporting.results({"": found})
    value = results.values["alpha_mohammadi"]
    assert (value.value, value.stderr, value.n) == (found.sums.alpha, found.sums.stderr, found.sums.n_sums)
    assert abs(value.value - 1.4) < 4.0 * value.stderr
    table = results.tables["Alpha by two estimators"]
    assert table.rows[0][0] == "maximum likelihood"
    assert "Mohammadi" in table.rows[1][0]
    assert not any("growth of sums" in note for note in results.notes)  # the table says it
    far = found._replace(sums=found.sums._replace(alpha=found.sums.alpha + 1))
    said = [note for note in reporting.results({"": far}).notes if "growth of sums" in note]
    assert len(said) == 1
    assert not any(digits in said[0] for digits in (f"{found.fit.alpha:.2f}", f"{far.sums.alpha:.2f}"))
    for plan in (
        Plan(law="student", n_bootstrap=0, holdout=0.0),
        Plan(fixed={"alpha": 1.4}, n_bootstrap=0, holdout=0.0),
    ):
        other = investigate(x, plan)
        assert other.sums is None
        assert "alpha_mohammadi" not in reporting.results({"": other}).values
    assert investigate(3.0 * x, FAST).sums.alpha == pytest.approx(found.sums.alpha, rel=1e-9)
