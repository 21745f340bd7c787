"""From samples to weights on nodes that lie in a law's own coordinates, wherever the law is.

The nodes of `binning` lie where the sample is: they see no spike of a law with small alpha and no edge of a one-sided
one. These lie at ŷ = (x − center) / (scale · `width`): the center is the law's location, in S1 below `FROM_S0`, where
that is next to the mode and the edge, and in S0 from there on, where S1 leaves the samples. As in `binning`, samples
are counted in cells of equal size in an octave of |ŷ| + ½, and the adjoint of polynomial interpolation on a panel makes
weights of the counts. The sums of what samples are off the centers of their cells are used too, so that a likelihood on
the nodes does not jump when the law moves and samples change their cells.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.density.coordinates import half_width_of_edge
from gnicli.stable.fitting.binning import chebyshev_nodes

FROM_S0 = 0.8  # alpha, from which on the center is the location in S0
NEAR_OCTAVES = 7
NEAR_END = 0.5 * 2.0**NEAR_OCTAVES - 0.5  # |ŷ| of 63.5
PER_OCTAVE, NEAR_ORDER, FAR_ORDER = 4, 8, 6  # panels of a near octave, nodes of its panels, and of a far octave
N_NEAR = NEAR_OCTAVES * PER_OCTAVE * NEAR_ORDER
MOST_FAR = 160
_CELLS = 512
_SHIFT = 43  # leaves 9 bits of the mantissa of a float64
_REST = (1 << _SHIFT) - 1
_HALF = int(np.float64(0.5).view(np.int64)) >> _SHIFT
_FARTHEST = 0.999 * 2.0 ** (NEAR_OCTAVES + MOST_FAR - 1)
_TOGETHER = 4  # far octaves come by so many, so that few matrices are built
_WIDEST = 0.25


def width(alpha: float) -> float:
    """The unit of ŷ in scales: what a spike or an edge asks for, and at most a quarter."""
    return _WIDEST if alpha >= FROM_S0 else min(_WIDEST, half_width_of_edge(alpha))


class Weights(NamedTuple):
    """Weights of the two sides, positive ŷ first: on near nodes (2, N_NEAR) and on far ones (2, n_far · FAR_ORDER)."""

    near: np.ndarray
    far: np.ndarray
    n_far: int  # octaves
    excess: float  # Σ log(|ŷ| / where the nodes end) of samples beyond, which count as there: the tail is a power


@lru_cache(maxsize=4)
def _spread(panels: int, order: int) -> np.ndarray:
    """From what is known of a panel's cells to weights on its nodes, (2 cells, order).

    The first half are the Lagrange polynomials of the nodes at the centers of the cells, on which the counts are put,
    with what samples that lie evenly in a cell add by the second derivative. The second half are their derivatives, on
    which the sums of what a sample is off the center are put, in units of an octave's inner end.
    """
    values, slopes, bends = _at_centers(panels, order)
    n = len(values)
    return np.concatenate([values + bends * ((1.0 / n) ** 2 / 6.0), slopes * (2.0 * panels)])


@lru_cache(maxsize=4)
def _at_centers(panels: int, order: int) -> np.ndarray:
    """The Lagrange polynomials of a panel's nodes and their first two derivatives at the centers of its cells.

    (3, cells, order); the derivatives by the coordinate that goes from -1 to 1 on the panel.
    """
    n = _CELLS // panels
    center = 2.0 * ((np.arange(n) + 0.5) / n) - 1.0
    to_coefficients = np.linalg.inv(np.polynomial.chebyshev.chebvander(2.0 * chebyshev_nodes(order) - 3.0, order - 1))
    return np.array(
        [
            np.polynomial.chebyshev.chebval(center, np.polynomial.chebyshev.chebder(to_coefficients, k)).T
            for k in range(3)
        ]
    )


def sum_at(log_f: np.ndarray, scaled: np.ndarray, counts: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Σ log f over samples ŷ (rows, n), each row by itself, of values `log_f` (2 sides, nodes); and the excess.

    A line in each cell: 1e-5 a sample. The excess is that of `Weights`, of each row. Each sample is taken as often as
    `counts` (n,) say.
    """
    n_far = (log_f.shape[1] - N_NEAR) // FAR_ORDER
    cells = []
    for part, panels, order in ((log_f[:, :N_NEAR], PER_OCTAVE, NEAR_ORDER), (log_f[:, N_NEAR:], 1, FAR_ORDER)):
        values, slopes, _ = _at_centers(panels, order)
        by_panel = part.reshape(2, -1, order)
        cells.append(
            np.stack([(by_panel @ values.T).reshape(2, -1), (by_panel @ (2.0 * panels * slopes.T)).reshape(2, -1)])
        )
    value, slope = np.concatenate(cells, axis=2).reshape(2, -1)
    farthest = 0.999 * 2.0 ** (NEAR_OCTAVES + n_far - 1)
    size = np.abs(scaled)
    size += 0.5
    excess = np.zeros(len(size))
    if float(size.max()) > farthest:
        excess = _row_sums(np.log(np.maximum(size / farthest, 1.0)), counts)
        np.minimum(size, farthest, out=size)
    index, off = _cells_of(size, scaled < 0.0, value.size // 2)
    return _row_sums(value[index] + slope[index] * off, counts), excess


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
    bits[negative] += n_cells
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
    """ŷ of the far nodes of the positive side, (n_far · FAR_ORDER,)."""
    octave = np.exp2(NEAR_OCTAVES + np.arange(n_far) - 1.0)[:, None]
    return (octave * chebyshev_nodes(FAR_ORDER)).ravel() - 0.5


def far_octaves(size: float) -> int:
    """How many far octaves reach |ŷ| + ½ = `size`."""
    octaves = math.frexp(min(size, _FARTHEST))[1] + 1
    return -(-min(max(octaves - NEAR_OCTAVES, 1), MOST_FAR) // _TOGETHER) * _TOGETHER


def weigh(y: np.ndarray, counts: np.ndarray | None, center: float, unit: float) -> Weights:
    """Weights of samples `y` (n,), each taken once, or as often as `counts` (n,) say."""
    scaled = y - center
    scaled *= 1.0 / unit
    size = np.abs(scaled)
    size += 0.5
    excess = 0.0
    if float(size.max()) > _FARTHEST:
        far = size > _FARTHEST
        beyond = np.log(size[far] / _FARTHEST)
        excess = float(beyond.sum() if counts is None else beyond @ counts[far])
        np.minimum(size, _FARTHEST, out=size)
    n_far = far_octaves(float(size.max()))
    n_cells = (NEAR_OCTAVES + n_far) * _CELLS
    bits, off = _cells_of(size, scaled < 0.0, n_cells)
    if counts is not None:
        off *= counts
    both = np.stack([np.bincount(bits, each, 2 * n_cells) for each in (counts, off)], axis=0, dtype=np.float64)
    cells = both.reshape(2, 2, n_cells)  # counts and sums, sides, cells
    n_near = NEAR_OCTAVES * _CELLS
    near = _gathered(cells[:, :, :n_near], PER_OCTAVE, NEAR_ORDER)
    return Weights(near, _gathered(cells[:, :, n_near:], 1, FAR_ORDER), n_far, excess)


def _gathered(cells: np.ndarray, panels: int, order: int) -> np.ndarray:
    n = _CELLS // panels
    by_panel = cells.reshape(2, 2, -1, n).transpose(1, 2, 0, 3).reshape(-1, 2 * n)
    return (by_panel @ _spread(panels, order)).reshape(2, -1)
