"""Sentences and bands of measures, each from both sides of its condition."""

import math

import numpy as np
import pytest

from gnicli.measure.growth.exponents import Row
from gnicli.measure.growth.results import KINDS, results
from gnicli.measure.layers import figures
from gnicli.measure.moments import Moment
from gnicli.measure.one_neuron.network import OneNeuronNetwork, Quantity

NETWORK = OneNeuronNetwork((1.0,) * 2, 1.0, 0.0, "linear", "mse", "multiply", (0.5,) * 2)
LEAST = 1000.0


def rows(ess_of_order, exact=True):
    """Rows of both layers and all kinds, measured where the exact values are."""
    return [
        Row(
            Quantity(kind, layer),
            Moment(order, 0.5 * layer, 0.01, 0.6 * layer, 0.02, ess, 20000),
            0.5 * layer if exact else math.nan,
            0.6 * layer if exact else math.nan,
        )
        for kind in KINDS
        for layer in (1, 2)
        for order, ess in ess_of_order.items()
    ]


def told(ess_of_order, exact=True):
    return results(NETWORK, rows(ess_of_order, exact), LEAST)


def test_agreement_is_counted_where_something_is_behind_it_and_never_told_of_none():
    some = told({2.0: 5000.0, 64.0: 5000.0}).notes[0]
    assert "at m = 64 6 of 6, at all orders 12 of 12" in some
    assert "are marked" not in some
    far = told({2.0: 5000.0, 64.0: 10.0}).notes[0]
    assert "at m = 64 none is known well enough, at all orders 6 of 6" in far
    assert "6 slopes have an effective sample size below 1000" in far
    for nothing in (told({2.0: 10.0, 64.0: 10.0}), told({2.0: 5000.0, 64.0: 5000.0}, exact=False)):
        assert "Measured slopes within" not in nothing.notes[0]
        assert "0 of 0" not in nothing.notes[0]


def test_norms_that_the_caption_calls_left_out_are_and_the_others_are_drawn():
    figure = told({2.0: LEAST, 4.0: LEAST - 1, 64.0: 10.0}).figures["norms"]
    assert "Norms from an effective sample size below 1000 are left out." in figure.caption
    assert "Dashed: exact values" in figure.caption
    for panel in figure.panels:
        for curve in panel.curves:
            if curve.label == "exact":
                assert curve.style == "dashed"
            else:
                layer = int(curve.label.removeprefix("layer "))
                np.testing.assert_allclose(curve.y, [math.exp(0.5 * layer), math.nan, math.nan])
    assert {curve.label for curve in figure.panels[0].curves} == {"exact", "layer 1", "layer 2"}


def test_the_caption_of_norms_speaks_of_exact_values_and_bands_only_where_they_are():
    found = told({2.0: LEAST, 4.0: LEAST}, exact=False).figures
    assert found["norms"].caption.startswith("Dots: importance sampling. ")
    assert all(curve.label != "exact" for panel in found["norms"].panels for curve in panel.curves)
    assert "bands of 2 standard errors" in found["slopes"].caption
    assert "bands" not in found["norms"].caption
    for name, half in (("norms", 0.0), ("slopes", 0.04)):
        for panel in found[name].panels:
            for curve in panel.curves:
                np.testing.assert_allclose(curve.high - curve.y, half, atol=1e-12)
                np.testing.assert_allclose(curve.y - curve.low, half, atol=1e-12)


def test_a_figure_of_norms_that_has_nothing_to_draw_is_not_drawn():
    assert "norms" not in told({2.0: 1.0}, exact=False).figures
    assert "norms" in told({2.0: 1.0}, exact=True).figures


@pytest.mark.parametrize(
    ("alpha", "stderr", "n", "half"),
    [
        (1.5, 0.1, 300, 2.093),
        (1.9, 0.1, 300, 2.093),
        (0.6, 0.5, 300, 2.093),
        (1.2, 0.1, 5, 2.776),
        (1.2, 0.1, 1, 0.0),
        (2.0, None, 300, 0.0),
        (1.2, 0.0, 300, 0.0),
    ],
)
def test_bands_of_alpha_are_students_inside_the_range_of_alpha_and_none_without_an_error(alpha, stderr, n, half):
    """Of 20 groups of draws, or of as many as there are draws: 19 or n - 1 degrees of freedom."""
    other = {"alpha": 1.1, "alpha_stderr": 0.05, "n": 300}
    mine = {"alpha": alpha, "n": n} | ({} if stderr is None else {"alpha_stderr": stderr})
    figure = figures.alphas({"over_draws": {1: other, 2: mine}})
    assert "Student's t; none where alpha is at its bound" in figure.caption
    (panel,) = figure.panels
    curve = panel.curves[0]
    low, high = max(0.0, alpha - half * (stderr or 0.0)), min(2.0, alpha + half * (stderr or 0.0))
    np.testing.assert_allclose([curve.low[1], curve.y[1], curve.high[1]], [low, alpha, high], rtol=1e-3)
    np.testing.assert_allclose([curve.low[0], curve.high[0]], [1.1 - 2.093 * 0.05, 1.1 + 2.093 * 0.05], rtol=1e-3)
