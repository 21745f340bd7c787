"""Time-stepping schemes, one per file: every one is two maps around the noise, w ← after(before(w) + ΔL).

A scheme declares its weak `order` and its source. From one noise to the next, chains go by `between`, or by `visit`
where the position on the way is recorded.
"""

from __future__ import annotations

import importlib
from typing import Protocol

import numpy as np

from gnicli import checks
from gnicli.sde.choices import SCHEMES
from gnicli.sde.drift import Drift

_EXPLODED = 1e100


class Scheme(Protocol):
    """One step of length eta is after(before(w, eta) + ΔL, eta); nothing is changed in place."""

    name: str
    order: int

    def before(self, w: np.ndarray, eta: float) -> np.ndarray:
        """What is done before the noise is added."""
        ...

    def after(self, w: np.ndarray, eta: float) -> np.ndarray:
        """What is done after the noise was added."""
        ...

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """before(after(w, eta), next_eta)."""
        ...

    def visit(
        self, w: np.ndarray, eta: float, next_eta: float, number: int, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The position to record, the run's `number`-th, and what `between` gives.

        `offsets` (n,), uniform in [0, 1), are each chain's own: where its records begin within a step.
        """
        ...

    def lost(self, w: np.ndarray, eta: float) -> np.ndarray:
        """Which chains (n,) have exploded or are bound to."""
        ...


def lost_in_numbers(w: np.ndarray) -> np.ndarray:
    """`lost` of the schemes that never run away: beyond what a stable draw with alpha >= 0.2 can reach."""
    fine = np.abs(w) < _EXPLODED
    return ~(fine if fine.ndim == 1 else fine.all(axis=0))


def visit_after(scheme: Scheme, w: np.ndarray, eta: float, next_eta: float) -> tuple[np.ndarray, np.ndarray]:
    """`visit` of the schemes that have one place to record at: where the step ends."""
    position = scheme.after(w, eta)
    return position, scheme.before(position, next_eta)


def build(name: str, drift: Drift) -> Scheme:
    """The scheme called `name` for a drift; `UsageError` for an unknown name or a drift that it cannot take."""
    checks.choice("scheme", name, SCHEMES)
    scheme: Scheme = importlib.import_module(f"gnicli.sde.scheme.{name}").SCHEME(drift)
    return scheme
