"""What `gni simulate-sde` and `gni kde-stationary` say to a mistake."""

import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("alpha=1", "beta=0.5", "scheme=euler"), "alpha=1 with beta=0.5: the location of L drifts"),
        (("alpha=2.5",), "alpha must be >= 0.5 and <= 2"),
        (("alpha=0.3", "beta=0"), "alpha must be >= 0.5 and <= 2, got 0.3"),
        (("kde", "alpha=0.3"), "alpha must be >= 0.5 and <= 2, got 0.3"),
        (("beta=[0.5,0.5]",), "beta: expected one number or 1"),
        (("burn_in=20000",), "leave 0 recorded steps"),
        (("scheme=rk4",), "scheme must be one of strang, euler, implicit, tamed"),
        (("scheme=implicit", "eta=2"), "the implicit scheme has no unique solution for a step of 2:"),
        (("scheme=euler", "drift=fractional"), "the euler scheme cannot take the fractional drift"),
        (("h=0.1",), "h and K are keys of drift=fractional"),
        (("drift=fractional", "h=0.1"), "h and K go together"),
        (
            ("drift=fractional", "potential=separable", "beta=[0.5,-1]"),
            "coordinate 2: the fractional drift needs 1 < alpha < 2 and |beta| < 1, got alpha=1.5, beta=-1",
        ),
        (("functions=[w.real]",), "cannot read the expression 'w.real'"),
        (("start=mimima",), "start must be"),
        (("low=3", "high=2"), "low must be below high"),
        (("kde", "drift_errors=true"), "drift_errors=true is for the sum b_{h,K}"),
        (("kde", "bandwidth=0"), "bandwidth must be > 0, got 0"),
        (("kde", "bandwidth=1e-5"), "bandwidth=1e-05 is too small for n_bins=8000; take a larger bandwidth"),
        (("kde", "bandwidth=silverman"), "bandwidth must be isj, robust or a number"),
        (("kde", "points=1000000000"), "points must be an integer >= 2 and < 1000002"),
        (("kde", "source=nowhere"), "source=nowhere: no such folder"),
        (("kde", "beside={alpha:1.2}"), "keys of beside must be one of"),
        (("basin=[-1,2]",), "must hold the potential's only minimum"),
        (("potential=quadratic", "basin=[1,2]"), "must hold the potential's only minimum"),
        (
            ("potential=polynomial", "potential.terms=[0,1,2,1]"),
            "potential.terms must end in a positive coefficient of an even power",
        ),
        (("potential=quadratic", "potential.curvature=-1"), "potential.curvature must be > 0"),
        (
            ("potential=separable", "potential.parts=[{name:quadratic,curvature:-1}]"),
            "potential.parts[0].curvature must be > 0",
        ),
        (("potential=separable", "potential.parts=[{name:quadratic,width:1}]"), "potential.parts[0]: quadratic has no"),
        (("alpha=1.0000001",), "take eta <= "),
    ],
)
def test_a_usage_error_is_one_line_and_leaves_no_folder(gni, outputs, words, message):
    command = "kde-stationary" if words[0] == "kde" else "simulate-sde"
    said = gni(command, *(word for word in words if word != "kde"))
    assert said.code == 2, said
    assert message in said.err
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert not outputs.exists()
