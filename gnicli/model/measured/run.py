"""Training, the models of its noise and gradient descent from the same starts: `laws=measured`.

Training goes first. Where it has been is where laws are measured; then the models follow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Results
from gnicli.errors import NumericalError, UsageError
from gnicli.model.measured import laws
from gnicli.model.measured.arms import Arm, Descent, Model, Training
from gnicli.model.measured.laws import Gradients, Measured
from gnicli.model.measured.paths import Path, Records, follow, traced
from gnicli.model.measured.results import results
from gnicli.model.measured.words import AGAIN, DESCENT, MODELS, TRAINING

_MOST = 50_000_000  # numbers in the weights that are kept, in the noise of one step, or in the records of an arm
_ROWS = 100  # records along the way
_TRACED = 32  # weights of a layer whose increments are kept


class Keys(NamedTuple):
    """How the arms run: steps of `eta`, and laws over `n_draws` gradients, every `measure_every` steps or once (0)."""

    eta: float
    n_steps: int
    seed: int
    n_draws: int
    measure_every: int = 0

    @property
    def measured_at(self) -> tuple[int, ...]:
        """The steps before which laws are measured."""
        return tuple(range(0, self.n_steps, self.measure_every)) if self.measure_every else (0,)


def check_chains(keys: Keys, dimension: int, n_chains: int) -> None:
    """Raise `UsageError` where weights or records of all chains take too much memory."""
    at_once = 32 * dimension + 2 * _ROWS * min(dimension, 3 * _TRACED)  # noise of a block of steps, and increments
    if n_chains * at_once > _MOST:
        raise UsageError(
            f"n_chains={n_chains} with {dimension} weights takes too much memory with laws=measured; "
            + (
                f"take n_chains={_MOST // at_once} or a smaller network"
                if 2 * at_once <= _MOST
                else "take a smaller network"
            )
        )
    n_kept = len(keys.measured_at)
    most = _MOST // (dimension * n_chains)
    if n_kept > most:
        raise UsageError(
            f"measure_every={keys.measure_every} keeps {n_kept} times the {dimension} weights of {n_chains} chains, "
            f"which takes too much memory; take measure_every={-(-keys.n_steps // max(most, 1))} or more"
        )


def check_draws(M: int, n_chains: int, n_inputs: int) -> None:
    """Raise `UsageError` where the draws of a step take too much memory; `n_inputs` are all numbers of the batch."""
    if M * n_chains * n_inputs > _MOST:
        raise UsageError(
            f"M={M} draws for n_chains={n_chains} take too much memory; take M * n_chains <= {_MOST // n_inputs} or "
            "fewer training points"
        )


def run(
    potential: Potential,
    clean: Potential,
    gradients: Gradients,
    layers: np.ndarray,
    start: np.ndarray,
    keys: Keys,
    observe: Callable[[str], Observer],
    observer: Observer,
) -> Results:
    """All arms from `start` (d, n), and what comes of their comparison.

    `gradients` are those of training, with fresh draws; `potential` is their mean f, over fixed draws. The losses that
    are compared are those of `clean`, without noise: f itself would favor the arms that descend its own draws. `layers`
    (d,) are the weights' layers, from 1; `observe` gives the observer of an arm. Raises `NumericalError` when all
    chains of training diverge.
    """
    every = max(1, keys.n_steps // _ROWS)
    records = Records(keys.n_steps, every, traced(layers, _TRACED))
    n = start.shape[1]

    def path(name: str, arm: Arm, kept: tuple[int, ...] = ()) -> Path:
        return follow(arm, clean, start, records._replace(kept=kept), observe(name))

    paths = {TRAINING: path(TRAINING, Training(gradients, keys.eta), keys.measured_at)}
    if (paths[TRAINING].diverged_by >= 0).all():
        last = int(paths[TRAINING].diverged_by.max())
        raise NumericalError(
            f"all {n} chains of training diverged by step {last}; take a smaller eta than {keys.eta:g}"
        )
    paths[AGAIN] = path(AGAIN, Training(gradients, keys.eta, n))
    measured = []
    for number, weights in enumerate(paths[TRAINING].weights, 1):
        measured.append(laws.measure(gradients, layers, weights, keys.n_steps + number, keys.n_draws))
        observer.progress("measuring the gradient noise", number, len(keys.measured_at), "place")
    for name in MODELS:
        paths[name] = path(name, model(potential, name, measured, layers, keys))
    paths[DESCENT] = path(DESCENT, Descent(potential, keys.eta))
    return results(paths, measured, records, layers, keys.eta)


def model(
    potential: Potential, name: str, measured: list[Measured], layers: np.ndarray, keys: Keys, stream: int = 0
) -> Model:
    """The model called `name`, with the laws that were measured; `stream` tells independent draws apart."""
    found = [getattr(each, name) for each in measured]
    moving = [each.moving for each in measured]
    return Model(potential, keys.eta, layers, found, moving, keys.seed, keys.measure_every, stream)
