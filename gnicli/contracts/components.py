"""What the members of each group of components must have: one protocol for each group.

Nothing here imports torch or NumPy: the start-up of every command passes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from gnicli.contracts.data import Data
from gnicli.contracts.live_curves import LiveCurves, LoggedRun
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import FigureData, Results, Value

if TYPE_CHECKING:
    import numpy as np
    import torch

ParquetReader = Callable[[Path], "Mapping[str, np.ndarray]"]


class Component(Protocol):
    """What the members of all groups have: the name by which they are chosen."""

    name: str


class Dataset(Protocol):
    """A member of `dataset=`: its fields are the schema."""

    name: str

    def load(self, seed: int, observer: Observer) -> Data:
        """Read and return the data; `seed` decides random subsets and phases. Where offline nothing is fetched."""
        ...


class Network(Protocol):
    """A member of `network=`."""

    name: str

    def build(
        self, input_shape: tuple[int, ...], n_outputs: int, generator: torch.Generator, dtype: torch.dtype
    ) -> torch.nn.Module:
        """Build the module on the CPU, its weights drawn from `generator`.

        Where the module has an attribute `stages`, a sequence of L modules, stage i (from 0) maps the noised
        activations h̃_i to the activations h_{i+1} of the next layer, activation function included; the last one gives
        the output. Its `forward` applies them in order. Noise layer i is the input of stage i, so layer 0 is
        the network's input.

        Any other module that maps inputs (n, *input_shape) to outputs (n, n_outputs) will do: its noise layers are the
        inputs of its weighted modules (see `gradients.noise_layers`).
        """
        ...


class Noise(Protocol):
    """A member of `noise=`: what is done to the activations that enter each stage."""

    name: str
    antithetic: bool

    @property
    def operation(self) -> Literal["none", "add", "multiply"]:
        """How ε meets the activations: h̃ = h, h + ε or h · ε."""
        ...

    def stds(self, n_layers: int) -> tuple[float, ...]:
        """The standard deviation of ε in each of the `n_layers` noise layers; 0 leaves that layer alone.

        Raises `UsageError` when a list of another length was given.
        """
        ...

    def fill(self, out: torch.Tensor, std: float, generator: torch.Generator) -> torch.Tensor:
        """Fill `out` (any shape) in place with draws of ε whose standard deviation is `std`; return `out`."""
        ...


class NoisyNetwork(NamedTuple):
    """A network with its loss and the noise injected into it: all that an M-draw objective (4.5) is made of but data.

    `module` is what `Network.build` returned, `M` (>= 1) draws of the noise are averaged in one gradient, and `seed`
    keys the random streams. `loss` is `mse` or `cross_entropy`, or from Python a function of (what the module returns,
    targets). `layers` are the noise layers where they are not all (see `gradients.noise_layers`).
    """

    module: torch.nn.Module
    loss: str | Callable[..., torch.Tensor]
    noise: Noise
    M: int = 1
    seed: int = 0
    layers: Sequence[str | torch.nn.Module] | str | torch.nn.Module | None = None


ValueAndGradients: TypeAlias = "tuple[torch.Tensor, list[torch.Tensor]]"
"""A value (0-dimensional, detached), and its gradients in the order of the parameters that learn."""


class GradientFunction(Protocol):
    """The gradient of an objective at the module's present weights."""

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """The objective's value and its gradients; `step` keys the random streams of this call.

        The tensors of the gradients may be the function's own memory: they hold until its next call, and the caller
        may overwrite them. Weights and every `.grad` stay as they are.
        """
        ...


class Objective(Protocol):
    """A member of `objective=`."""

    name: str

    def build(self, network: NoisyNetwork) -> GradientFunction:
        """The gradient of the objective of `network`; raises `UsageError` for an M that it cannot take."""
        ...


class Injection(Protocol):
    """A member of `inject=`."""

    name: str

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """Wrap the `gradient` of an objective of `network` into one that adds noise to it.

        The result may have `state` and `restore` (see `Stateful`), and `values` and `warnings` for the results.
        """
        ...


class Tracker(Protocol):
    """Looks at the weights every `every` steps of a training run; may overwrite every `.grad`. It is `Stateful`."""

    every: int

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Look at the weights after `step` steps, with the batch of the step to come."""
        ...

    def values(self) -> dict[str, Value]:
        """Headline values."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """Sentences on what limits the values, such as fits at the parameter bound."""
        ...

    def figure(self) -> FigureData:
        """A figure of the measurements along training."""
        ...


class Track(Protocol):
    """A member of `track=`."""

    name: str

    def build(self, network: NoisyNetwork, every: int, observer: Observer) -> Tracker | None:
        """The tracker of a training run, or None; `every` is the cadence where the member has none of its own."""
        ...


class Logger(Protocol):
    """A member of `logger=`. `folder` names its own folder in the run folder; "" for a member that keeps nothing."""

    name: str
    folder: str

    def require(self) -> None:
        """Raise `ResourceError`, which says what to install, where a package that it needs is not installed."""
        ...

    def open(self, run: LoggedRun) -> LiveCurves:
        """Begin the curves of a run. It is called at the first record of the run, and again when the run is resumed."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A part of a run whose later steps depend on more than the weights."""

    def state(self) -> dict[str, np.ndarray]:
        """The state as small arrays, by names of the part's own."""
        ...

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore what `state` gave; `arrays` may hold those of other parts as well."""
        ...


class Bench(NamedTuple):
    """What a measure works on: a network as it is, and its data; `step` keys the random streams of the measurement.

    `inputs` and `targets` are the batch whose gradient is looked at, on the module's device. Where a mean over fresh
    draws is needed (3.2), it is taken over `n_mean` of them.
    """

    network: NoisyNetwork
    inputs: torch.Tensor
    targets: torch.Tensor
    step: int
    n_mean: int = 16


class Schedule(Protocol):
    """A member of `schedule=`."""

    name: str

    def factor(self, step: int, total: int) -> float:
        """What the learning rate is multiplied by in step `step` (from 0) of `total`."""
        ...


class Potential(Protocol):
    """A member of `potential=`: f of the model dw = −∇f(w) dt + ε dL.

    Of dimension 1, a potential acts elementwise on arrays of any shape. Of dimension d, the coordinates are the first
    axis: `w` is (d, n), `value` gives (n,), `gradient` and `flow` give (d, n).
    """

    name: str

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        ...

    @property
    def coefficients(self) -> Sequence[float] | None:
        """The coefficients of f in ascending powers, where f is a one-dimensional polynomial; else None."""
        ...

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w)."""
        ...

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """∇f(w)."""
        ...

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """The solution at `time` >= 0 of w' = −∇f(w) from `w`: exact where known, else by Runge-Kutta steps.

        `time` is a number, or one for each point (n,).
        """
        ...

    def minima(self) -> np.ndarray:
        """The minimizers: ascending (k,), or (k, d)."""
        ...

    def saddles(self) -> np.ndarray:
        """What separates the minimizers: in one dimension the maximizers, ascending (k - 1,); else (k', d)."""
        ...


class Samples(Protocol):
    """A member of `samples=`."""

    name: str

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> Mapping[str, np.ndarray]:
        """Flat float32 or float64 arrays of finite numbers by group; a single one has the name "".

        `seed` decides what is drawn. Raises `UsageError` for a choice that is missing, `DataError` for content,
        `ResourceError` for what does not fit in memory.
        """
        ...


class Measure(Protocol):
    """A member of `measure=`."""

    name: str

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """Measure the network of the bench, whose weights and `.grad` stay as they are.

        Long work passes through `observer.step_done`, and goes on from `observer.restore()`. Raises `UsageError` where
        the bench has nothing to look at.
        """
        ...


PROTOCOLS: Mapping[str, type] = {
    "dataset": Dataset,
    "network": Network,
    "noise": Noise,
    "objective": Objective,
    "inject": Injection,
    "track": Track,
    "logger": Logger,
    "measure": Measure,
    "schedule": Schedule,
    "samples": Samples,
    "potential": Potential,
}
"""What a member of each group must be."""
