"""From samples to weights on nodes that lie in a law's own coordinates, wherever the law is.

The nodes of `binning` lie where the sample is: they see no spike of a law with small alpha and no edge of a one-sided
one. These lie at ŷ = (x − center) / (scale · `width`): the center is the law's location, in S1 below `FROM_S0`, where
that is next to the mode and the edge, and in S0 from there on, where S1 leaves the samples. As in `binning`, samples
are counted in cells of equal size in an octave of |ŷ| + ½, and the adjoint of polynomial interpolation on a panel makes
weights of the counts. The sums of what samples are off the centers of their cells, and of its square, are used too: few
cells are enough then, and a likelihood on the nodes does not jump when the law moves and samples change their cells.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.density.coordinates import half_width_of_edge
from gnicli.stable.fitting.binning import at_centers, chebyshev_nodes, lagrange

FROM_S0 = 0.8  # alpha, from which on the center is the location in S0
NEAR_OCTAVES = 7
NEAR_END = 0.5 * 2.0**NEAR_OCTAVES - 0.5  # |ŷ| of 63.5
PER_OCTAVE, NEAR_ORDER = 4, 8  # panels of a near octave, nodes of a panel
_FAR_OCTAVES, FAR_ORDER = 4, 8  # octaves of a far panel, nodes of it
N_NEAR = NEAR_OCTAVES * PER_OCTAVE * NEAR_ORDER
MOST_FAR = 160
_CELLS = 128
_SHIFT = 45  # leaves 7 bits of the mantissa of a float64
_REST = (1 << _SHIFT) - 1
_HALF = int(np.float64(0.5).view(np.int64)) >> _SHIFT
_FARTHEST = 0.999 * 2.0 ** (NEAR_OCTAVES + MOST_FAR - 1)
_WIDEST = 0.25


def width(alpha: float) -> float:
    """The unit of ŷ in scales: what a spike or an edge asks for, and at most a quarter."""
    return _WIDEST if alpha >= FROM_S0 else min(_WIDEST, half_width_of_edge(alpha))


class Weights(NamedTuple):
    """Weights of the two sides, positive ŷ first.

    Those of near nodes (2, N_NEAR) and of far ones (2, n_far / _FAR_OCTAVES · FAR_ORDER).
    """

    near: np.ndarray
    far: np.ndarray
    n_far: int  # octaves
    excess: float  # Σ log(|ŷ| / where the nodes end) of samples beyond, which count as there: the tail is a power


@lru_cache(maxsize=2)
def _at_centers(far: bool) -> np.ndarray:
    """The Lagrange polynomials of a panel's nodes at the centers of its cells, and half their bends.

    (3, cells, order): values, slopes and half the second derivatives by |ŷ| in units of the inner end of its octave. A
    far panel's polynomials are those of log(|ŷ| + ½).
    """
    if not far:
        scale = np.array([1.0, _CELLS, 0.5 * _CELLS**2])
        return np.asarray(at_centers(_CELLS // PER_OCTAVE, NEAR_ORDER) * scale[:, None, None])
    size = 1.0 + (np.arange(_CELLS) + 0.5) / _CELLS
    place = ((np.log2(size) + np.arange(_FAR_OCTAVES)[:, None]) * (2.0 / _FAR_OCTAVES) - 1.0).ravel()
    values, slopes, bends = lagrange(place, FAR_ORDER)
    stretch = np.tile(2.0 / (_FAR_OCTAVES * math.log(2.0)) / size, _FAR_OCTAVES)[:, None]
    bends = stretch * stretch * bends - stretch / np.tile(size, _FAR_OCTAVES)[:, None] * slopes
    return np.array([values, stretch * slopes, 0.5 * bends])


@lru_cache(maxsize=2)
def _spread(far: bool) -> np.ndarray:
    """From what is known of a panel's cells to weights on its nodes, (3 cells, order).

    The counts are put on the polynomials, the sums of what a sample is off the center and of its square on the slopes
    and half the bends.
    """
    return np.concatenate(list(_at_centers(far)))


def parabolas(log_f: np.ndarray) -> np.ndarray:
    """From values at nodes (2 sides, nodes) to value, slope and half the bend in each cell, (3, 2 sides of cells)."""
    near, far = log_f[:, :N_NEAR].reshape(2, -1, NEAR_ORDER), log_f[:, N_NEAR:].reshape(2, -1, FAR_ORDER)
    found = [
        np.matmul(by_panel, _at_centers(k == 1).transpose(0, 2, 1)[:, None]).reshape(3, 2, -1)
        for k, by_panel in enumerate((near, far))
    ]
    return np.concatenate(found, axis=2).reshape(3, -1)


def sum_at(cells: np.ndarray, scaled: np.ndarray, counts: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Σ log f over samples ŷ (rows, n), each row by itself, of the `parabolas` of log f; and the excess.

    The excess is that of `Weights`, of each row. Each sample is taken as often as `counts` (n,) say.
    """
    value, slope, bend = cells
    n_far = value.size // (2 * _CELLS) - NEAR_OCTAVES
    farthest = 0.999 * 2.0 ** (NEAR_OCTAVES + n_far - 1)
    size = np.abs(scaled)
    size += 0.5
    excess = np.zeros(len(size))
    if float(size.max()) > farthest:
        excess = _row_sums(np.log(np.maximum(size / farthest, 1.0)), counts)
        np.minimum(size, farthest, out=size)
    index, off = _cells_of(size, scaled < 0.0, value.size // 2)
    found = bend.take(index)
    found *= off
    found += slope.take(index)
    found *= off
    found += value.take(index)
    return _row_sums(found, counts), excess


def _row_sums(terms: np.ndarray, counts: np.ndarray | None) -> np.ndarray:
    return np.asarray(terms.sum(axis=1) if counts is None else terms @ counts)


def _cells_of(size: np.ndarray, negative: np.ndarray, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of each sample's cell, and how far it is from its center; in the memory of `size`, |ŷ| + ½."""
    bits = size.view(np.int64)
    off = (bits & _REST).astype(np.float64)
    off -= 0.5 * _REST
    off *= 2.0**-52
    bits >>= _SHIFT
    bits -= _HALF
    bits += np.multiply(negative, n_cells, dtype=np.int64)  # an index of those that are takes thrice as long
    return bits, off


@lru_cache(maxsize=64)
def places(n_far: int) -> np.ndarray:
    """ŷ of all nodes of the positive side, near ones first; not to be written to."""
    return np.concatenate([near_places(), far_places(n_far)])


def near_places() -> np.ndarray:
    """ŷ of the near nodes of the positive side, (N_NEAR,)."""
    panel = np.arange(PER_OCTAVE)[:, None] + chebyshev_nodes(NEAR_ORDER) - 1.0
    octave = np.exp2(np.arange(NEAR_OCTAVES) - 1.0)[:, None, None]
    return (octave * (1.0 + panel / PER_OCTAVE)).ravel() - 0.5


def far_places(n_far: int) -> np.ndarray:
    """ŷ of the far nodes of the positive side, (n_far / _FAR_OCTAVES · FAR_ORDER,)."""
    panel = np.arange(0, n_far, _FAR_OCTAVES)[:, None] + NEAR_OCTAVES - 1.0
    return np.exp2(panel + _FAR_OCTAVES * (chebyshev_nodes(FAR_ORDER) - 1.0)).ravel() - 0.5


def far_octaves(size: float) -> int:
    """How many far octaves reach |ŷ| + ½ = `size`, of whole panels."""
    octaves = math.frexp(min(size, _FARTHEST))[1] + 1
    return -(-min(max(octaves - NEAR_OCTAVES, 1), MOST_FAR) // _FAR_OCTAVES) * _FAR_OCTAVES


def weigh(y: np.ndarray, counts: np.ndarray | None, center: float, unit: float) -> Weights:
    """Weights of samples `y` (n,), each taken once, or as often as `counts` (n,) say."""
    scaled = y - center
    scaled *= 1.0 / unit
    size = np.abs(scaled)
    size += 0.5
    excess = 0.0
    if float(size.max()) > _FARTHEST:
        lost = size > _FARTHEST
        beyond = np.log(size[lost] / _FARTHEST)
        excess = float(beyond.sum() if counts is None else beyond @ counts[lost])
        np.minimum(size, _FARTHEST, out=size)
    n_far = far_octaves(float(size.max()))
    n_cells = (NEAR_OCTAVES + n_far) * _CELLS
    bits, off = _cells_of(size, scaled < 0.0, n_cells)
    by_off = off if counts is None else off * counts
    near = np.empty((2, NEAR_OCTAVES * PER_OCTAVE, 3, _CELLS // PER_OCTAVE))  # of a panel counts and two sums, in cells
    far = np.empty((2, n_far // _FAR_OCTAVES, 3, _CELLS * _FAR_OCTAVES))
    for k, often in enumerate((counts, by_off, by_off * off)):
        found = np.bincount(bits, often, 2 * n_cells).reshape(2, -1)
        near[:, :, k] = found[:, : NEAR_OCTAVES * _CELLS].reshape(2, -1, _CELLS // PER_OCTAVE)
        far[:, :, k] = found[:, NEAR_OCTAVES * _CELLS :].reshape(2, -1, _CELLS * _FAR_OCTAVES)
    at_nodes = [
        (each.reshape(-1, each.shape[2] * each.shape[3]) @ _spread(each is far)).reshape(2, -1) for each in (near, far)
    ]
    return Weights(at_nodes[0], at_nodes[1], n_far, excess)
