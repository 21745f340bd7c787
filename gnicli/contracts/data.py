"""Examples of a data set, as arrays.

Nothing here imports torch or NumPy: the start-up of every command passes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np


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
