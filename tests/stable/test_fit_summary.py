"""The table of a fit has its numbers, to two digits of their standard errors, and says why there is none."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnicli.stable import StableFit, StableLaw, fit

ROW = re.compile(r"(?m)^(\w+) +(\S+)(?:  +(\S+(?: \S+)*?))?(?:  +(\S+) … (\S+))?$")


def rows(found):
    """Cells by parameter: estimate, standard error or reason, ends of the interval."""
    return {name: cells for name, *cells in ROW.findall(str(found.summary())) if hasattr(found, f"{name}_stderr")}


def made(loc, scale, stderr, **changes):
    known = {
        "alpha": 1.5, "beta": 0.25, "loc": loc, "scale": scale, "alpha_stderr": 0.0123, "beta_stderr": 0.5,
        "loc_stderr": stderr, "scale_stderr": stderr, "parameterization": "S0", "n": 1234, "n_free": 4,
        "converged": True, "at_boundary": False, "n_evaluations": 9, "_log_likelihood": -12345.678,
    }  # fmt: skip
    return StableFit(**(known | changes))


@given(st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12), st.floats(1e-12, 1e12), st.floats(1e-9, 1e9))
@settings(max_examples=200, deadline=None)
def test_numbers_are_right_to_two_digits_of_the_standard_error(loc, scale, stderr):
    found = made(loc, scale, stderr)
    cells = rows(found)
    assert list(cells) == ["alpha", "beta", "loc", "scale"]
    for name, (value, error, low, high) in cells.items():
        exact = getattr(found, f"{name}_stderr")
        assert float(error) == pytest.approx(exact, rel=0.051)
        for said, true in zip((value, low, high), (getattr(found, name), *found.ci95(name)), strict=True):
            # Half of the last digit shown: at most a twentieth of the error, or 1 where the error is larger.
            assert abs(float(said) - true) <= max(0.0501 * exact, 0.5 if exact > 1 else 0.0) + 1.2e-16 * abs(true)


def test_the_table_of_a_real_fit():
    found = fit(StableLaw(1.5, -0.5, 1.0, 2.0).rvs(500, np.random.default_rng(0)))
    cells = rows(found)
    assert cells["alpha"][0] == f"{found.alpha:.3f}"
    text = str(found.summary())
    assert text.startswith("Stable law (S1) by maximum likelihood, n = 500\n")
    assert f"log-likelihood {found.log_likelihood:,.2f}" in text
    assert repr(found.summary()) == text
    assert "Note" not in text
    assert "did not end" not in text


def test_a_missing_standard_error_is_explained():
    normal = rows(fit(np.random.default_rng(0).standard_normal(300)))
    assert (normal["alpha"][1], normal["beta"][1]) == ("at its bound", "not identified")
    held = rows(fit(np.random.default_rng(0).standard_cauchy(300), fixed={"alpha": 1.0, "beta": 0.0}))
    assert (held["alpha"][1], held["beta"][1]) == ("held", "held")
    assert float(held["loc"][1]) > 0
    one_sided = rows(fit(StableLaw(0.7, 1.0).rvs(300, np.random.default_rng(0))))
    assert one_sided["beta"][1] == "at its bound"
    assert rows(made(0.0, 1.0, None))["loc"][1] == "none"
    assert rows(made(0.0, 1.0, 0.1, alpha=2.0, alpha_stderr=None, held=("alpha",)))["alpha"][1] == "held"


def test_notes_and_a_failed_search_are_told():
    text = str(made(0.0, 1.0, 0.1, converged=False, notes=("a sentence " * 20,)).summary())
    assert "The search did not end at a maximum.\nNote: a sentence" in text
    assert max(map(len, text.splitlines())) <= 78


def test_what_was_held_is_known():
    x = np.random.default_rng(0).standard_cauchy(300)
    assert fit(x).held == ()
    assert fit(x, fixed={"beta": 0.0, "loc": 0.0}).held == ("beta", "loc")
    assert fit(x[np.abs(x) < 2], fixed={"alpha": 2.0}).held == ("alpha",)
    assert math.isfinite(fit(x).log_likelihood)
