"""`gni gradient-noise`: the law of the gradient noise of a network as it is, layer by layer.

This module imports nothing heavy: `--help` and completion read the schema from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import Bench, Dataset, Measure, Network, Noise, NoisyNetwork
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Headline, Results, RunRecord
from gnicli.experiments import learning
from gnicli.experiments.common import RunConfig

HEADLINES = (
    Headline("alpha_scaled/over_draws/*", "alpha, * (each weight in its own scale)"),
    Headline("alpha_sum16/over_draws/*", "alpha of sums of 16, *"),
    Headline("alpha_mohammadi/over_draws/*", "alpha by sums (not scaled), *"),
    Headline("kurtosis/over_draws/*", "excess kurtosis, *"),
    Headline("slope/gradient/*", "slope of the gradient's moments, *"),
    Headline("skewness_gradient/*", "skewness of the gradient, *"),
    Headline("skewness_dependence/*", "skewness by dependence of its factors, *"),
    Headline("kurtosis/B*", "excess kurtosis of averages of *"),
)


@dataclass
class GradientNoiseConfig:
    """All keys of `gni gradient-noise`; the groups (`dataset`, `network`, …) are components with their own schemas."""

    dataset: Unchecked[Dataset] = key(None, "data set of the loss")
    network: Unchecked[Network] = key(None, "network whose gradient noise is measured")
    noise: Unchecked[Noise] = key(None, "noise injected into the activations")
    measure: Unchecked[Measure] = key(None, "quantity to measure")
    source: Optional[str] = key(
        None, "folder of a gni train run whose network is measured; default: an untrained network"
    )
    loss: str = key("auto", learning.LOSS_HELP, choices=("auto", *learning.LOSSES))
    M: int = key(1, "noise draws averaged in one gradient, equation (4.5)")
    batch_size: Any = key("auto", f"examples per gradient: {learning.BATCH_HELP}")
    n_mean: int = key(16, "fresh draws whose mean is subtracted from the measured draw, equation (3.2)")
    seed: int = key(0, "random seed of initialization, minibatch and noise")
    dtype: str = key("float32", "floating-point type of the network", choices=learning.DTYPES)
    device: str = key("auto", learning.DEVICE_HELP, choices=learning.DEVICES)
    threads: Optional[int] = key(None, "CPU threads; default: torch's choice")
    run: RunConfig = key(RunConfig, "where a run lives and how often its state is kept")

    def __post_init__(self) -> None:
        learning.check(self)
        checks.integer("n_mean", self.n_mean, least=1)
        checks.at_most("n_mean", self.n_mean, checks.MOST_DRAWS)


def run(config: GradientNoiseConfig, observer: Observer) -> Results:
    """Measure as `config`, whose device is resolved, says.

    Raises `UsageError` where keys contradict one another, the data or the source.
    """
    from gnicli.experiments.about import gradient_noise as about
    from gnicli.training.batches import Batches

    state, note, seed = None, "", config.seed
    if config.source is not None:
        from gnicli.experiments.sources import trained_network

        config, state, note, seed = trained_network.read(config, config.source)
    data = learning.load(config, seed, observer)
    module = learning.module(config, data)
    if state is not None:
        trained_network.put(module, state, config.source)
    step = 0 if state is None else state.step
    inputs, targets = learning.tensors(config, data.train)
    indices = Batches(len(inputs), learning.batch_size(config, data), config.seed).indices(step)
    if indices is not None:
        inputs, targets = inputs[indices], targets[indices]
    network = NoisyNetwork(module, learning.loss_name(config, data), config.noise, config.M, config.seed)
    bench = Bench(network, inputs, targets, step, config.n_mean)
    with learning.working(config.seed):
        results: Results = config.measure.measure(bench, observer)
    return results._replace(
        notes=(*results.notes, *([note] if note else [])),
        about=about.about(config, data, network, len(inputs), step, results.values),
    )


def summarize(records: Sequence[RunRecord]) -> Results:
    """Of a sweep: see `experiments.sweeps.gradient_noise`."""
    from gnicli.experiments.sweeps import gradient_noise

    return gradient_noise.summarize(records)
