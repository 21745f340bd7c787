"""Which examples each step sees, decided by (seed, step) alone so that a resumed run needs no memory of it."""

from __future__ import annotations

import math

import numpy as np

from gnicli.seeding import numpy_stream


class Batches:
    """Epochs of shuffled minibatches; the last batch of an epoch is smaller when `batch_size` does not divide `n`.

    `batch_size=None` is the full batch. The order of epoch e is a permutation keyed by (seed, "data", e).
    """

    def __init__(self, n: int, batch_size: int | None, seed: int) -> None:
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.per_epoch = 1 if batch_size is None else math.ceil(n / batch_size)
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    def indices(self, step: int) -> np.ndarray | None:
        """Indices of the examples of step `step` (from 0); None means all of them, in their own order."""
        if self.batch_size is None:
            return None
        epoch, batch = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            self._order = numpy_stream(self.seed, "data", epoch).permutation(self.n)
            self._epoch = epoch
        return self._order[batch * self.batch_size : (batch + 1) * self.batch_size]
