"""`gni train`: train a network with noise injected into its activations.

This module imports nothing heavy: `--help` and completion read the schema from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts import Observer, Results
from gnicli.errors import UsageError

if TYPE_CHECKING:
    from omegaconf import DictConfig

DEFAULT_STEPS = 2000


@dataclass
class RunConfig:
    """`run.*`: where a run lives and how often its state is kept."""

    dir: Optional[str] = key(None, "folder of this run (or of the sweep under -m); default: a new one under run.root")
    root: Optional[str] = key(None, "folder that holds all runs; default: $GNI_OUTPUTS or outputs")
    checkpoint_steps: Optional[int] = key(None, "save a checkpoint every so many steps, besides the timed ones")
    checkpoint_seconds: float = key(30.0, "save a checkpoint after so many seconds")

    def __post_init__(self) -> None:
        if self.checkpoint_steps is not None:
            checks.integer("run.checkpoint_steps", self.checkpoint_steps, least=1)
        checks.number("run.checkpoint_seconds", self.checkpoint_seconds, above=0)


@dataclass
class OptimizerConfig:
    """`optimizer.*`: how a gradient becomes a step."""

    name: str = key("sgd", "kind of step", choices=("sgd", "adam"))
    momentum: float = key(0.0, "momentum of sgd, in [0, 1)")
    nesterov: bool = key(False, "Nesterov's momentum (sgd)")
    beta1: float = key(0.9, "decay of adam's first moment, in [0, 1)")
    beta2: float = key(0.999, "decay of adam's second moment, in [0, 1)")
    weight_decay: float = key(0.0, "coefficient of ½‖w‖² added to the objective")

    def __post_init__(self) -> None:
        checks.choice("optimizer.name", self.name, ("sgd", "adam"))
        checks.number("optimizer.momentum", self.momentum, least=0, below=1)
        checks.number("optimizer.beta1", self.beta1, least=0, below=1)
        checks.number("optimizer.beta2", self.beta2, least=0, below=1)
        checks.number("optimizer.weight_decay", self.weight_decay, least=0)
        if self.nesterov and not self.momentum:
            raise UsageError("optimizer.nesterov=true needs optimizer.momentum > 0")


@dataclass
class TrainConfig:
    """All keys of `gni train`; the groups (`dataset`, `network`, …) are components with schemas of their own."""

    dataset: Any = key(None, "what is learned")
    network: Any = key(None, "what learns it")
    noise: Any = key(None, "noise injected into the activations")
    objective: Any = key(None, "what is minimized")
    schedule: Any = key(None, "how the learning rate changes along training")
    optimizer: OptimizerConfig = key(OptimizerConfig, "how a gradient becomes a step")
    M: int = key(1, "noise draws averaged in each step (4.5)")
    steps: Optional[int] = key(None, f"gradient steps; default {DEFAULT_STEPS} unless epochs is given")
    epochs: Optional[float] = key(None, "passes over the training data, in place of steps")
    batch_size: Any = key("full", "examples per step: full, or a number")
    lr: float = key(0.01, "learning rate")
    loss: str = key(
        "auto", "loss; auto: mse for regression, cross_entropy for classes", choices=("auto", "mse", "cross_entropy")
    )
    dtype: str = key("float32", "arithmetic of the network", choices=("float32", "float64"))
    eval_every: Optional[int] = key(None, "steps between records of the clean losses; default: 1/50 of the run")
    seed: int = key(0, "decides everything random: initialization, data order, noise")
    device: str = key("auto", "where to compute", choices=("auto", "cpu", "cuda"))
    threads: Optional[int] = key(None, "CPU threads; default: torch's choice")
    run: RunConfig = key(RunConfig, "where a run lives and how often its state is kept")


def run(cfg: DictConfig, observer: Observer) -> Results:
    """Train as `cfg` says (a merged `TrainConfig`) and return the losses."""
    raise UsageError("not yet")
