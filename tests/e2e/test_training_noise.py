"""Models of measured gradient noise beside training: `gni simulate-sde potential=network laws=measured`."""

import json

import numpy as np
import pytest
from trained_weights import trained_weights

from gnicli.contracts.observer import SilentObserver
from gnicli.experiments import simulate_sde
from gnicli.experiments.simulate_sde import SimulateSdeConfig
from gnicli.gradients.landscape import FreshGradients
from gnicli.model import network_chains
from gnicli.potential.network import NetworkLoss

WAVE = {"name": "sinusoids", "frequencies": [1, 2], "n_train": 20}
KEYS = {"width": 8, "depth": 1, "dataset": WAVE, "noise": {"name": "mult", "std": 0.2}, "M": 3}
SMALL = (
    "potential=network", "potential.dataset={name:sinusoids,frequencies:[1,2],n_train:20}", "potential.width=6",
    "potential.depth=2", "potential.noise={name:mult,std:0.2}", "potential.M=3", "laws=measured", "scheme=euler",
    "n_draws=20",
)  # fmt: skip


def config(**keys):
    chosen = {"n_chains": 2, "n_steps": 40, "eta": 0.05, "n_draws": 20, "measure_every": 32, "seed": 2, **keys}
    return SimulateSdeConfig(potential=NetworkLoss(**KEYS), laws="measured", scheme="euler", **chosen)


@pytest.mark.parametrize("M", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_the_first_chain_of_training_is_gni_train(gni, tmp_path, M):
    said = gni(
        "train", "dataset.frequencies=[1,2]", "dataset.n_train=20", "network.width=6", "network.depth=2", "threads=1",
        "network.activation=tanh", "noise=mult", "noise.std=0.2", f"M={M}", "optimizer.name=sgd", "dtype=float64",
        "batch_size=full", "lr=0.05", "steps=40", "seed=4", f"run.dir={tmp_path / 'train'}",
    )  # fmt: skip
    assert said.code == 0, said.err
    said = gni("simulate-sde", *SMALL, "eta=0.05", "n_steps=40", "n_chains=3", "seed=4", f"M={M}",
               f"run.dir={tmp_path / 'chains'}")  # fmt: skip
    assert said.code == 0, said.err
    trained = trained_weights(tmp_path / "train", 3)
    with np.load(tmp_path / "chains" / "arrays.npz") as kept:
        assert kept["positions/training"][:, 0] == pytest.approx(trained, abs=1e-10)
        for other in ("again", "levy", "symmetric", "brownian", "descent"):
            assert np.abs(kept[f"positions/{other}"][:, 0] - trained).max() > 1e-6, other
    results = json.loads((tmp_path / "chains" / "results.json").read_text())
    assert {f"epsilon_{model}/layer{k}" for model in ("levy", "symmetric", "brownian") for k in (1, 2, 3)} <= set(
        results
    )
    assert results["diverged_share/training"]["value"] == 0
    assert (tmp_path / "chains" / "figures" / "training.json").exists()
    report = (tmp_path / "chains" / "report.md").read_text()
    assert "independent between weights and steps" in report


def test_without_noise_left_training_and_the_models_are_gradient_descent():
    """As the standard deviation of the injected noise falls, so do all differences, in proportion."""
    distances = {}
    for std in (1e-4, 1e-5):
        keys = {**KEYS, "noise": {"name": "add", "std": std}}
        found = SimulateSdeConfig(
            potential=NetworkLoss(**keys), laws="measured", scheme="euler", n_chains=2, n_steps=20, eta=0.05, n_draws=20
        )
        arrays = simulate_sde.on_network(found, SilentObserver()).arrays
        descent = arrays["positions/descent"].values
        for name in ("training", "brownian"):
            distances[name, std] = np.abs(arrays[f"positions/{name}"].values - descent).max()
    for name in ("training", "brownian"):
        assert distances[name, 1e-4] / distances[name, 1e-5] == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("stopped_at", [*(pytest.param(at, marks=pytest.mark.slow) for at in (32, 72)), 152])
def test_a_resumed_run_has_the_same_bytes(stopped_at):
    """Stopped in training, in training with other draws, and in a model after the second measurement."""

    class Stopping(SilentObserver):
        def step_done(self, step, total, make_state, **shown):
            if step >= stopped_at:
                self.state = make_state()
                raise KeyboardInterrupt

    found = config()
    whole, observer = simulate_sde.on_network(found, SilentObserver()), Stopping()
    with pytest.raises(KeyboardInterrupt):
        simulate_sde.on_network(found, observer)
    assert observer.state.step == stopped_at
    parted = simulate_sde.on_network(found, SilentObserver(observer.state))
    assert parted.values == whole.values
    for name, array in whole.arrays.items():
        assert np.array_equal(array.values, parted.arrays[name].values, equal_nan=True), name


def test_laws_are_measured_again_where_training_is():
    """Measured after 32 of 40 steps too: until then the path is that of laws from the start, bit for bit."""
    again, once = (simulate_sde.on_network(config(measure_every=every), SilentObserver()) for every in (32, None))
    assert again.arrays["alpha/levy"].values.shape == (2, 2, 2)
    assert once.arrays["alpha/levy"].values.shape == (1, 2, 2)
    assert np.array_equal(again.arrays["scale/levy"].values[:1], once.arrays["scale/levy"].values)
    assert not np.array_equal(*again.arrays["scale/brownian"].values)
    for name in ("training", "again", "descent"):
        assert np.array_equal(again.arrays[f"positions/{name}"].values, once.arrays[f"positions/{name}"].values)
    for name in ("levy", "symmetric", "brownian"):
        same = (again.arrays[f"loss/{name}"].values == once.arrays[f"loss/{name}"].values).all(axis=1)
        assert np.flatnonzero(same).tolist() == list(range(33)), name


def test_laws_are_those_of_the_noise_about_the_mean():
    """The variance of the Brownian model against that of the gradients of other draws, for each layer and chain."""
    found = config(n_draws=400, n_steps=10)
    problem = network_chains.build(found, SilentObserver())
    fresh = FreshGradients(problem.network._replace(M=1), problem.inputs, problem.targets)
    scale = simulate_sde.on_network(found, SilentObserver()).arrays["scale/brownian"].values[0]
    layers = problem.landscape.layers
    for chain in range(2):
        drawn = fresh(99, np.repeat(problem.start[:, [chain]], 400, axis=1), range(400))
        variance = drawn.var(axis=1, ddof=1)
        for k in (1, 2):
            # The sums over a layer of two samples of 400 draws, whose squares have some ten times their mean's spread.
            assert 2 * scale[k - 1, chain] ** 2 == pytest.approx(variance[layers == k].mean(), rel=0.5), (chain, k)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["laws=mesured"], "did you mean measured"),
        (["potential=double_well", "laws=measured"], "laws=measured needs potential=network"),
        ([*SMALL, "scheme=strang"], "steps of training, which are those of scheme=euler, got strang"),
        ([*SMALL, "eta_power=0.5"], "steps of one length"),
        ([*SMALL, "n_chains=1"], "n_chains >= 2, got 1"),
        ([*SMALL, "n_steps=9"], "n_steps must be an integer >= 10"),
        ([*SMALL, "n_draws=9"], "n_draws must be an integer >= 10"),
        ([*SMALL, "measure_every=0"], "measure_every must be an integer >= 1"),
        ([*SMALL, "alpha=1.7"], "alpha has no effect here: laws=measured measures the noise"),
        ([*SMALL, "potential.noise=none", "potential.M=16"], "potential.noise=add"),
        ([*SMALL, "n_steps=1000000", "measure_every=1"], "takes too much memory"),
        ([*SMALL, "M=100000", "n_chains=100"], "take too much memory"),
        ([*SMALL, "n_chains=100000"], "n_chains=100000 with 61 weights takes too much memory"),
        (["M=2"], "M has no effect here: nothing is measured"),
    ],
)
def test_bad_keys_get_one_line(gni, outputs, words, line):
    said = gni("simulate-sde", *words)
    assert said.code == 2
    assert line in said.err
    assert said.err.strip().count("\n") == 0
    assert not list(outputs.rglob("manifest.json"))


def test_where_all_of_training_diverges_one_line_says_so(gni, tmp_path):
    said = gni("simulate-sde", *SMALL, "potential.activation=relu", "eta=50", "n_steps=300", "n_chains=2",
               f"run.dir={tmp_path / 'run'}")  # fmt: skip
    assert said.code == 4
    assert "chains of training diverged by step" in said.err
    assert "take a smaller eta than 50" in said.err
