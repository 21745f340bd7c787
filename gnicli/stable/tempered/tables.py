"""The density and the nearer tail of a standard tempered stable law as piecewise polynomials, for many points."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from gnicli.stable.density import interpolation
from gnicli.stable.tempered import inversion

_NARROW = 3.0  # standard deviations in scales, below which a law lies around its mean


def place(law: inversion.Standard) -> tuple[float, float]:
    """Center and width of a standard law.

    A law that is tempered within few scales is about its mean and of the width of its standard deviation. Others are
    where the stable law is: about 0, with width 1.
    """
    mean, variance = inversion.moments(law)
    return (mean, min(1.0, math.sqrt(variance))) if variance < _NARROW * _NARROW else (0.0, 1.0)


class Tempered(interpolation.Table):
    """The interpolant of one law in y = (x − center) / width of its `place`."""

    def __init__(self, alpha: float, beta: float, lower: float, upper: float) -> None:
        super().__init__(alpha, beta)
        self._law = inversion.standard(alpha, beta, lower, upper)
        self.center, self.width = place(self._law)

    def exact(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """log pdf of y and log of its nearer tail, by inversion."""
        at = self.center + self.width * x
        out = np.empty((2, x.size)) if x.ndim == 1 else np.empty((2, *x.shape))
        for side, law, sign in ((x >= 0.0, self._law, 1.0), (x < 0.0, self._law.mirrored(), -1.0)):
            if side.any():
                out[:, side] = inversion.upper(law, sign * at[side])
        return out[0] + math.log(self.width), out[1]

    def fill_far(self, x: np.ndarray, far: np.ndarray, value: np.ndarray, which: int) -> None:
        """Beyond the panels, 1e20 scales away: nothing."""
        value[far] = -np.inf


@lru_cache(maxsize=32)
def table(alpha: float, beta: float, lower: float, upper: float) -> Tempered:
    """The table of a law, kept for the 32 laws used last: some 50 ms for all of it."""
    return Tempered(alpha, beta, lower, upper)
