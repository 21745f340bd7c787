"""The extended envelope property: known constants of activation functions, and functions made to have or lack it."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from gnicli.contracts.observer import SilentObserver
from gnicli.errors import UsageError
from gnicli.measure.envelope import results
from gnicli.measure.envelope.bounds import Envelope as Bounds
from gnicli.measure.envelope.bounds import envelope
from gnicli.measure.kinds.envelope import ACTIVATIONS, Envelope

# c2, d2, d1 on u ≥ 0 and on u ≤ 0.
KNOWN = {
    "relu": (0, 1, 1, 0),
    "elu": (0, 1, 1, 0),
    "leaky_relu": (0, 1, 1, 0.01),
    "linear": (0, 1, 1, 1),
    "softplus": (math.log(2), 1, 1, 0),
    "gelu": (0, 1, 0.5, 0),
    "tanh": (1, 0, 0, 0),
    "sigmoid": (1, 0, 0, 0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_have_their_known_constants(name):
    found = Envelope(activations=[name]).measure(None, SilentObserver()).values
    c2, d2, right, left = KNOWN[name]
    assert found[f"upper_intercept/{name}"].number == pytest.approx(c2, abs=1e-7)
    assert found[f"upper_slope/{name}"].number == pytest.approx(d2, abs=1e-7)
    assert found[f"lower_slope_right/{name}"].number == pytest.approx(right, abs=1e-7)
    assert found[f"lower_slope_left/{name}"].number == pytest.approx(left, abs=1e-7)
    assert found[f"holds/{name}"].number == (name not in ("tanh", "sigmoid"))


@pytest.mark.parametrize("seed", range(6))
def test_random_functions_lie_between_their_bounds_which_touch(seed):
    """Piecewise linear ones of several slopes, from a positive start: the bounds are known, and hold everywhere."""
    rng = np.random.default_rng(seed)
    knots = np.sort(rng.exponential(2, 4))
    slopes, start = rng.uniform(0.1, 3, (2, 5)), rng.uniform(0.5, 2)

    def function(u):
        def side(s, steps):
            parts = np.diff(np.minimum(s[..., None], np.concatenate([[0], knots, [np.inf]])), axis=-1)
            return start + parts @ steps

        return np.where(u >= 0, side(np.abs(u), slopes[0]), -side(np.abs(u), slopes[1]))

    found = envelope(function)
    ends = slopes[:, -1]
    assert found.upper[1] == pytest.approx(ends.max(), rel=1e-6), seed
    for measured, steps in ((found.right, slopes[0]), (found.left, slopes[1])):
        at_knots = [(start + np.diff([0, *knots[: i + 1]]) @ steps[: i + 1]) / knots[i] for i in range(4)]
        assert measured == pytest.approx(min(*at_knots, steps[-1]), rel=1e-6), seed
    u = rng.normal(size=2000) * 10 ** rng.uniform(-3, 4, 2000)
    sizes = np.abs(function(u))
    assert (sizes <= (found.upper[0] + found.upper[1] * np.abs(u)) * (1 + 1e-6) + 1e-6).all(), seed
    assert (sizes >= np.where(u >= 0, found.right, found.left) * np.abs(u) * (1 - 1e-6)).all(), seed
    gaps = found.upper[0] + found.upper[1] * knots - np.abs(function(np.array([knots, -knots])))
    assert min(gaps.min(), found.upper[0] - start) == pytest.approx(0, abs=1e-5), seed  # no smaller c2 would do


@pytest.mark.parametrize(
    ("function", "upper", "right", "left"),
    [
        (lambda u: u**2, None, 0, 0),  # faster than linear; |u|²/|u| has the infimum 0 besides
        (lambda u: u * np.abs(u) + u, None, 1, 1),
        (lambda u: np.where(u > 0, np.sqrt(np.maximum(u, 0)), 0), "some", 0, 0),  # grows, less than linearly
        (lambda u: u - 1, (1, 1), 0, 1),  # has a root on the right
        (lambda u: np.sqrt(4 + 9 * u**2), (2, 3), 3, 3),
        (lambda u: u * ndtr(1.7 * u), (0, 1), 0.5, 0),  # a scaled GELU
        (lambda u: u * (1.5 + np.sin(np.log1p(np.abs(u)))), "some", None, None),
        (lambda u: np.zeros_like(u), (0, 0), 0, 0),
    ],
)
def test_functions_made_to_have_or_lack_it(function, upper, right, left):
    found = envelope(function)
    if upper is None:
        assert found.upper is None
    elif upper == "some":
        u = np.geomspace(1e-6, 1e7, 2000)
        for points in (u, -u):
            assert (np.abs(function(points)) <= found.upper[0] + found.upper[1] * u * (1 + 1e-9) + 1e-9).all()
    else:
        assert found.upper == pytest.approx(upper, abs=1e-6)
    if right is not None:
        assert (found.right, found.left) == pytest.approx((right, left), abs=1e-6)
        assert found.holds == (upper is not None and max(right, left) > 0)


def test_sentences_name_who_has_it_and_what_others_lack():
    some = {"a": Bounds((0, 1), 1, 0), "b": Bounds((1, 0), 0, 0), "c": Bounds(None, 1, 1)}
    assert results.sentences(some) == [
        "The extended envelope property holds for a.",
        "It does not hold for b: on neither half-line is there a lower bound that grows linearly.",
        "It does not hold for c: there is no upper bound that grows linearly.",
    ]
    assert len(results.sentences({"a": some["a"]})) == 1


@pytest.mark.parametrize("activations", [[], "relu", ["relu", "step"]])
def test_bad_keys_are_refused_by_name(activations):
    with pytest.raises(UsageError, match=r"measure\.activations"):
        Envelope(activations=activations)
