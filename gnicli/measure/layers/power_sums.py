"""Numbers that pass by once: sums of the first four powers for every coordinate, and whole traces of a few.

What is kept does not grow with the number of draws, save the traces: 4 bytes for each draw and traced coordinate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from gnicli.errors import NumericalError
from gnicli.measure import skewness
from gnicli.measure.layers import jackknife

BLOCK = 32  # draws summed in the gradient's own arithmetic before they go into float64


class Moments(NamedTuple):
    """Of every coordinate (d,), float64: mean, variance (with n − 1), skewness and excess kurtosis.

    The shape is NaN where there is no spread.
    """

    mean: np.ndarray
    variance: np.ndarray
    skewness: np.ndarray
    kurtosis: np.ndarray


class PowerSums:
    """Sums of z, z², z³ and z⁴, z = (x − center)/unit, over the `n_draws` draws of a vector x (d,).

    `center` is a pilot mean and `unit` one number for the vector, so that nothing cancels or leaves the range. Blocks
    of at most 32 draws are summed in the dtype of x and added up in float64: in float32 the relative error of a sum is
    below 32 · 6e-8, about 2e-6, however many draws there are. The sums of `watched` coordinates are kept by group of
    draws as well (`jackknife.group_of`), for errors of what is made of all coordinates' moments.
    """

    def __init__(self, center: torch.Tensor, unit: float, n_draws: int, watched: np.ndarray) -> None:
        self.n = 0
        self._center, self._unit, self._n_draws, self._watched = center, unit, n_draws, watched
        self._z, self._square = torch.empty_like(center), torch.empty_like(center)
        self._block = center.new_zeros(4, center.numel())
        self._sums = np.zeros((4, center.numel()))
        self._groups = np.zeros((min(jackknife.GROUPS, n_draws), 4, watched.size))

    def add(self, x: torch.Tensor) -> None:
        """Add one draw (d,)."""
        z, square, block = self._z, self._square, self._block
        torch.sub(x, self._center, out=z).mul_(1 / self._unit)
        torch.mul(z, z, out=square)
        block[0].add_(z)
        block[1].add_(square)
        block[2].addcmul_(square, z)
        block[3].addcmul_(square, square)
        self.n += 1
        if self.n % BLOCK == 0 or self._group(self.n) != self._group(self.n - 1):
            self._flush()

    def _group(self, number: int) -> int:
        return jackknife.group_of(number, self._n_draws)

    def _flush(self) -> None:
        if not self.n:
            return
        block = self._block.double().cpu().numpy()
        if not np.isfinite(block).all():
            raise NumericalError(
                "the gradient noise exceeds the range of its floating-point type; take less noise, or dtype=float64"
            )
        self._sums += block
        self._groups[self._group(self.n - 1)] += block[:, self._watched]
        self._block.zero_()

    def moments(self) -> Moments:
        """The moments of the draws so far, of which there must be two."""
        self._flush()
        return self._moments(self._sums, self.n, self._center.double().cpu().numpy())

    def without_groups(self) -> list[Moments]:
        """The moments of the watched coordinates without each group of draws in turn."""
        self._flush()
        numbers = [self._group(number) for number in range(self.n)]
        sizes = np.bincount(numbers, minlength=len(self._groups))
        whole, center = self._groups.sum(axis=0), self._center.double().cpu().numpy()[self._watched]
        return [
            self._moments(whole - part, self.n - int(size), center)
            for part, size in zip(self._groups, sizes, strict=True)
            if self.n - size > 1
        ]

    def _moments(self, sums: np.ndarray, n: int, center: np.ndarray) -> Moments:
        s1, s2, s3, s4 = sums / n
        m2, m3, m4 = skewness.central(s1, s2, s3, s4)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Below this a spread is rounding: such a coordinate does not move.
            m2 = np.where(m2 > 1e-10 * (s2 + 1e-12), m2, 0.0)
            shape = [np.where(m2 > 0, each, np.nan) for each in skewness.standardized(m2, m3, m4)]
        return Moments(center + self._unit * s1, self._unit**2 * m2 * n / (n - 1), *shape)

    def arrays(self) -> dict[str, np.ndarray]:
        """All state at the end of a block, or of the work."""
        self._flush()
        return {"sums": self._sums.copy(), "groups": self._groups.copy(), "n": np.array(self.n)}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take back what `arrays` gave; a state of an earlier version, without groups, has no errors of medians."""
        self._sums, self.n = np.array(arrays["sums"]), int(arrays["n"])
        self._groups = np.array(arrays["groups"]) if "groups" in arrays else np.full_like(self._groups, np.nan)


class Trace:
    """All draws of a few coordinates of a vector: `values` float32 (n_draws, n_traced)."""

    def __init__(self, chosen: np.ndarray, n_draws: int) -> None:
        self.chosen, self.n = chosen, 0
        self.values = np.empty((n_draws, chosen.size), np.float32)
        self._at = torch.from_numpy(chosen)

    def add(self, x: torch.Tensor) -> None:
        """Add one draw (d,)."""
        self.values[self.n] = x[self._at.to(x.device)].cpu().numpy()
        self.n += 1

    def arrays(self) -> dict[str, np.ndarray]:
        """The state as arrays, for a checkpoint."""
        return {"values": self.values[: self.n].copy()}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take back what `arrays` gave."""
        self.n = len(arrays["values"])
        self.values[: self.n] = arrays["values"]
