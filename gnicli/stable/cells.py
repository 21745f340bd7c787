"""From samples to weights on fixed nodes: one pass over the data, whatever their number.

A sample is standardized, y = (x − center) / unit, and put in the cell named by sign, exponent and the first 10 bits of
the mantissa of float32(|y| + ½): the cells are 1/1024 of |y| + ½ wide, or less. Every octave of |y| + ½ has the same
cells, so that the adjoint of polynomial interpolation in an octave, counts @ P, is one small matrix product, and

    Σ_i g(y_i) ≈ Σ_nodes weight · g(node)

for every g that is smooth within octaves, such as a log-density and its derivatives.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

N_OCTAVES = 37
NEAR_OCTAVES = 5  # |y| < 15.5: more nodes, another contour
NEAR_ORDER = 14
FAR_ORDER = 8
_SHIFT = 13
_PER_OCTAVE = 1 << (23 - _SHIFT)
_CELLS = N_OCTAVES * _PER_OCTAVE
_FIRST = 0x3F000000 >> _SHIFT  # the bits of 0.5
_SIGN = 1 << (31 - _SHIFT)
_BLOCK = 1 << 16
_FARTHEST = 0.5 * 2.0**N_OCTAVES  # of |y| + 1/2


class Weights(NamedTuple):
    """Weights on the nodes of both sides, positive y first, shape (2, octaves used, order), and how many samples."""

    near: np.ndarray
    far: np.ndarray
    n: int
    n_beyond: int  # samples with |y| above 6.8e10, counted at the last node


def chebyshev_nodes(order: int) -> np.ndarray:
    """Nodes in [1, 2], ascending."""
    return 1.5 - 0.5 * np.cos(np.pi * (np.arange(order) + 0.5) / order)


@lru_cache(maxsize=4)
def _spread(order: int) -> np.ndarray:
    """(cells of an octave, order): the Lagrange polynomials of the nodes at the cells' centers."""
    center = 1.0 + (np.arange(_PER_OCTAVE) + 0.5) / _PER_OCTAVE
    degrees = np.arange(order)
    at_nodes = np.cos(np.outer(degrees, np.arccos(2.0 * chebyshev_nodes(order) - 3.0)))
    at_cells = np.cos(np.outer(np.arccos(2.0 * center - 3.0), degrees))
    return np.ascontiguousarray(at_cells @ np.linalg.inv(at_nodes.T))


def node_places(octaves: np.ndarray, order: int) -> np.ndarray:
    """|y| of the nodes, shape (octaves, order)."""
    return 0.5 * np.exp2(octaves)[:, None] * chebyshev_nodes(order) - 0.5


def count(samples: np.ndarray, center: float, unit: float) -> tuple[np.ndarray, int]:
    """Counts (2, octaves, cells of an octave), positive side first, and the number of samples beyond the last octave.

    Not-a-number counts as beyond: callers look at the samples again when that number is not 0.
    """
    counts = np.zeros(2 * _CELLS + 1, dtype=np.intp)
    inverse = 1.0 / unit
    middle = np.float32(center) if samples.dtype == np.float32 else center
    factor = np.float32(inverse) if samples.dtype == np.float32 else inverse
    half = np.float32(0.5)
    for start in range(0, samples.size, _BLOCK):
        y = samples[start : start + _BLOCK] - middle
        y *= factor
        y = y.astype(np.float32, copy=False)
        y += np.copysign(half, y)
        index = y.view(np.int32) >> _SHIFT
        negative = index >> 31
        negative &= _SIGN + _CELLS
        index += negative
        index -= _FIRST
        if float(np.abs(y).max()) < _FARTHEST:
            counts += np.bincount(index, minlength=2 * _CELLS + 1)
        else:  # a value beyond the last octave, or not a number
            index[~(np.abs(y) < _FARTHEST)] = 2 * _CELLS
            counts += np.bincount(index, minlength=2 * _CELLS + 1)
    return counts[:-1].reshape(2, N_OCTAVES, _PER_OCTAVE), int(counts[-1])


def weigh(samples: np.ndarray, center: float, unit: float) -> tuple[Weights, int]:
    """Weights on the nodes (see the head of this module), and the count of the fullest cell."""
    counts, n_beyond = count(samples, center, unit)
    near = counts[:, :NEAR_OCTAVES].astype(np.float64) @ _spread(NEAR_ORDER)
    used = np.flatnonzero(counts[:, NEAR_OCTAVES:].max(axis=(0, 2)))
    n_far = N_OCTAVES - NEAR_OCTAVES if n_beyond else (int(used[-1]) + 1 if used.size else 0)
    far = counts[:, NEAR_OCTAVES : NEAR_OCTAVES + n_far].astype(np.float64) @ _spread(FAR_ORDER)
    return Weights(near, far, samples.size, n_beyond), int(counts.max())
