"""`dataset=sinusoids`: the paper's toy regression, a sum of sine waves of one variable.

By default the waves are slow and x is standardized, so that a network learns them in a thousand steps. The paper's ten
waves, q = 5, 10, …, 50 over x in [0, 1), take tens of thousands: `protocol=paper`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from gnicli import checks, memory
from gnicli.checks import Unchecked, key
from gnicli.contracts.data import Data, Split
from gnicli.contracts.observer import Observer
from gnicli.seeding import numpy_stream

_BYTES_PER_NUMBER = 24  # three float64: the angles, their sines and what is on the way


@dataclass
class Sinusoids:
    """y(x) = Σ_i sin(2π q_i x + φ_i), the phases φ_i drawn uniformly from (0, 1) once per seed."""

    name: str = key("sinusoids", "sum of sine waves with random phases, made on the spot")
    n_train: int = key(200, "training points, x = 0, 1/n_train, 2/n_train, …")
    n_test: Optional[int] = key(
        None, "test points, spread between the training points; default: n_train of them, the midpoints"
    )
    inputs: str = key("standardized", "scale of x: as it is, or mean 0 and std 1", choices=("raw", "standardized"))
    frequencies: Unchecked[list[float] | tuple[float, ...]] = key(
        [1, 2, 3], "frequencies q_i, in cycles per unit of x; the paper has 5, 10, …, 50"
    )

    def __post_init__(self) -> None:
        checks.integer("dataset.n_train", self.n_train, least=1)
        if self.n_test is not None:
            checks.integer("dataset.n_test", self.n_test, least=1)
        checks.choice("dataset.inputs", self.inputs, ("raw", "standardized"))
        checks.listed("dataset.frequencies", self.frequencies, "numbers", "[5,10]")
        for i, frequency in enumerate(self.frequencies):
            checks.number(f"dataset.frequencies[{i}]", frequency)

    def load(self, seed: int, observer: Observer) -> Data:
        """Inputs and targets float32 (n, 1). Standardized inputs use mean and std of the training points."""
        n_test = self.n_train if self.n_test is None else self.n_test
        memory.require(
            (self.n_train + n_test) * _BYTES_PER_NUMBER * (len(self.frequencies) + 6),
            f"dataset.n_train={self.n_train} dataset.n_test={n_test}",
            "take fewer points",
        )
        phases = numpy_stream(seed, "data").uniform(size=len(self.frequencies))
        train, test = self._points()
        shift, scale = 0.0, 1.0
        if self.inputs == "standardized":
            shift, scale = float(train.mean()), float(train.std()) or 1.0
        splits = [
            Split(((x - shift) / scale).astype(np.float32)[:, None], self._values(x, phases)) for x in (train, test)
        ]
        return Data(splits[0], splits[1], "regression", 1)

    def _values(self, x: np.ndarray, phases: np.ndarray) -> np.ndarray:
        angles = 2 * np.pi * np.outer(x, np.asarray(self.frequencies, np.float64)) + phases
        return np.sin(angles).sum(axis=1, keepdims=True).astype(np.float32)

    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        # Each test point falls into an interval between two training points; those that share one divide it evenly,
        # so that none coincides with a training point whatever the two counts are.
        n_test = self.n_train if self.n_test is None else self.n_test
        interval = np.arange(n_test) * self.n_train // n_test
        rank = np.arange(n_test) - np.searchsorted(interval, interval)
        shared = np.bincount(interval, minlength=self.n_train)[interval]
        test = (interval + (rank + 1) / (shared + 1)) / self.n_train
        return np.arange(self.n_train) / self.n_train, test


COMPONENT = Sinusoids
