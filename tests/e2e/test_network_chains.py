"""Chains of the model on the loss of a network: `gni simulate-sde potential=network`."""

import json

import numpy as np
import pytest
import torch
from trained_weights import trained_weights

from gnicli import registry
from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.experiments import simulate_sde
from gnicli.experiments.simulate_sde import SimulateSdeConfig
from gnicli.gradients.landscape import weights_of
from gnicli.gradients.noisy import NoisyGradient
from gnicli.model import network_chains
from gnicli.network.mlp import Mlp
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise
from gnicli.potential.network import NetworkLoss
from gnicli.sde.increments import Increments
from gnicli.sde.levy_noise import LevyNoise

WAVE = {"name": "sinusoids", "frequencies": [1, 2], "n_train": 30}
KEYS = {"width": 3, "depth": 2, "dataset": WAVE}


def config(n_chains=5, potential=None, **keys):
    return SimulateSdeConfig(
        potential=NetworkLoss(**(potential or KEYS)), n_chains=n_chains, scheme="euler", burn_in=0, thin=1, **keys
    )


def load(module, w):
    torch.nn.utils.vector_to_parameters(torch.from_numpy(w.copy()), module.parameters())


@pytest.mark.parametrize(
    ("potential", "shape", "outputs", "loss", "noise"),
    [
        (KEYS, (1,), 1, "mse", None),
        ({**KEYS, "activation": "relu", "noise": {"name": "mult", "std": [0.2, 0.3, 0.4]}, "M": 3}, (1,), 1, "mse", 3),
        ({"dataset": "digits", "width": 2}, (1, 8, 8), 10, "cross_entropy", None),
    ],
    ids=["clean", "noisy", "classes"],
)
def test_value_and_gradient_are_those_of_the_objective_of_train(potential, shape, outputs, loss, noise):
    """All columns at once against one network at a time, whose gradient is written by hand."""
    found = config(potential=potential)
    problem = network_chains.build(found, SilentObserver())
    data = found.potential.dataset
    keys = dict(data) if isinstance(data, dict) else {"name": data}
    split = registry.build("dataset", keys).load(0, SilentObserver()).train
    assert split.inputs.shape[1:] == shape
    inputs, targets = torch.from_numpy(split.inputs).double(), torch.from_numpy(split.targets)
    module = Mlp(depth=found.potential.depth, width=found.potential.width, activation=found.potential.activation).build(
        shape, outputs, torch.Generator(), torch.float64
    )
    own = MultiplicativeNoise(std=[0.2, 0.3, 0.4]) if noise else NoNoise()
    objective = NoisyGradient(NoisyNetwork(module, loss, own, noise or 1))
    values, gradients = problem.landscape.value(problem.start), problem.landscape.gradient(problem.start)
    assert not np.allclose(problem.start[:, 0], problem.start[:, 1])
    for chain in range(5):
        load(module, problem.start[:, chain])
        value, parts = objective(0, inputs, targets.double() if targets.is_floating_point() else targets)
        gradient = torch.cat([part.ravel() for part in parts]).numpy()
        assert values[chain] == pytest.approx(float(value), abs=1e-10)
        assert gradients[:, chain] == pytest.approx(gradient, abs=1e-10)
        assert np.array_equal(weights_of(module), problem.start[:, chain])
    assert (problem.clean is problem.landscape) == (noise is None)


def test_without_noise_an_euler_chain_is_gradient_descent_of_train(gni, tmp_path):
    """Chain 0 starts where `gni train` starts with the same seed, and takes its steps."""
    said = gni(
        "train", "dataset.frequencies=[1,2]", "dataset.n_train=30", "network.width=3", "network.depth=2", "threads=1",
        "network.activation=tanh", "objective=clean", "optimizer.name=sgd", "dtype=float64", "lr=0.05",
        "steps=40", "seed=4",
        f"run.dir={tmp_path / 'train'}",
    )  # fmt: skip
    assert said.code == 0, said.err
    said = gni(
        "simulate-sde", "potential=network", "potential.dataset={name:sinusoids,frequencies:[1,2],n_train:30}",
        "potential.width=3", "potential.depth=2", "alpha=2", "beta=0", "epsilon=1e-30", "scheme=euler", "eta=0.05",
        "n_steps=40", "burn_in=0", "thin=4", "n_chains=3", "seed=4", f"run.dir={tmp_path / 'chains'}",
    )  # fmt: skip
    assert said.code == 0, said.err
    trained = trained_weights(tmp_path / "train", 3)
    with np.load(tmp_path / "chains" / "arrays.npz") as kept:
        assert kept["positions"][:, 0] == pytest.approx(trained, abs=1e-10)
        assert np.abs(kept["positions"][:, 0] - kept["start"][:, 0]).max() > 0.01
        assert kept["loss"].shape == (10, 3)
        end = kept["loss"][-1, 0]
    results = json.loads((tmp_path / "chains" / "results.json").read_text())
    of_train = json.loads((tmp_path / "train" / "results.json").read_text())
    assert end == pytest.approx(of_train["train_loss"]["value"], rel=1e-6)
    assert results["loss/q0.05"]["value"] <= results["loss/q0.5"]["value"] <= results["loss/q0.95"]["value"]
    assert results["n_weights"]["value"] == 3 + 3 + 9 + 3 + 3 + 1


def test_a_step_is_a_gradient_step_and_the_increment():
    """(4.4): w − η ∇f(w) + ε η^{1/α} ΔL, with each coordinate's own skewness."""
    found = config(alpha=1.6, epsilon=0.03, eta=0.1, n_steps=4, beta=[0.9, -0.9] * 11)
    problem = network_chains.build(found, SilentObserver())
    w = problem.start
    betas = [0.9, -0.9] * 11
    noise = Increments(LevyNoise(1.6, betas, 0.03), 22).block(0, 0, 0, np.full(4, 0.1), 5)
    for s in range(4):
        w = w - 0.1 * problem.landscape.gradient(w) + noise[s]
    results = simulate_sde.on_network(found, SilentObserver())
    assert results.arrays["positions"].values == pytest.approx(w, abs=1e-12)
    distance = np.linalg.norm(w - problem.start, axis=0)
    assert results.arrays["distance"].values[-1] == pytest.approx(distance)
    assert results.values["distance/q0.5"].value == pytest.approx(np.median(distance))
    assert results.arrays["loss"].values[-1] == pytest.approx(problem.landscape.value(w))


@pytest.mark.parametrize("scheme", ["euler", "strang"])
def test_a_resumed_run_has_the_same_bytes(scheme):
    class Stopping(SilentObserver):
        def step_done(self, step, total, make_state, **shown):
            if step >= 32:
                self.state = make_state()
                raise KeyboardInterrupt

    found = config(n_chains=3, alpha=1.7, epsilon=0.02, eta=0.02, n_steps=40)
    found.scheme = scheme
    whole, observer = simulate_sde.on_network(found, SilentObserver()), Stopping()
    with pytest.raises(KeyboardInterrupt):
        simulate_sde.on_network(found, observer)
    assert 0 < observer.state.step < 40
    parted = simulate_sde.on_network(found, SilentObserver(observer.state))
    assert parted.values == whole.values
    for name, array in whole.arrays.items():
        assert np.array_equal(array.values, parted.arrays[name].values, equal_nan=True), name


def test_flow_descends_and_two_halves_are_the_whole():
    problem = network_chains.build(config(), SilentObserver())
    land, w = problem.landscape, problem.start
    ends = land.flow(w, 0.2)
    assert land.flow(land.flow(w, 0.1), 0.1) == pytest.approx(ends, abs=1e-3)
    assert (land.value(ends) < land.value(w)).all()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["potential.dataset=digts"], "did you mean digits"),
        (["potential.dataset={name:digits,size:3}"], "digits has no key size"),
        (["potential.noise=gauss"], "potential.noise must be one of add, mult, none"),
        (["potential.width=0"], "potential.width must be an integer >= 1"),
        (["potential.activation=rleu"], "did you mean relu"),
        (["potential.loss=cross_entropy"], "needs classes"),
        (["potential.depth=0", "potential.bias=false"], "two weights or more"),
        (["potential.width=2000000"], "too much memory"),
        (["scheme=implicit"], "take the strang scheme"),
        (["drift=fractional"], "takes drift=gradient"),
        (["basin=[-1,2]"], "leave it out with potential=network"),
        (["start=minima"], "minima of potential=network are not known"),
        (["beta=[0.1,0.2]"], "expected one number or 25"),
    ],
)
def test_bad_keys_get_one_line(gni, outputs, words, line):
    said = gni("simulate-sde", "potential=network", *words)
    assert said.code == 2
    assert line in said.err
    assert said.err.strip().count("\n") == 0
    assert not list(outputs.rglob("manifest.json"))


def test_a_density_of_a_network_is_refused(gni, outputs):
    said = gni("kde-stationary", "potential=network")
    assert said.code == 2
    assert "gni simulate-sde runs its chains" in said.err
