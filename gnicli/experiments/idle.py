"""Keys that have no effect in the choice made: the table of them, by command.

A key that is typed and has none is an error, for whoever typed it expects something; in a sweep, where other jobs may
need it, it is a warning. This module imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Config = Mapping[str, Any]


class Idle(NamedTuple):
    """`keys` (one ending in a dot: all below it) do nothing where `holds`; `why`, and what to type `instead`."""

    keys: tuple[str, ...]
    holds: Callable[[Config], bool]
    why: str
    instead: str


def _plain(c: Config) -> bool:
    """Nothing but the objective asks for draws of the noise."""
    return c["inject"]["name"] == "none" and c["track"]["name"] == "none"


def _is_flat(group: str) -> Callable[[Config], bool]:
    return lambda c: c[group].get("depth") == 0 and c[group]["name"] in ("mlp", "network")


def _has_whole_splits(c: Config) -> bool:
    return "subset" in c["dataset"] and c["dataset"]["n_train"] is None and c["dataset"]["n_test"] is None


def _is_skewed_brownian(c: Config) -> bool:
    """beta=0 at alpha=2 says what is so, and is let through."""
    betas = c["beta"] if isinstance(c["beta"], list) else [c["beta"]]
    return c["alpha"] == 2 and any(betas)


def _has_no_exits(c: Config) -> bool:
    """What a choice rules out; whether a polynomial or a foreign potential has several wells only it knows."""
    one_well = c["potential"]["name"] in ("quadratic", "quartic", "separable")
    return bool(c["exit_steps"]) and c["basin"] is None and (one_well or c["drift"] != "gradient" or c["alpha"] == 2)


def _has_dead_biases(c: Config) -> bool:
    """Biases of 0 change nothing until they learn."""
    return c["source"] is None and c["network"].get("init") in ("he", "glorot_normal")


def _is_one_neuron_wide(c: Config) -> bool:
    return c["measure"].get("chain") is True


def _is_network(c: Config) -> bool:
    return c["measure"].get("chain") is False


LEARNING = (
    Idle(
        ("network.width", "network.activation"),
        _is_flat("network"),
        "network.depth=0 has no hidden layer",
        "network.depth=1",
    ),
    Idle(("dataset.subset",), _has_whole_splits, "all images are taken", "dataset.n_train=N or dataset.n_test=N"),
)
TRAIN = (
    *LEARNING,
    Idle(
        ("noise.", "M"),
        lambda c: c["objective"]["name"] == "clean" and _plain(c),
        "objective=clean takes no noise",
        "objective=noisy",
    ),
    Idle(
        ("M", "noise.antithetic"),
        lambda c: c["objective"]["name"] == "explicit" and _plain(c),
        "objective=explicit draws no noise",
        "objective=noisy",
    ),
    Idle(
        ("M",),
        lambda c: c["noise"]["name"] == "none" and _plain(c),
        "without noise all draws are equal",
        "noise=add or noise=mult",
    ),
    Idle(
        ("noise.antithetic",),
        lambda c: c["M"] == 1 and c["objective"]["name"] == "noisy" and _plain(c),
        "M=1 has no pair of draws",
        "M=2",
    ),
    Idle(
        ("noise.antithetic",),
        lambda c: (
            c["track"]["name"] == "antithetic" and c["objective"]["name"] != "noisy" and c["inject"]["name"] == "none"
        ),
        "track=antithetic compares pairs and plain draws of its own",
        "objective=noisy",
    ),
    Idle(
        ("objective.n_probes",),
        lambda c: c["objective"].get("method") == "exact",
        "objective.method=exact takes no probes",
        "objective.method=probe",
    ),
    Idle(
        ("objective.method", "objective.n_probes"),
        lambda c: c["objective"]["name"] == "explicit" and c["noise"]["name"] == "none",
        "without noise there is no regularizer",
        "noise=add or noise=mult",
    ),
    Idle(
        ("optimizer.momentum", "optimizer.nesterov"),
        lambda c: c["optimizer"]["name"] == "adam",
        "it belongs to optimizer.name=sgd",
        "optimizer.beta1 for adam",
    ),
    Idle(
        ("optimizer.beta1", "optimizer.beta2"),
        lambda c: c["optimizer"]["name"] == "sgd",
        "it belongs to optimizer.name=adam",
        "optimizer.momentum for sgd",
    ),
    Idle(
        ("schedule.milestones",),
        lambda c: c["schedule"].get("gamma") == 1,
        "schedule.gamma=1 drops nothing",
        "schedule.gamma=0.1",
    ),
    Idle(
        ("schedule.gamma",),
        lambda c: c["schedule"].get("milestones") == [],
        "there is no milestone",
        "schedule.milestones=[0.5]",
    ),
)
GRADIENT_NOISE = (
    Idle(
        ("dataset.", "network.", "loss", "M", "batch_size", "n_mean", "dtype", "source", "noise.antithetic"),
        _is_one_neuron_wide,
        "measure.chain=true measures a one-neuron network, not the network and its data",
        "measure.chain=false, or the keys of the one-neuron network (measure.n_layers, measure.loss, …)",
    ),
    Idle(
        ("dataset.", "network.", "noise.", "loss", "M", "batch_size", "n_mean", "dtype", "source", "seed"),
        lambda c: c["measure"]["name"] == "envelope",
        "measure=envelope looks at activation functions alone",
        "measure.activations",
    ),
    *LEARNING,
    Idle(
        ("dataset.n_test",),
        lambda c: c["dataset"]["name"] == "sinusoids",
        "gradient noise is that of the training examples",
        "dataset.n_train",
    ),
    Idle(
        ("network.bias",),
        _has_dead_biases,
        "biases begin at 0, and the noise of weights is measured",
        "network.init=default",
    ),
    Idle(
        ("measure.n_draws", "measure.inflation"),
        lambda c: c["measure"]["name"] == "exponents" and _is_one_neuron_wide(c),
        "a one-neuron network is measured by importance sampling",
        "measure.n_samples",
    ),
    Idle(("measure.n_samples",), _is_network, "a network is measured by plain draws", "measure.n_draws"),
    Idle(
        tuple(f"measure.{key}" for key in ("n_layers", "weights", "x", "target", "activation", "loss", "layer")),
        _is_network,
        "it belongs to the one-neuron network, and measure.chain=false measures network=",
        "network.* and loss",
    ),
    Idle(
        ("noise.antithetic",),
        lambda c: c["measure"]["name"] in ("exponents", "factors") and _is_network(c),
        "the standard errors of this measure need independent draws",
        "measure=layers",
    ),
    Idle(("M", "n_mean"), _is_network, "single draws are measured", "measure=layers"),
)
MODEL = (
    Idle(("beta",), _is_skewed_brownian, "alpha=2 is Brownian motion, which has no skewness", "alpha=1.9"),
    Idle(
        ("order",), lambda c: c["h"] is None, "order belongs to the sum b_{h,K}, which needs h", "drift=fractional h=H"
    ),
    Idle(
        ("potential.M",),
        lambda c: c["potential"].get("noise") in ("none", {"name": "none"}),
        "there is no noise to draw",
        "potential.noise=add",
    ),
    Idle(
        ("potential.width", "potential.activation"),
        _is_flat("potential"),
        "potential.depth=0 has no hidden layer",
        "potential.depth=1",
    ),
)
SIMULATE_SDE = (
    *MODEL,
    Idle(
        ("alpha", "beta", "epsilon", "burn_in", "thin"),
        lambda c: c["laws"] == "measured",
        "laws=measured measures the noise, and records all of the path",
        "laws=given",
    ),
    Idle(
        ("M", "n_draws", "measure_every"),
        lambda c: c["laws"] == "given",
        "nothing is measured: alpha, beta and epsilon say what the noise is",
        "laws=measured with potential=network",
    ),
    Idle(
        ("exit_steps",),
        lambda c: c["potential"]["name"] == "network" and c["exit_steps"] != 0,
        "exits are simulated in one dimension only",
        "another potential, such as potential=double_well",
    ),
    Idle(
        ("functions", "n_bins", "n_traced"),
        lambda c: c["potential"]["name"] == "network",
        "a network has too many weights for densities, trajectories and means of functions of each",
        "another potential, such as potential=double_well",
    ),
    Idle(("exit_eta",), lambda c: c["exit_steps"] == 0, "exit_steps=0 simulates no exits", "exit_steps=2000"),
    Idle(
        ("exit_steps", "exit_eta"),
        _has_no_exits,
        "exits are simulated from one of several wells, with drift=gradient and alpha < 2",
        "potential=double_well, or basin=[LOW,HIGH]",
    ),
)
FIT_STABLE = (
    Idle(
        ("n_tested",),
        lambda c: c["n_bootstrap"] == 0 and c["n_tempering"] == 0,
        "n_bootstrap=0 makes no tests",
        "n_bootstrap=199",
    ),
    Idle(
        ("samples.beta",),
        lambda c: c["samples"]["name"] == "stable" and c["samples"]["alpha"] == 2,
        "samples.alpha=2 is the normal law, which has no skewness",
        "samples.alpha=1.9",
    ),
    Idle(
        ("samples.parameterization",),
        lambda c: c["samples"]["name"] == "stable" and (c["samples"]["beta"] == 0 or c["samples"]["alpha"] == 2),
        "S0 and S1 differ for skewed laws alone",
        "samples.beta=0.5",
    ),
)
TABLE: dict[str, tuple[Idle, ...]] = {
    "train": TRAIN,
    "gradient-noise": GRADIENT_NOISE,
    "simulate-sde": SIMULATE_SDE,
    "kde-stationary": MODEL,
    "fit-stable": FIT_STABLE,
}


def find(command: str, config: Config, typed: Sequence[str]) -> list[str]:
    """A sentence for each of the `typed` keys that has no effect in `config` (plain, merged)."""
    rules = [rule for rule in TABLE.get(command, ()) if rule.holds(config)]
    found = []
    for key in typed:
        rule = next((rule for rule in rules if any(_covers(name, key) for name in rule.keys)), None)
        if rule is not None:
            found.append(f"{key} has no effect here: {rule.why}; use {rule.instead}")
    return found


def _covers(name: str, key: str) -> bool:
    return key == name or (name.endswith(".") and key.startswith(name))
