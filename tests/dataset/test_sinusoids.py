"""The sinusoids obey their formula, whatever the seed, the counts and the frequencies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnicli.contracts.observer import SilentObserver
from gnicli.dataset.sinusoids import Sinusoids
from gnicli.errors import UsageError

PAPER = {"inputs": "raw", "frequencies": list(range(5, 55, 5))}


def load(seed: int = 0, **keys):
    return Sinusoids(**{**PAPER, **keys}).load(seed, SilentObserver())


def test_the_paper_s_points_and_frequencies():
    data = load()
    x, y = data.train
    assert (data.task, data.n_outputs) == ("regression", 1)
    assert x.shape == y.shape == (200, 1)
    assert x.dtype == y.dtype == np.float32
    np.testing.assert_allclose(x[:, 0], np.arange(200) / 200, rtol=0, atol=1e-7)
    # On this grid a wave sin(2πqx + φ) has the Fourier coefficient (n/2i) e^{iφ} at q and its conjugate at -q, for
    # every q below 100.
    spectrum = np.fft.rfft(y[:, 0].astype(np.float64)) / 100
    on = np.arange(5, 55, 5)
    np.testing.assert_allclose(np.abs(spectrum[on]), 1, atol=1e-5)
    assert np.abs(np.delete(spectrum, on)).max() < 1e-5
    phases = np.angle(1j * spectrum[on])
    assert (phases > 0).all()
    assert (phases < 1).all()


def test_the_default_is_three_slow_waves_of_standardized_x():
    data = Sinusoids().load(3, SilentObserver())
    raw = load(3, frequencies=[1, 2, 3])
    np.testing.assert_array_equal(data.train.targets, raw.train.targets)
    np.testing.assert_array_equal(data.train.inputs, load(3, inputs="standardized").train.inputs)


def test_phases_are_uniform_on_the_unit_interval():
    values = np.array([load(seed, frequencies=[5], n_train=1).train.targets[0, 0] for seed in range(400)])
    phases = np.arcsin(values)  # at x = 0; φ < π/2, so the arc sine gives it back
    # mean 1/2 and variance 1/12, within four standard errors
    assert abs(phases.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 400)
    assert abs(phases.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / 400)
    assert len(np.unique(values)) == 400


def test_train_and_test_lie_on_one_curve_and_a_seed_is_one_curve():
    fine, coarse = load(7, n_train=400), load(7)
    np.testing.assert_array_equal(fine.train.targets[::2], coarse.train.targets)
    np.testing.assert_allclose(coarse.test.inputs[:, 0], (np.arange(200) + 0.5) / 200, atol=1e-7)
    np.testing.assert_allclose(coarse.test.targets, fine.train.targets[1::2], atol=1e-5)
    assert not np.array_equal(load(8).train.targets, coarse.train.targets)


@settings(max_examples=60)
@given(n_train=st.integers(1, 60), n_test=st.integers(1, 200))
def test_no_test_point_is_a_training_point_and_none_comes_twice(n_train, n_test):
    train, test = Sinusoids(n_train=n_train, n_test=n_test)._points()
    assert len(np.unique(test)) == len(test) == n_test
    assert not np.isin(test, train).any()
    assert test.min() > 0
    assert test.max() < 1


def test_standardized_inputs_use_the_training_points():
    data, raw = load(inputs="standardized", n_test=50), load(n_test=50)
    assert abs(data.train.inputs.mean()) < 1e-6
    assert data.train.inputs.std() == pytest.approx(1, abs=1e-6)
    slope = np.ptp(data.train.inputs) / np.ptp(raw.train.inputs)
    np.testing.assert_allclose(np.diff(data.test.inputs[:, 0]), slope * np.diff(raw.test.inputs[:, 0]), rtol=1e-3)
    np.testing.assert_array_equal(data.test.targets, raw.test.targets)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"n_train": 0}, "dataset.n_train must be an integer >= 1, got 0"),
        ({"n_test": -1}, "dataset.n_test must be an integer >= 1, got -1"),
        ({"inputs": "unit"}, "dataset.inputs must be one of raw, standardized"),
        ({"frequencies": []}, "dataset.frequencies: expected a list of numbers"),
        ({"frequencies": 5}, "dataset.frequencies: expected a list of numbers"),
        ({"frequencies": [5, "a"]}, r"dataset.frequencies\[1\]: expected a number"),
    ],
)
def test_refusals(keys, message):
    with pytest.raises(UsageError, match=message):
        Sinusoids(**keys)
