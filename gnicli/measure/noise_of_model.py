"""The gradient noise of a model of one's own: `gradient_noise`, and `GradientNoise` for a training loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from gnicli import checks
from gnicli.contracts.components import Bench, Noise, NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.gradients.calls import Criterion, n_examples
from gnicli.gradients.layer_noise import LayerNoise
from gnicli.gradients.noise_argument import noise_of
from gnicli.gradients.noise_layers import Layers, noise_layers
from gnicli.measure import room
from gnicli.measure.layers import frames, populations, results, sentences
from gnicli.measure.undisturbed import undisturbed
from gnicli.noise.gaussian import Size

if TYPE_CHECKING:
    import pandas as pd


def gradient_noise(
    model: torch.nn.Module,
    criterion: Criterion,
    x: Any,
    y: Any,
    *,
    noise: str | Noise = "mult",
    std: Size | None = None,
    var: Size | None = None,
    M: int = 1,
    n_mean: int = 16,
    n_draws: int = 1000,
    n_traced: int = 16,
    seed: int = 0,
    step: int = 0,
    layers: Layers | None = None,
) -> pd.DataFrame:
    """The law of each layer's gradient noise: the tables of `gni gradient-noise` (measure=layers) as one frame.

    A row is one population of one layer; docs/gradient-noise.md says what the populations are and what the statistics
    mean. Columns are `population`, `layer` (weight tensors from 1, noise layers of the populations `forward` from 0),
    `name` (of the parameter or module), `verdict`, `n`, `alpha` with `alpha_stderr` and the 95 % interval `alpha_low` …
    `alpha_high` over draws, `beta`, `scale`, `std`, `skewness`, `kurtosis` (excess) and so on; NaN where a statistic is
    not defined. `elliptical_p`, `independent_p` and `joint` say of populations over draws of weights whether these are
    elliptical, independent of one another, or neither. `attrs["controls_passed"]` says whether the known laws of
    made-up coordinates were found, and `attrs["notes"]` holds the sentences of the command's report.

    On a network of gni the numbers are those of the command, bit for bit. The model is measured in the mode that it is
    in, dropout included (call `model.eval()` first to leave it out); `.grad`, buffers and the global generators are
    left as they were.

    Arguments:
        model: any module with weights that learn.
        criterion, x, y: as in `gnicli.noisy_loss`; the batch whose gradient is looked at has a row for each example.
        noise, std, var, layers: as in `inject`.
        M: draws averaged in one gradient, at least 1 (4.5).
        n_mean: fresh draws whose mean is taken from the draw that is measured, at least 1 (3.2).
        n_draws: draws of the populations over draws, at least 2.
        n_traced: weights of each layer whose draws are all kept, for fits; at least 1.
        seed, step: the key of the noise, integers of at least 0.

    Raises `UsageError` for arguments out of range and where there is no noise, `ResourceError` for too little memory,
    `NumericalError` where the noise leaves the range of its arithmetic.

    Source: (3.2), figures 2 and A.1 to A.4 of the paper.

    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 40), torch.nn.ELU(), torch.nn.Linear(40, 1))
    >>> x = torch.linspace(-1, 1, 16).reshape(8, 2)
    >>> found = gradient_noise(model, "mse", x, x.sum(1, keepdim=True), noise="mult", std=0.5, n_draws=64, n_traced=2)
    >>> found.query("population == 'over_draws'")["name"].tolist()
    ['0.weight', '2.weight']
    """
    checks.integer("n_draws", n_draws, least=2, below=10**8)
    checks.integer("n_traced", n_traced, least=1)
    checks.integer("step", step, least=0)
    n_examples(x)
    bench = Bench(_noisy(model, criterion, noise, std, var, M, n_mean, seed, layers), x, y, step, n_mean)
    return _as_frame(_measured(bench, n_draws, n_traced), bench, n_draws)


class GradientNoise:
    """Measures the gradient noise of a model again and again, in a training loop of one's own.

    A call measures the noise of one draw about the mean of `n_mean` fresh ones, across the weights of each layer, as
    `gni train track=gradient_noise` does: the noise is divided by sqrt(1 + 1/n_mean), for the variance that the mean
    brings along. Biases, and weights whose noise is exactly 0, are left out. A stable law is fitted to layers with at
    least 50 others.

    The model is measured in the mode that it is in. Its weights, `.grad`, buffers and mode, and the global generators,
    are left as they were. Standard errors take the weights of a layer for independent, which they are not: they are too
    small. `gradient_noise` gives those over draws.

    Arguments: as in `gradient_noise`. Raises `UsageError` for arguments out of range and where there is no noise.

    Source: (3.2), figure 8 of the paper.

    >>> import torch
    >>> from gnicli import GradientNoise
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 40), torch.nn.ELU(), torch.nn.Linear(40, 1))
    >>> watch = GradientNoise(model, "mse", noise="mult", std=0.5, seed=0)
    >>> x, y = torch.ones(8, 2), torch.zeros(8, 1)
    >>> watch(x, y, step=0)["name"].tolist()
    ['0.weight', '2.weight']
    >>> _ = watch(x, y, step=10)
    >>> watch.frame["step"].tolist()
    [0, 0, 10, 10]
    """

    def __init__(
        self,
        model: torch.nn.Module,
        criterion: Criterion,
        *,
        noise: str | Noise = "mult",
        std: Size | None = None,
        var: Size | None = None,
        M: int = 1,
        n_mean: int = 16,
        seed: int = 0,
        layers: Layers | None = None,
    ) -> None:
        network = _noisy(model, criterion, noise, std, var, M, n_mean, seed, layers)
        self._noise = LayerNoise(network, n_averaged=1, n_mean=n_mean, key="GradientNoise")
        self._model, self._seed, self._names = model, seed, weight_names(model)
        self._frames: list[pd.DataFrame] = []

    def __call__(self, x: Any, y: Any, *, step: int) -> pd.DataFrame:
        """Measure on a batch; returns a row for each layer. `step` (at least 0) keys the draws and is in the rows.

        Columns are `step`, `layer`, `name`, `n`, `alpha`, `beta`, `scale` (each with its `_stderr`), `at_boundary`,
        `std`, `skewness` and `kurtosis` (excess); NaN where a statistic is not defined.
        """
        checks.integer("step", step, least=0)
        with undisturbed(self._model, self._seed, step):
            noises = self._noise(step, x, y)
        self._frames.append(frames.of_step(step, noises, self._names))
        return self._frames[-1].copy()

    @property
    def frame(self) -> pd.DataFrame:
        """All measurements so far, one below the other."""
        return frames.joined(self._frames or [frames.of_step(0, [], [])])


def weight_names(model: torch.nn.Module) -> list[str]:
    """The names of the layers: weight tensors that learn, without the biases."""
    return [name for name, weight in model.named_parameters() if weight.requires_grad and weight.dim() > 1]


def _measured(bench: Bench, n_draws: int, n_traced: int) -> populations.Found:
    """The populations of the bench, where memory has room for them; the model is left as it was."""
    network = bench.network
    words = f"gradient_noise with n_draws={n_draws}, n_traced={n_traced} on {room.described(bench)}"
    room.require(room.of_layers(bench, n_draws, n_traced), words, next(network.module.parameters()).device)
    with undisturbed(network.module, network.seed, bench.step):
        return populations.measure(bench, n_draws, n_traced, SilentObserver())


def _as_frame(found: populations.Found, bench: Bench, n_draws: int) -> pd.DataFrame:
    """What was found, with the names that the model has for its layers and what the command's report says of it."""
    module, layers = bench.network.module, bench.network.layers
    frame = frames.of_populations(found, weight_names(module), [layer.name for layer in noise_layers(module, layers)])
    frame.attrs["controls_passed"] = all(control.passed for control in found.controls)
    said = sentences.sentences(found.statistics, found.controls)
    frame.attrs["notes"] = (*said, results.protocol(bench, n_draws))
    return frame


def _noisy(
    model: torch.nn.Module,
    criterion: Criterion,
    noise: str | Noise,
    std: Size | None,
    var: Size | None,
    M: int,
    n_mean: int,
    seed: int,
    layers: Layers | None,
) -> NoisyNetwork:
    checks.integer("M", M, least=1)
    checks.integer("n_mean", n_mean, least=1)
    checks.seed("seed", seed)
    found = noise_of(noise, std, var, len(noise_layers(model, layers)))
    return NoisyNetwork(model, criterion, found, M, seed, layers)
