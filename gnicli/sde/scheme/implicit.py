"""`scheme=implicit`: the drift-implicit Euler step, w' + η f'(w') = w + ΔL. Weak order 1; chains never run away."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import NumericalError, UsageError
from gnicli.potential import polynomials
from gnicli.sde.drift import Drift
from gnicli.sde.scheme import lost_in_numbers, visit_after

_MAX_ROUNDS = 400


class Implicit:
    """Newton's method on each coordinate, safeguarded by bisection."""

    name = "implicit"
    order = 1

    def __init__(self, drift: Drift) -> None:
        potential = drift.potential
        members: tuple[Potential, ...] = getattr(potential, "members", (potential,))
        if drift.name != "gradient" or any(member.coefficients is None for member in members):
            raise UsageError(
                f"the implicit scheme needs the gradient drift and a polynomial or separable potential, got the "
                f"{drift.name} drift and {potential.name}; take the strang scheme"
            )
        self._forces = [polynomials.derivative(np.asarray(member.coefficients, float)) for member in members]
        # −inf f'' bounds the step below which w + η f'(w) is monotone.
        self._concavity = max(_largest_concavity(force) for force in self._forces)

    def before(self, w: np.ndarray, eta: float) -> np.ndarray:
        """`w` as it is: nothing comes before the noise."""
        return w

    def after(self, w: np.ndarray, eta: float) -> np.ndarray:
        """Solve for the new place."""
        if eta * self._concavity >= 1:
            raise UsageError(
                f"the implicit scheme has no unique solution for a step of {eta:g}: the potential's curvature goes "
                f"down to {-self._concavity:g}; take a step below {1 / self._concavity:g}"
            )
        if w.ndim == 1:
            return _solve(self._forces[0], w, eta)
        return np.stack([_solve(force, row, eta) for force, row in zip(self._forces, w, strict=True)])

    def between(self, w: np.ndarray, eta: float, next_eta: float) -> np.ndarray:
        """The solution of the implicit equation, where the next step starts."""
        return self.after(w, eta)

    def lost(self, w: np.ndarray, eta: float) -> np.ndarray:
        """The chains beyond what a stable draw can reach; this scheme does not explode."""
        return lost_in_numbers(w)

    def visit(
        self, w: np.ndarray, eta: float, next_eta: float, number: int, offsets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recorded at the end of the step."""
        return visit_after(self, w, eta, next_eta)


def _largest_concavity(force: np.ndarray) -> float:
    curvature = polynomials.derivative(force)
    if len(curvature) == 1:
        return max(0.0, -float(curvature[0]))
    minima, _ = polynomials.turning_points(curvature)
    return max(0.0, -float(polynomials.evaluate(curvature, minima).min()))


def _solve(force: np.ndarray, right: np.ndarray, eta: float) -> np.ndarray:
    """The root of the increasing function x + η f'(x) − right, by Newton steps kept inside a shrinking bracket."""
    curvature = polynomials.derivative(force)
    x = right.copy()
    live = np.flatnonzero(np.isfinite(right))
    low, high = np.full(len(live), -np.inf), np.full(len(live), np.inf)
    for _ in range(_MAX_ROUNDS):
        if not len(live):
            return x
        here = x[live]
        value = here + eta * polynomials.evaluate(force, here) - right[live]
        low, high = np.where(value <= 0, here, low), np.where(value >= 0, here, high)
        new = here - value / (1 + eta * polynomials.evaluate(curvature, here))
        middle = np.where(np.isfinite(low) & np.isfinite(high), 0.5 * (low + high), new)
        new = np.where((new < low) | (new > high), middle, new)
        x[live] = new
        open_ = np.abs(new - here) > 4e-16 * np.abs(new) + 1e-300
        # Newton's last steps double the digits: a change below 1e-9 leaves nothing to do.
        open_ &= np.abs(new - here) > 1e-9 * (1 + np.abs(new))
        live, low, high = live[open_], low[open_], high[open_]
    raise NumericalError(f"the implicit scheme did not solve its step for {len(live)} chains")


SCHEME = Implicit
