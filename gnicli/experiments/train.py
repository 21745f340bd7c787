"""`gni train`: train a network with noise injected into its activations.

This module imports nothing heavy: `--help` and completion read the schema from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import (
    Dataset,
    Injection,
    Logger,
    Network,
    Noise,
    NoisyNetwork,
    Objective,
    Schedule,
    Stateful,
    Track,
)
from gnicli.contracts.data import Data
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import FigureData, Headline, Results, RunRecord, Value
from gnicli.errors import UsageError
from gnicli.experiments import learned, learning
from gnicli.experiments.common import RunConfig

if TYPE_CHECKING:
    import torch

    from gnicli.training.batches import Batches
    from gnicli.training.loop import Examples, Trained
    from gnicli.training.pace import Work

DEFAULT_STEPS = 1000
DEFAULT_EPOCHS = 5  # in minibatches, where they are more than DEFAULT_STEPS

HEADLINES = (
    Headline("variance_ratio", "variance ratio"),
    Headline("test_loss", "test loss"),
    Headline("test_accuracy", "test accuracy"),
    Headline("train_loss", "train loss"),
    Headline("train_accuracy", "train accuracy"),
    Headline("train_learned", "learned"),
    Headline("diverged_at", "diverged at step"),
)


@dataclass
class OptimizerConfig:
    """`optimizer.*`: how a gradient becomes a step."""

    name: str = key("adam", "optimizer", choices=("adam", "sgd"))
    momentum: float = key(0.0, "momentum of sgd, in [0, 1)")
    nesterov: bool = key(False, "Nesterov's momentum (sgd)")
    beta1: float = key(0.9, "decay of adam's first moment, in [0, 1)")
    beta2: float = key(0.999, "decay of adam's second moment, in [0, 1)")
    weight_decay: float = key(0.0, "coefficient of ½‖w‖² added to the objective")

    def __post_init__(self) -> None:
        checks.choice("optimizer.name", self.name, ("adam", "sgd"))
        checks.number("optimizer.momentum", self.momentum, least=0, below=1)
        checks.number("optimizer.beta1", self.beta1, least=0, below=1)
        checks.number("optimizer.beta2", self.beta2, least=0, below=1)
        checks.number("optimizer.weight_decay", self.weight_decay, least=0)
        if self.nesterov and not self.momentum:
            raise UsageError("optimizer.nesterov=true needs optimizer.momentum > 0")


@dataclass
class TrainConfig:
    """All keys of `gni train`; the groups (`dataset`, `network`, …) are components with schemas of their own."""

    dataset: Unchecked[Dataset] = key(None, "data set")
    network: Unchecked[Network] = key(None, "network to train")
    noise: Unchecked[Noise] = key(None, "noise injected into the activations")
    objective: Unchecked[Objective] = key(None, "objective to minimize")
    inject: Unchecked[Injection] = key(None, "noise added to the gradient (figure 4)")
    track: Unchecked[Track] = key(None, "quantities recorded during training")
    schedule: Unchecked[Schedule] = key(None, "learning-rate schedule")
    logger: Unchecked[Logger] = key(None, "live curves of what is recorded, for another program to show")
    optimizer: OptimizerConfig = key(OptimizerConfig, "optimizer")
    M: int = key(1, "noise draws averaged in each step, equation (4.5)")
    steps: Optional[int] = key(
        None,
        f"gradient steps; default: {DEFAULT_STEPS:,}; with minibatches the fewest whole epochs that have as many, "
        f"{DEFAULT_EPOCHS} at least",
    )
    epochs: Optional[float] = key(None, "passes over the training data, in place of steps")
    batch_size: Any = key("auto", f"examples per step: {learning.BATCH_HELP}")
    lr: float = key(0.003, "learning rate")
    loss: str = key("auto", learning.LOSS_HELP, choices=("auto", *learning.LOSSES))
    dtype: str = key("float32", "floating-point type of the network", choices=learning.DTYPES)
    eval_every: Optional[float] = key(
        None,
        "steps between records of the losses without noise; a value below 1 is a fraction of the run; default: 1/50 of "
        "the run; fewer records, down to 6, where they would take too much of the time",
    )
    seed: int = key(0, "random seed of initialization, data order and noise")
    device: str = key("auto", learning.DEVICE_HELP, choices=learning.DEVICES)
    threads: Optional[int] = key(None, "CPU threads; default: torch's choice")
    run: RunConfig = key(RunConfig, "where a run lives and how often its state is kept")

    def __post_init__(self) -> None:
        if self.steps is not None:
            checks.integer("steps", self.steps, least=1)
        if self.eval_every is not None:
            checks.number("eval_every", self.eval_every, above=0)
            if self.eval_every >= 1 and self.eval_every != int(self.eval_every):
                raise UsageError(
                    f"eval_every: expected whole steps, or a fraction of the run below 1, got {self.eval_every:g}"
                )
        if self.steps is not None and self.epochs is not None:
            raise UsageError(f"give steps or epochs, not both (steps={self.steps}, epochs={self.epochs:g})")
        if self.epochs is not None:
            checks.number("epochs", self.epochs, above=0)
        checks.number("lr", self.lr, above=0)
        learning.check(self)


def run(config: TrainConfig, observer: Observer) -> Results:
    """Train as `config`, whose device is resolved, says and return the clean losses.

    Raises `UsageError` where keys contradict one another or the data.
    """
    from gnicli.experiments.about import train as about
    from gnicli.training import cadence, room
    from gnicli.training.batches import Batches
    from gnicli.training.loop import Examples, Loop
    from gnicli.training.optimizer import build_optimizer
    from gnicli.training.pace import Pace
    from gnicli.training.pictures import divergence_figure, loss_figure

    data = learning.load(config, config.seed, observer)
    loss = learning.loss_name(config, data)
    n_train, n_test = (len(split.inputs) for split in (data.train, data.test))
    batches = Batches(n_train, learning.batch_size(config, data), config.seed)
    steps = _steps(config, batches.per_epoch)
    eval_every = cadence.every_of(config.eval_every, steps, n_train, n_test, batches.batch_size)
    for note in _plan(config, batches, steps):
        observer.note(note)

    module = learning.module(config, data)
    sizes = data.train.inputs.shape[1:], batches.batch_size or n_train, max(n_train, n_test)
    room.require(module, *sizes, config.objective.name, config.optimizer)
    network = NoisyNetwork(module, loss, config.noise, config.M, config.seed)
    gradient = config.inject.build(config.objective.build(network), network)
    tracker = config.track.build(network, eval_every, observer)
    candidates: tuple[object, ...] = (gradient, tracker)
    parts = [part for part in candidates if isinstance(part, Stateful)]
    train, test = (Examples(*learning.tensors(config, split)) for split in (data.train, data.test))
    loop = Loop(
        module,
        gradient,
        build_optimizer(config.optimizer, module.parameters(), config.lr),
        config.schedule,
        train,
        batches,
        _evaluation(module, loss, {"train": train, "test": test}),
        observer,
        lr=config.lr,
        steps=steps,
        eval_every=eval_every,
        parts=parts,
        watch=tracker,
        before=learning.keying(config) if learning.is_foreign(*_components(config)) else None,
        pace=Pace(_work(config, batches), observer.advise),
    )
    with learning.working(config.seed):
        trained = loop()
        fit = _fit_figure(config, module, data)
    figures = {"losses": loss_figure(trained, loss)} | fit
    if trained.diverged_at is not None and len(trained.path) > 0:
        figures["divergence"] = divergence_figure(trained)
    if tracker is not None:
        figures[config.track.name] = tracker.figure()
    results = _results(config, data, loss, trained, figures, parts)
    return results._replace(about=about.about(config, data, module, batches, steps, loss, results.values))


def _fit_figure(config: TrainConfig, module: torch.nn.Module, data: Data) -> dict[str, FigureData]:
    """The network beside its data, where both are curves."""
    import torch

    from gnicli.training.pictures import fit_figure

    if data.task != "regression" or not data.train.inputs[0].size == data.n_outputs == 1:
        return {}
    return {"fit": fit_figure(module, data, getattr(torch, config.dtype), torch.device(config.device))}


def _evaluation(module: torch.nn.Module, loss: str, splits: Mapping[str, Examples]) -> Callable[[], dict[str, float]]:
    """What gives the losses without noise, and for classes the accuracies, by name."""
    from gnicli.gradients.evaluation import evaluate

    def clean_losses() -> dict[str, float]:
        record = {}
        for name, split in splits.items():
            record[f"{name}_loss"], accuracy = evaluate(module, loss, split.inputs, split.targets)
            if accuracy is not None:
                record[f"{name}_accuracy"] = accuracy
        return record

    return clean_losses


def summarize(records: Sequence[RunRecord]) -> Results:
    """The results of a sweep: see `experiments.sweeps.train.summarize`."""
    from gnicli.experiments.sweeps import train

    return train.summarize(records)


def _components(config: TrainConfig) -> list[Any]:
    groups = ("dataset", "network", "noise", "objective", "inject", "track", "schedule")
    return [getattr(config, name) for name in groups]


def _steps(config: TrainConfig, per_epoch: int) -> int:
    """The number of gradient steps, from steps or epochs, else the default: whole epochs where an epoch has steps."""
    if config.epochs is not None:
        return max(1, round(config.epochs * per_epoch))
    if config.steps is not None:
        return config.steps
    if per_epoch == 1:
        return DEFAULT_STEPS
    return per_epoch * max(DEFAULT_EPOCHS, math.ceil(DEFAULT_STEPS / per_epoch))


def _plan(config: TrainConfig, batches: Batches, steps: int) -> list[str]:
    """Notes on the batch size and the number of steps where they were not typed."""
    notes = []
    n, per_epoch, mini = batches.n, batches.per_epoch, learning.MINIBATCH
    told = f"this run has {steps:,} step{'s' if steps != 1 else ''}"
    if config.batch_size == "auto" and batches.batch_size is not None:
        notes.append(
            f"batch_size=auto: minibatches of {mini} of the {n:,} training examples, {per_epoch:,} steps an epoch; "
            f"{told}, or {steps / per_epoch:.3g} epochs (batch_size=full takes all examples at each step)"
        )
    elif batches.batch_size is None and (config.epochs is not None or n > learning.FULL_UP_TO):
        smaller = f"; with batch_size={mini} an epoch is {-(-n // mini):,} steps" if n > mini else ""
        notes.append(
            f"full batch: each step takes all {n:,} training examples, so an epoch is one step and {told}{smaller}"
        )
    return notes


def _work(config: TrainConfig, batches: Batches) -> Work:
    """What a step of this run takes the gradient of, from which its pace makes a sentence."""
    from gnicli.training.pace import Work

    draws = config.M if config.objective.name == "noisy" and config.noise.name != "none" else 1
    return Work(batches.batch_size or batches.n, draws, batches.per_epoch, learning.MINIBATCH)


def _results(
    config: TrainConfig, data: Data, loss: str, trained: Trained, figures: dict[str, FigureData], parts: list[Any]
) -> Results:
    """The last record as headline values, what was learned, values and warnings of the parts, and how the run ended."""
    last = dict(zip(trained.columns, trained.history[-1, 1:].tolist(), strict=True))
    sizes = {"train": len(data.train.inputs), "test": len(data.test.inputs)}
    values = {
        name: Value(value, n=sizes[name.partition("_")[0]], unit="" if name.endswith("loss") else "fraction")
        for name, value in last.items()
    }
    if loss in learned.LOSSES:
        values |= learned.shares(data, loss, values)
    values["steps"] = Value(float(trained.history[-1, 0]), unit="step")
    for part in parts:
        values |= part.values()
    warnings = tuple(sentence for part in parts for sentence in part.warnings())
    if trained.diverged_at is None:
        return Results(values, figures=figures, warnings=warnings)
    values["diverged_at"] = Value(float(trained.diverged_at), unit="step")
    message = (
        f"diverged at step {trained.diverged_at} (loss={trained.objective}, lr={config.lr:g}); "
        "earlier checkpoints, if any, are kept; try a smaller lr"
    )
    return Results(values, figures=figures, status="diverged", message=message, warnings=warnings)
