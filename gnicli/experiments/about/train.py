"""What a run of `gni train` is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from gnicli.contracts.components import Dataset, Injection, Network, Noise, Objective, Schedule, Track
from gnicli.contracts.data import Data
from gnicli.contracts.results import About, Value
from gnicli.experiments.about import components
from gnicli.experiments.about.components import count
from gnicli.experiments.learned import OF_TRAINING

if TYPE_CHECKING:
    import torch

    from gnicli.training.batches import Batches
    from gnicli.training.optimizer import OptimizerOptions

LOSSES = {"mse": "mean squared error", "cross_entropy": "cross-entropy"}


class TrainingKeys(Protocol):
    """The keys of the command that a report names."""

    dataset: Dataset
    network: Network
    noise: Noise
    objective: Objective
    inject: Injection
    track: Track
    schedule: Schedule
    M: int
    lr: float

    @property
    def optimizer(self) -> OptimizerOptions:
        """How a gradient becomes a step."""
        ...


def about(
    config: TrainingKeys,
    data: Data,
    module: torch.nn.Module,
    batches: Batches,
    steps: int,
    loss: str,
    values: Mapping[str, Value],
) -> About:
    """Title, conditions and the losses at the end. `loss` is the loss by name, `steps` the number of planned steps."""
    conditions = {
        "data": components.data(config.dataset, data),
        "network": components.network(config.network, module),
        "loss": LOSSES.get(loss, loss),
        "noise": components.noise(config.noise) if _takes_noise(config) else "none",
        "objective": components.words(config.objective),
        "M": f"{config.M:,}" if _draws_noise(config) else "",
        "noise in the gradient": "" if config.inject.name == "none" else components.words(config.inject),
        "optimizer": _optimizer(config.optimizer),
        "learning rate": _learning_rate(config),
        "budget": budget(steps, batches),
        "recorded": "" if config.track.name == "none" else components.words(config.track),
    }
    trained = components.network_name(config.network)
    noise = components.noise_name(config.noise) if _takes_noise(config) else "without noise"
    title = f"Training of {trained} on {config.dataset.name} {noise}"
    return About(title, {name: said for name, said in conditions.items() if said}, conclusion(values))


def _takes_noise(config: TrainingKeys) -> bool:
    """Whether `noise` has an effect."""
    return config.noise.name != "none" and (config.objective.name != "clean" or _has_more(config))


def _draws_noise(config: TrainingKeys) -> bool:
    """Whether `M` has an effect: the explicit regularizer draws no noise."""
    return _takes_noise(config) and (config.objective.name != "explicit" or _has_more(config))


def _has_more(config: TrainingKeys) -> bool:
    """Whether something besides the objective asks for draws of the noise."""
    return config.inject.name != "none" or config.track.name != "none"


def _optimizer(optimizer: OptimizerOptions) -> str:
    decay = f", weight decay {optimizer.weight_decay:g}" if optimizer.weight_decay else ""
    if optimizer.name == "adam":
        return f"Adam (β₁ = {optimizer.beta1:g}, β₂ = {optimizer.beta2:g}){decay}"
    momentum = (
        f" with {'Nesterov’s ' * optimizer.nesterov}momentum {optimizer.momentum:g}" if optimizer.momentum else ""
    )
    return f"stochastic gradient descent{momentum}{decay}"


def _learning_rate(config: TrainingKeys) -> str:
    if config.schedule.name == "constant" and not getattr(config.schedule, "warmup_steps", 0):
        return f"{config.lr:g}, constant"
    keys = components.keys_of(config.schedule)
    return f"{config.lr:g}, schedule {config.schedule.name}{f' ({keys})' if keys else ''}"


def budget(steps: int, batches: Batches) -> str:
    """Steps, what one takes, and what they are in passes over the data."""
    size = "the whole training data" if batches.batch_size is None else f"minibatches of {batches.batch_size:,}"
    passes = "" if batches.batch_size is None else f" ({steps / batches.per_epoch:.3g} epochs)"
    return f"{count(steps, 'step')} of {size}{passes}"


def conclusion(values: Mapping[str, Value]) -> str:
    """The losses without noise after the last step, and the accuracies where there are classes."""
    steps = int(values["steps"].number)
    if "diverged_at" in values:
        return f"Training diverged at step {int(values['diverged_at'].number):,}."
    losses = " and ".join(
        f"{values[f'{split}_loss'].number:.4g} on the {words} data"
        for split, words in (("train", "training"), ("test", "test"))
        if f"{split}_loss" in values
    )
    said = f"After {count(steps, 'step')} the loss without noise is {losses}"
    if OF_TRAINING in values:
        said += f"; {_percent(values[OF_TRAINING])} of what a constant answer leaves on the training data is learned"
    if "test_accuracy" not in values or "train_accuracy" not in values:
        return f"{said}."
    shares = [_percent(values[f"{split}_accuracy"]) for split in ("train", "test")]
    return f"{said}; the accuracy is {shares[0]} on the training data and {shares[1]} on the test data."


def _percent(share: Value) -> str:
    return f"{100 * share.number:.1f} %"
