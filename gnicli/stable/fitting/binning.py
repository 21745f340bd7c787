"""From samples to weights on fixed nodes: one pass over the data, whatever their number.

A sample is standardized, y = (x − center) / unit, and put in the cell named by sign, exponent and the first 11 bits of
the mantissa of float32(|y| + ½): the cells are 1/2048 of |y| + ½ wide, or less. Every octave of |y| + ½ has the same
cells, so that the adjoint of polynomial interpolation in an octave, counts @ P, is one small matrix product, and

    Σ_i g(y_i) ≈ Σ_nodes weight · g(node)

for every g that is smooth within octaves, such as a log-density and its derivatives.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.fitting.scratch import scratch

N_OCTAVES = 37
NEAR_OCTAVES = 5  # |y| < 15.5: more nodes, another contour
NEAR_ORDER = 24  # log f turns from a light center to a power: 12 leave the maximum near α = 2 1e-5 nats short
FAR_ORDER = 6
N_NEAR = 2 * NEAR_OCTAVES * NEAR_ORDER
_SHIFT = (
    12  # leaves 11 bits of the mantissa; with 10 the maximum is up to 3e-6 nats short, whatever the size of a sample
)
_PER_OCTAVE = 1 << (23 - _SHIFT)
_SIGN_BIT = np.int32(-(2**31))
_TWO_BITS = np.int32(0x40000000)  # the bits of 2.0, half of those of -2^31: see `number_cells`
_TWO = 0x40000000 >> _SHIFT
_BLOCK = 1 << 16
_FARTHEST = 0.5 * 2.0**N_OCTAVES * 0.999  # of |y| + 1/2


class Weights(NamedTuple):
    """Weights on the nodes of the near octaves and of `n_far` more, and how many samples there are.

    The nodes go by octave of |y| + ½, in it by side, positive y first, and there outwards: those of a sample that does
    not reach as far are the first of one that does.
    """

    at_nodes: np.ndarray
    n_far: int
    n: float  # with weights their sum
    n_beyond: int  # samples with |y| above 6.8e10, of no weight


def in_rows(weights: list[Weights], dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Those of several samples in one array (samples, nodes), 0 where one does not reach as far as the farthest."""
    if len(weights) == 1:
        return weights[0].at_nodes[None].astype(dtype, copy=False)
    out: np.ndarray = np.zeros((len(weights), max(each.at_nodes.size for each in weights)), dtype=dtype)
    for row, each in zip(out, weights, strict=True):
        row[: each.at_nodes.size] = each.at_nodes
    return out


def by_octave(at_nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Views (…, octaves, 2 sides, order) of values (…, nodes): of the near and of the far nodes."""
    near, far = at_nodes[..., :N_NEAR], at_nodes[..., N_NEAR:]
    shape = at_nodes.shape[:-1]
    return near.reshape(*shape, NEAR_OCTAVES, 2, NEAR_ORDER), far.reshape(*shape, -1, 2, FAR_ORDER)


def mirrored(at_nodes: np.ndarray) -> np.ndarray:
    """Values (nodes,) with the sides exchanged."""
    return np.concatenate([part[:, ::-1].reshape(-1) for part in by_octave(at_nodes)])


def chebyshev_nodes(order: int) -> np.ndarray:
    """Nodes in [1, 2], ascending."""
    return 1.5 - 0.5 * np.cos(np.pi * (np.arange(order) + 0.5) / order)


@lru_cache(maxsize=4)
def _spread(order: int) -> np.ndarray:
    """The Lagrange polynomials of the nodes at the centers of an octave's cells (cells, order), by columns in memory.

    Centers and nodes lie symmetrically: the rows of cells taken inwards are those of the nodes taken inwards.
    """
    center = 1.0 + (np.arange(_PER_OCTAVE) + 0.5) / _PER_OCTAVE
    degrees = np.arange(order)
    at_nodes = np.cos(np.outer(degrees, np.arccos(2.0 * chebyshev_nodes(order) - 3.0)))
    at_cells = np.cos(np.outer(np.arccos(2.0 * center - 3.0), degrees))
    return np.asfortranarray(at_cells @ np.linalg.inv(at_nodes.T))


def node_places(octaves: np.ndarray, order: int) -> np.ndarray:
    """|y| of the nodes, shape (octaves, order)."""
    return 0.5 * np.exp2(octaves)[:, None] * chebyshev_nodes(order) - 0.5


def _number_cells(x: np.ndarray, middle: float | np.floating, factor: float | np.floating, center: int) -> np.ndarray:
    """The cell of each sample, in scratch memory: center + i and center − i for the i-th outwards on each side.

    `factor` takes to 4 y, whose sum with ±2 has bits that, as integers, are as far above 2^30 for positive y as
    they are above −2^30 for negative y: their absolute values go on across y = 0.
    """
    index, y = scratch.arrays((x.shape, np.int64), (x.shape, np.float32))
    bits, sign = y.view(np.int32), index.view(np.int32)[: x.size]  # the index comes last: its memory serves till then
    wide = y if x.dtype == np.float32 else index.view(np.float64)
    np.subtract(x, middle, out=wide)
    np.multiply(wide, factor, out=wide)
    if wide is not y:
        y[:] = wide
    np.bitwise_and(bits, _SIGN_BIT, out=sign)
    np.bitwise_or(sign, _TWO_BITS, out=sign)
    np.add(y, sign.view(np.float32), out=y)  # + 2 with the sign of y
    np.right_shift(bits, _SHIFT, out=bits)
    np.abs(bits, out=bits)
    np.subtract(bits, _TWO - center, out=bits)
    index[:] = bits
    return index


def count(samples: np.ndarray, center: float, unit: float, repeats: np.ndarray | None = None) -> tuple[np.ndarray, int]:
    """Counts of the cells from the farthest of negative y to the farthest of positive y, and the number beyond.

    Their number is 2 n + 1, n a multiple of those of an octave, only as many as the samples reach; the one in the
    middle is shared by both sides, and the outermost of negative y does not occur. Not-a-number counts as beyond:
    callers look at the samples again when that number is not 0. A sample counts as often as `repeats` (n,) say.
    """
    single = samples.dtype == np.float32
    middle, factor = (np.float32(center), np.float32(4.0 / unit)) if single else (center, 4.0 / unit)
    reach = max(float(samples.max()) - center, center - float(samples.min())) / unit
    if reach < _FARTHEST:
        octaves = min(max(math.frexp((reach + 0.5) * (1.0 + 1e-5) / 0.5)[1], NEAR_OCTAVES), N_OCTAVES)
    else:  # also where the reach is not a number
        octaves = N_OCTAVES
    n_cells = octaves * _PER_OCTAVE
    counts = np.zeros(0, dtype=np.intp)
    for start in range(0, samples.size, _BLOCK):
        block = samples[start : start + _BLOCK]
        if reach < _FARTHEST:
            index = _number_cells(block, middle, factor, n_cells)
        else:
            with np.errstate(over="ignore"):  # what is beyond the cells may be beyond float32 too
                index = _number_cells(block, middle, factor, n_cells)
            index[_is_beyond(block, middle, factor)] = 2 * n_cells
        often = None if repeats is None else repeats[start : start + _BLOCK]
        found = np.bincount(index, often, minlength=2 * n_cells + 1)
        counts = np.add(counts, found, out=counts) if counts.size else found
    return counts, math.ceil(counts[-1])


def in_cells(y: np.ndarray, repeats: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray] | None:
    """The centers of the cells that hold standardized samples, and how many each holds; None where some are beyond.

    Each sample is taken as often as `repeats` (n,) say.
    """
    counts, n_beyond = count(y, 0.0, 1.0, repeats)
    if n_beyond:
        return None
    held = np.flatnonzero(counts)
    outwards = held - counts.size // 2
    octave, cell = np.divmod(np.abs(outwards), _PER_OCTAVE)
    size = 0.5 * np.exp2(octave) * (1.0 + (cell + 0.5) / _PER_OCTAVE) - 0.5
    return np.where(outwards == 0, 0.0, np.copysign(size, outwards)), counts[held].astype(np.float64)


def _is_beyond(samples: np.ndarray, middle: float | np.floating, factor: float | np.floating) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return ~(np.abs((samples.astype(np.float64) - middle) * (0.25 * float(factor))) + 0.5 < _FARTHEST)


def weigh(
    samples: np.ndarray, center: float, unit: float, repeats: np.ndarray | None = None, n: float | None = None
) -> tuple[Weights, float]:
    """Weights on the nodes (see the head of this module) of `n` samples, and the count of the fullest cell."""
    counts, n_beyond = count(samples, center, unit, repeats)
    n_cells = counts.size // 2
    octaves = n_cells // _PER_OCTAVE
    (at_cells,) = scratch.arrays((counts.shape, np.float64))
    at_cells[:] = counts
    fullest = float(at_cells.max())
    at_cells[n_cells] *= 0.5  # for each side
    positive = at_cells[n_cells:-1].reshape(octaves, _PER_OCTAVE)
    negative = at_cells[1 : n_cells + 1].reshape(octaves, _PER_OCTAVE)  # inwards, octaves and cells
    weights = np.empty(N_NEAR + 2 * (octaves - NEAR_OCTAVES) * FAR_ORDER)
    near, far = by_octave(weights)
    near[:, 0] = positive[:NEAR_OCTAVES] @ _spread(NEAR_ORDER)
    near[:, 1] = (negative[-NEAR_OCTAVES:] @ _spread(NEAR_ORDER))[::-1, ::-1]
    if octaves > NEAR_OCTAVES:
        far[:, 0] = positive[NEAR_OCTAVES:] @ _spread(FAR_ORDER)
        far[:, 1] = (negative[:-NEAR_OCTAVES] @ _spread(FAR_ORDER))[::-1, ::-1]
    return Weights(weights, octaves - NEAR_OCTAVES, samples.size if n is None else n, n_beyond), fullest
