"""What a network has learned: its loss beside that of the best constant answer."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gnicli.contracts.data import Data, Split
from gnicli.contracts.results import Value

OF_TRAINING, OF_TEST = "train_learned", "test_learned"
LOSSES = ("mse", "cross_entropy")


def shares(data: Data, loss: str, losses: Mapping[str, Value]) -> dict[str, Value]:
    """By `train_learned` and `test_learned` 1 − loss/(loss of the constant that is best on the training data).

    `losses` has `train_loss` and `test_loss`. For the mean squared error the constant is the mean target, so the share
    is that of the targets' variance (the coefficient of determination R²). For the cross-entropy it is the shares of
    the classes, so the share is that of their entropy. A share is negative where the constant does better. One that is
    not defined is left out: all targets are equal, or a class of the test data is none of the training data.
    """
    found = {}
    for name, split in ((OF_TRAINING, data.train), (OF_TEST, data.test)):
        told = losses.get(name.replace("learned", "loss"))
        constant = constant_loss(data, split, loss)
        if told is not None and 0 < constant < math.inf and math.isfinite(told.number):
            found[name] = Value(1 - told.number / constant, n=told.n, unit="fraction")
    return found


def constant_loss(data: Data, split: Split, loss: str) -> float:
    """The loss on `split` of the constant answer that is best on the training data."""
    import numpy as np

    known, wanted = data.train.targets, split.targets
    if data.task == "classification":
        counts = np.bincount(known, minlength=data.n_outputs)
        if loss == "cross_entropy":
            with np.errstate(divide="ignore"):
                return float(-np.log(counts / counts.sum())[wanted].mean())
        known, wanted = (np.eye(data.n_outputs)[each] for each in (known, wanted))
    known, wanted = (np.asarray(each, np.float64).reshape(len(each), -1) for each in (known, wanted))
    return float(np.square(wanted - known.mean(axis=0)).mean())
