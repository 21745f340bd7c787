"""The symmetric sub-Weibull law of the paper's definition 3.2."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from gnicli.errors import NumericalError
from gnicli.laws.base import LOG2, Law, Tails, symmetric_tails
from gnicli.laws.weibull import inverse_shape_and_scale


@dataclass(frozen=True)
class SubWeibull(Law):
    """Symmetric, P(|X − loc| > x) = exp(−(x/scale)^{1/r}): tail parameter r of the paper's definition 3.2.

    E[|X|^m]^{1/m} = scale Γ(1 + rm)^{1/m} grows like m^r. r = 1 is Laplace's law. For r > 1 the density is
    infinite at loc. SciPy's name is `dweibull`, of shape 1/r.
    """

    r: float
    scale: float = 1.0
    loc: float = 0.0
    name: ClassVar[str] = "subweibull"
    words: ClassVar[str] = "sub-Weibull"
    n_free: ClassVar[int] = 3
    scipy_name: ClassVar[str] = "dweibull"

    @classmethod
    def fit(cls, x: ArrayLike, loc: float | None = None) -> Self:
        """r and scale by maximum likelihood around a `loc` that is held, which makes one free parameter less.

        Without one it is the middle of the gap above the median, because the likelihood is unbounded with loc at a
        sample where r > 1. Raises `DataError` and `NumericalError` as `Law.fit` does, the latter for samples at `loc`.
        """
        if loc is None:
            return super().fit(x)
        return cls(*_r_and_scale(np.abs(cls._checked(x) - loc), loc), loc)

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        k = (x.size - 1) // 2
        low, high = np.partition(x, [k, k + 1])[k : k + 2]
        loc = float(0.5 * low + 0.5 * high)
        return *_r_and_scale(np.abs(x - loc), loc), loc

    def _scipy_parameters(self) -> tuple[float, ...]:
        return 1.0 / self.r, self.loc, self.scale

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density; +inf at loc for r > 1."""
        size = np.abs(x - self.loc) / self.scale
        with np.errstate(divide="ignore"):
            power = (1.0 / self.r - 1.0) * np.log(size) if self.r != 1.0 else 0.0
        return power - size ** (1.0 / self.r) - math.log(2.0 * self.r * self.scale)  # 0.09 ms, SciPy 0.4

    def log_tails(self, x: np.ndarray) -> Tails:
        """log cdf and log sf, without the underflow of SciPy's."""
        z = (x - self.loc) / self.scale
        return symmetric_tails(z > 0.0, -(np.abs(z) ** (1.0 / self.r)) - LOG2)  # 0.3 ms, SciPy 2.5

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,): ± scale E^r with E exponential; SciPy's would change the numbers of every seed."""
        size = self.scale * rng.standard_exponential(n) ** self.r
        return self.loc + np.where(rng.random(n) < 0.5, -size, size)


def _r_and_scale(size: np.ndarray, loc: float) -> tuple[float, float]:
    """Of maximum likelihood for the distances (n,) from `loc`: 1.5 ms, SciPy's fit 36 ms."""
    if not size.all():
        raise NumericalError(
            f"{int((size == 0.0).sum())} samples equal loc={loc!r}, where a sub-Weibull density is 0 or infinite: "
            "drop them or give another loc"
        )
    return inverse_shape_and_scale(np.log(size), "all samples are equally far from loc: no sub-Weibull law fits them")
