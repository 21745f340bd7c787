"""What the layers hand to one another: protocols of components, and named tuples of plain data.

Arrays in the tuples are NumPy arrays. Nothing here imports torch or NumPy: the start-up of every command passes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch

# -------------------- data


class Split(NamedTuple):
    """Examples: `inputs` float32 (n, *input_shape); `targets` float32 (n, k) for regression, int64 (n,) for classes."""

    inputs: np.ndarray
    targets: np.ndarray


class Data(NamedTuple):
    """A loaded data set. `n_outputs` is the number of classes or of regressed values."""

    train: Split
    test: Split
    task: Literal["regression", "classification"]
    n_outputs: int


class Dataset(Protocol):
    """A member of `dataset=`: its fields are the schema."""

    name: str

    def load(self, seed: int, observer: Observer) -> Data:
        """Read (never fetch silently where offline) and return the data; `seed` decides a random subset or phases."""
        ...


# -------------------- networks and their noise


class Network(Protocol):
    """A member of `network=`."""

    name: str

    def build(
        self, input_shape: tuple[int, ...], n_outputs: int, generator: torch.Generator, dtype: torch.dtype
    ) -> torch.nn.Module:
        """Build the module on the CPU, its weights drawn from `generator`.

        The module has an attribute `stages`, a sequence of L modules: stage i (from 0) maps the noised activations
        h̃_i to the activations h_{i+1} of the next layer, activation function included; the last one gives the output.
        Its `forward` applies them in order. Noise layer i is the input of stage i, so layer 0 is the network's input.
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

    def scales(self, n_layers: int) -> tuple[float, ...]:
        """The standard deviation of ε in each of the `n_layers` noise layers; 0 leaves that layer alone.

        Raises `UsageError` when a list of another length was given.
        """
        ...

    def fill(self, out: torch.Tensor, scale: float, generator: torch.Generator) -> torch.Tensor:
        """Fill `out` (any shape) in place with draws of ε for a layer of this `scale`; returns `out`."""
        ...


# -------------------- objectives


class GradientFunction(Protocol):
    """The gradient of an objective at the module's present weights."""

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Overwrite `.grad` of every parameter; return the objective's value (0-dimensional, detached).

        `step` keys the random streams of this call.
        """
        ...


class Objective(Protocol):
    """A member of `objective=`."""

    name: str

    def build(self, module: torch.nn.Module, loss: str, noise: Noise, M: int, seed: int) -> GradientFunction:
        """Bind the objective to a module (see `Network.build`), a loss, a noise, M draws and a seed."""
        ...


class Injection(Protocol):
    """A member of `inject=`."""

    name: str

    def build(
        self, gradient: GradientFunction, module: torch.nn.Module, loss: str, noise: Noise, M: int, seed: int
    ) -> GradientFunction:
        """Wrap the `gradient` of an objective (see `Objective.build`) into one that adds noise to it.

        The result may have `state` and `restore` (see `Stateful`), and `values` and `notes` for the results.
        """
        ...


class Stateful(Protocol):
    """A part of a run whose later steps depend on more than the weights."""

    def state(self) -> dict[str, np.ndarray]:
        """Small arrays by names of its own."""
        ...

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave, among the arrays of others."""
        ...


class Bench(NamedTuple):
    """What a measure works on: a network as it is, its data, loss and noise; `step` keys the random streams of the
    measurement.

    `inputs` and `targets` are the batch whose gradient is looked at, on the module's device; `M` draws are averaged in
    one gradient (4.5), and where a mean over fresh draws is needed (3.2) it is taken over `n_mean` of them.
    """

    module: torch.nn.Module
    loss: str
    noise: Noise
    inputs: torch.Tensor
    targets: torch.Tensor
    M: int
    seed: int
    step: int
    n_mean: int = 16


class Schedule(Protocol):
    """A member of `schedule=`."""

    name: str

    def factor(self, step: int, total: int) -> float:
        """What the learning rate is multiplied by in step `step` (from 0) of `total`."""
        ...


# -------------------- potentials


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
        """Those of f in ascending powers, where f is a one-dimensional polynomial; else None."""
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


ParquetReader = Callable[[Path], "Mapping[str, np.ndarray]"]

# -------------------- results


class Value(NamedTuple):
    """A headline number: `stderr` is None where no error is defined, `n` is the number of things averaged.

    `ci95` is a 95 % interval where the result has one that is not value ± 1.96 stderr by definition (cut to a range,
    asymmetric, or to be read by others). A value may be a word (`parameterization` is "S1"): it is shown and written,
    and left out of means over runs. Words that `float()` reads ("nan", "inf") are taken for numbers when read back.
    A value may also be several numbers whose count is part of the result (modes): these too are in no mean.
    """

    value: float | str | tuple[float, ...]
    stderr: float | None = None
    n: int = 1
    unit: str = ""
    ci95: tuple[float, float] | None = None

    @property
    def number(self) -> float:
        """The value of a result that is one number; raises `TypeError` for a word or several numbers."""
        if isinstance(self.value, str | tuple):
            raise TypeError(f"{self.value!r} is not one number")
        return float(self.value)


class NamedArray(NamedTuple):
    """An array for `arrays.npz` and what its axes mean."""

    values: np.ndarray
    meaning: str


class Curve(NamedTuple):
    """One curve of a panel; `low` and `high` bound a band. All arrays have the shape of `x`."""

    label: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    style: Literal["line", "dashed", "dots", "steps"] = "line"


class Panel(NamedTuple):
    """One pair of axes."""

    curves: tuple[Curve, ...]
    x_label: str
    y_label: str
    title: str = ""
    x_scale: Literal["linear", "log", "symlog"] = "linear"
    y_scale: Literal["linear", "log", "symlog"] = "linear"


class FigureData(NamedTuple):
    """A figure as data: the engine draws it (png, pdf) and writes the data beside it (csv)."""

    title: str
    panels: tuple[Panel, ...]
    caption: str = ""


class Table(NamedTuple):
    """A table for the eye, in the terminal and the report: cells are words, as many in each row as in `header`.

    Its numbers stand in `values` or `arrays` as well, for programs.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Results(NamedTuple):
    """What an experiment returns. The engine writes it; `notes` are sentences for the report.

    `message` says in one line what became of a run that diverged ("diverged at step 7 …").
    Where there are `tables` (by title) the terminal shows them in place of the list of `values`.
    """

    values: Mapping[str, Value]
    arrays: Mapping[str, NamedArray] = {}
    figures: Mapping[str, FigureData] = {}
    status: Literal["completed", "diverged"] = "completed"
    message: str = ""
    notes: tuple[str, ...] = ()
    tables: Mapping[str, Table] = {}


class RunRecord(NamedTuple):
    """A run as it is read back from its folder: what an experiment's `summarise` gets for each job of a sweep.

    `overrides` maps each key given on the command line (sweep included) to its value as typed. `metrics` maps a name to
    its steps (int64) and values (float64), both of one length; it is there for unfinished runs too.
    """

    job: int
    folder: Path
    overrides: Mapping[str, str]
    status: str
    values: Mapping[str, Value]
    metrics: Mapping[str, tuple[np.ndarray, np.ndarray]]
    message: str = ""


class State(NamedTuple):
    """All that is needed to go on from `step` (the number of finished steps): arrays, and values that JSON can hold."""

    step: int
    arrays: Mapping[str, np.ndarray]
    values: Mapping[str, Any] = {}


class Measure(Protocol):
    """A member of `measure=`."""

    name: str

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """Look at the network on the bench, whose weights stay as they are; may overwrite every `.grad`.

        Long work passes through `observer.step_done`, and goes on from `observer.restore()`. Raises `UsageError` where
        the bench has nothing to look at.
        """
        ...


class Observer(Protocol):
    """How progress, metrics, checkpoints and requests to stop cross the border between the engine and the domain."""

    def stage(self, text: str) -> None:
        """Say what is being done now ("reading svhn"): one line, not kept."""
        ...

    def progress(self, text: str, done: int, total: int | None, unit: str = "step") -> None:
        """Show how far a part of the work is that is no training step (bytes of a download, draws, fits)."""
        ...

    def restore(self) -> State | None:
        """The state to go on from, or None for a fresh start."""
        ...

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Append rows (step, name, value) to `metrics.csv`."""
        ...

    def step_done(self, step: int, total: int, make_state: Callable[[], State | None], **shown: float) -> None:
        """Call after each finished step: shows progress, saves a checkpoint when one is due.

        `make_state` is called only if a checkpoint is to be written; it returns None where the state is not fit to be
        kept (no longer finite). When a signal has asked to stop, the state is saved and `Interrupted` raised.
        """
        ...

    def cost(self, name: str, seconds: float) -> None:
        """Add to the seconds that the manifest gives for a part of the work (results hold no clock)."""
        ...

    def note(self, text: str) -> None:
        """Log a sentence that belongs in `run.log` and before the user's eyes (a warning, a choice made)."""
        ...


class SilentObserver:
    """An observer for library use and tests: keeps metrics and notes in lists, never stops, never saves."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state
        self.rows: list[tuple[int, str, float]] = []
        self.notes: list[str] = []

    def stage(self, text: str) -> None:
        """Ignored."""

    def progress(self, text: str, done: int, total: int | None, unit: str = "step") -> None:
        """Ignored."""

    def restore(self) -> State | None:
        """The state given at construction."""
        return self.state

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Keep the rows."""
        self.rows += [(step, name, value) for name, value in values.items()]

    def step_done(self, step: int, total: int, make_state: Callable[[], State | None], **shown: float) -> None:
        """Ignored."""

    def cost(self, name: str, seconds: float) -> None:
        """Ignored."""

    def note(self, text: str) -> None:
        """Keep the sentence."""
        self.notes.append(text)
