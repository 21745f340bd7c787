"""Where the positions of a long run go: sums of bounded size, each with its arrays for a checkpoint; one per file.

A sink is fed blocks of recorded positions, `(n_recorded, n)` or `(n_recorded, d, n)`, of the chains numbered `chains`
(n,), with one weight per recorded step. Chains that exploded are not fed any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from gnicli.contracts.observer import arrays_of, joined_arrays


class Sink(Protocol):
    """A consumer of positions. `name` prefixes its arrays in a checkpoint."""

    name: str

    def add(self, positions: np.ndarray, chains: np.ndarray, weights: np.ndarray, first_step: int) -> None:
        """Take in one block."""
        ...

    def arrays(self) -> Mapping[str, np.ndarray]:
        """All state, to be kept and given back to `load`."""
        ...

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the state back."""
        ...


class Arrays:
    """State that is a few arrays, named in `_kept`."""

    name = ""
    _kept: tuple[str, ...] = ()

    def arrays(self) -> Mapping[str, np.ndarray]:
        """All state, by name."""
        return {key: np.array(getattr(self, key)) for key in self._kept}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the state back."""
        for key in self._kept:
            setattr(self, key, np.array(arrays[key]))


def all_arrays(sinks: Sequence[Sink]) -> dict[str, np.ndarray]:
    """The arrays of several sinks, as `name/array`."""
    return joined_arrays({sink.name: sink.arrays() for sink in sinks})


def load_all(sinks: Sequence[Sink], arrays: Mapping[str, np.ndarray]) -> None:
    """Give each sink its arrays back."""
    for sink in sinks:
        sink.load(arrays_of(sink.name, arrays))
