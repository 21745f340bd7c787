"""What `track=gradient_noise` says of errors: one where the fit has one, none at the boundary, and a note."""

import math

import numpy as np
import pytest
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.seeding import torch_stream
from gnicli.training.tracking import COLUMNS, GradientNoiseTrack

INSIDE = {"alpha": 1.4, "alpha_stderr": 0.1, "beta": 0.2, "beta_stderr": 0.3, "scale": 2.0, "scale_stderr": 0.05,
          "at_boundary": 0.0, "skewness": 0.7, "kurtosis": 3.0, "n": 80.0}  # fmt: skip
AT_BOUND = INSIDE | {"alpha": 2.0, "alpha_stderr": math.nan, "beta_stderr": math.nan, "scale_stderr": math.nan,
                     "at_boundary": 1.0}  # fmt: skip
NO_FIT = dict.fromkeys(COLUMNS, math.nan) | {"skewness": 0.7, "kurtosis": 3.0, "n": 20.0}


def tracked(*history):
    """A track with a record of its two layers."""
    module = Mlp(depth=1, width=6).build((1,), 1, torch_stream(0, "init"), torch.float64)
    track = GradientNoiseTrack(NoisyNetwork(module, "mse", AdditiveNoise(std=0.3)), 1, 4, 0, SilentObserver())
    track.history = [
        [float(step)] + [layer[name] for layer in layers for name in COLUMNS] for step, layers in enumerate(history)
    ]
    return track


def test_values_have_the_errors_that_fits_have_and_null_at_the_boundary():
    values = tracked((AT_BOUND, INSIDE), (INSIDE, AT_BOUND)).values()
    assert values["alpha/layer1"][:3] == (1.4, 0.1, 80)
    assert values["scale/layer1"].stderr == 0.05
    assert [values[f"{name}/layer2"].stderr for name in ("alpha", "beta", "scale")] == [None] * 3
    assert values["kurtosis/layer1"].stderr is None  # of one draw: nothing to take an error from
    none = tracked((NO_FIT, INSIDE)).values()
    assert "alpha/layer1" not in none
    assert "kurtosis/layer1" in none


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ([(INSIDE, INSIDE)], ()),
        ([(INSIDE, NO_FIT)], ()),
        ([(NO_FIT, NO_FIT)], ()),
        ([(INSIDE, AT_BOUND)], ("1 of 2",)),
        ([(AT_BOUND, NO_FIT), (AT_BOUND, INSIDE)], ("2 of 3",)),
    ],
)
def test_fits_at_the_boundary_are_told_with_their_number_and_only_where_there_are_some(history, told):
    warnings = tracked(*history).warnings()
    assert len(warnings) == len(told)
    for warning, share in zip(warnings, told, strict=True):
        assert warning.startswith(f"{share} tracked fits are at the parameter bound")
        assert warning.endswith("where a parameter has no standard error")


def test_bands_are_one_error_wide_and_have_no_width_where_there_is_none():
    figure = tracked((INSIDE, AT_BOUND), (AT_BOUND, INSIDE)).figure()
    assert "bands: one standard error" in figure.caption
    for curve, half in zip(figure.panels[0].curves, ([0.1, 0.0], [0.0, 0.1]), strict=True):
        np.testing.assert_allclose(curve.high - curve.y, half)
        np.testing.assert_allclose(curve.y - curve.low, half)
