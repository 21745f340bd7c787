"""Far tails of the stationary law from the small-k series of its characteristic function.

For k > 0, φ(k) = Σ_{l, j} a_{j,l} k^{j + lα}; the terms with l ≥ 1 are not smooth at 0 and each gives the tail

    p(x) ~ (1/π) Re Σ a_s Γ(s + 1) (ix)^{−s−1},   1 − F(x) ~ (1/π) Re Σ a_s Γ(s) i^{−s−1} x^{−s}.

The series is asymptotic: it is cut at its smallest term. Its first term is the tail that one jump makes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import special

_MAX_EXPONENT = 60.0


class Tail(NamedTuple):
    """The tail of a law on the side x > 0: p(x) ~ Σ amplitudes · x^{−powers−1}."""

    powers: np.ndarray
    amplitudes: np.ndarray

    def cut(self, x: float) -> tuple[Tail, float]:
        """The series up to its smallest term at `x`, and that term's size: its error in the density there."""
        if not len(self.powers):
            return self, 0.0
        sizes = np.abs(self.amplitudes) * x ** (-self.powers - 1.0)
        # Grouped by unit exponents, since single terms may vanish by symmetry.
        groups = np.floor(self.powers - self.powers[0]).astype(int)
        totals = np.array([sizes[groups == g].max(initial=0.0) for g in range(groups[-1] + 1)])
        best = int(np.argmin(np.where(totals > 0, totals, np.inf))) if totals.any() else 0
        kept = groups < max(best, 1)
        return Tail(self.powers[kept], self.amplitudes[kept]), float(totals[best])

    def pdf(self, x: np.ndarray) -> np.ndarray:
        """Density at x > 0."""
        return np.einsum("s,s...->...", self.amplitudes, x ** (-self.powers.reshape(-1, *([1] * np.ndim(x))) - 1))

    def beyond(self, x: np.ndarray) -> np.ndarray:
        """Mass to the right of x > 0."""
        if not len(self.powers):
            return np.zeros_like(x)
        return np.einsum(
            "s,s...->...", self.amplitudes / self.powers, x ** (-self.powers.reshape(-1, *([1] * np.ndim(x))))
        )


def tails(symbols: np.ndarray, drive: complex, alpha: float, moments: np.ndarray) -> tuple[Tail, Tail]:
    """The left and the right tail, from d_j, the drive and the moments of `characteristic.Solution`."""
    powers, coefficients = _series(symbols, drive, alpha, moments)
    with np.errstate(over="ignore"):
        factors = special.gamma(powers + 1) / np.pi
    turned = coefficients * np.exp(-0.5j * np.pi * (powers + 1))
    # Conjugation mirrors the law: φ of −w is the conjugate of φ.
    mirrored = coefficients.conj() * np.exp(-0.5j * np.pi * (powers + 1))
    left, right = factors * mirrored.real, factors * turned.real
    negligible = 1e-13 * factors * np.abs(coefficients)
    return tuple(  # type: ignore[return-value]
        Tail(powers, np.where(np.abs(side) > negligible, side, 0.0)) for side in (left, right)
    )


def _series(symbols: np.ndarray, drive: complex, alpha: float, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exponents and coefficients of the terms with l ≥ 1, by exponent."""
    order = len(symbols) - 1
    n_j = int(_MAX_EXPONENT) + 1
    n_l = max(1, int(_MAX_EXPONENT / (alpha + order - 1)))
    a = np.zeros((n_l + 1, n_j), complex)
    a[0, :order] = moments * 1j ** np.arange(order) / special.factorial(np.arange(order))
    for level in range(n_l + 1):
        for j in range(order if level == 0 else 0, n_j):
            s = j + level * alpha
            total = 0j
            if level and j - order + 1 >= 0:
                total = drive * a[level - 1, j - order + 1]
            for i in range(order):
                if j - order + i >= 0:
                    total -= symbols[i] * _falling(s - order + i, i) * a[level, j - order + i]
            if total:
                a[level, j] = total / (symbols[-1] * _falling(s, order))
    exponents = np.arange(n_j) + alpha * np.arange(n_l + 1)[:, None]
    keep = (a != 0) & (exponents <= _MAX_EXPONENT)
    keep[0] = False
    sorting = np.argsort(exponents[keep], kind="stable")
    return exponents[keep][sorting], a[keep][sorting]


def _falling(s: float, n: int) -> float:
    return float(np.prod(s - np.arange(n))) if n else 1.0
