"""Draws of a law limited to a range, as `inject.truncate=observed` has them: a departure from the paper, and named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gnicli.contracts.results import Value

_MOST_ROUNDS = 1000  # a law fitted to values in the range has most of its mass there: one or two rounds are usual


class Truncation:
    """Draws again what lies outside of a range, and counts how often.

    `words` go on after a number: "draws were redrawn, so that …".
    """

    def __init__(self, words: str) -> None:
        self._words = words
        self._counts = np.zeros(2, np.int64)  # draws, and those outside

    def __call__(self, draw: Callable[[int], np.ndarray], n: int, low: float, high: float) -> np.ndarray:
        """`n` draws of the law given that they lie in [low, high]; `draw` gives any number of draws without a limit.

        What is still outside after a thousand rounds is set to the nearer end.
        """
        values = draw(n)
        outside = _outside(values, low, high)
        self._counts += (n, outside.size)
        for _ in range(_MOST_ROUNDS):
            if not outside.size:
                return values
            values[outside] = draw(outside.size)
            outside = outside[_outside(values[outside], low, high)]
        return np.clip(values, low, high)

    def state(self) -> dict[str, np.ndarray]:
        """The counts."""
        return {"truncated": self._counts}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self._counts = arrays["truncated"]

    def values(self) -> dict[str, Value]:
        """The share of the draws that lay outside."""
        n, beyond = self._counts.tolist()
        return {"inject_truncated": Value(beyond / n if n else 0.0, n=n, unit="fraction")}

    def warnings(self) -> tuple[str, ...]:
        """That draws are limited, which those of the paper are not, and how many were outside."""
        n, beyond = self._counts.tolist()
        return (f"inject.truncate=observed is a departure from the paper: {beyond:,} of {n:,} {self._words}",)


def _outside(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """The places of values that do not lie in [low, high]; a value that is not a number lies outside."""
    return np.flatnonzero(~((values >= low) & (values <= high)))
