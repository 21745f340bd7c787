"""From samples to weights on fixed nodes: one pass over the data, whatever their number.

A sample is standardized, y = (x − center) / unit, and put in the cell named by sign, exponent and the first 6 bits of
the mantissa of float32(|y| + ½). Of a cell are known the number of its samples and the sum of what they are off its
center; the sum of the square of that is taken to be what samples have that lie evenly in it. Every octave of |y| + ½
has the same cells, so that the adjoint of polynomial interpolation in an octave is one small matrix product, and

    Σ_i g(y_i) ≈ Σ_nodes weight · g(node)

for every g that is smooth within octaves, such as a log-density and its derivatives.
"""

from __future__ import annotations

import math
import sys
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.fitting.scratch import scratch

N_OCTAVES = 37
NEAR_OCTAVES = 5  # |y| < 15.5: more nodes, another contour
NEAR_ORDER = 20  # log f turns from a light center to a power: 16 leave the maximum up to 6e-6 nats short
FAR_ORDER = 6
N_NEAR = 2 * NEAR_OCTAVES * NEAR_ORDER
_SHIFT = 17  # leaves 6 bits of the mantissa
_PER_OCTAVE = 1 << (23 - _SHIFT)
_CELLS = N_OCTAVES * _PER_OCTAVE  # of a side
_SIGN_BIT = np.int32(-(2**31))
_TWO_BITS = np.int32(0x40000000)  # the bits of 2.0, half of those of -2^31: see `_number_cells`
_FIRST = np.int32((0x40000000 >> _SHIFT) - _CELLS)
_BLOCK, _MOST = 1 << 15, 1 << 19
_LOW = 0 if sys.byteorder == "little" else 1  # of the two halves of a float64
_UNIT = 2.0**-20  # the width of a cell in what `_number_cells` adds to 1: the sum over `_MOST` samples is less than 1


class _Memory(NamedTuple):
    """What `_number_cells` works in: y (n,), its bits, as many more of these, and places in cells (n,)."""

    y: np.ndarray
    bits: np.ndarray
    sign: np.ndarray
    inside: np.ndarray


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


def lagrange(place: np.ndarray, order: int) -> np.ndarray:
    """The Lagrange polynomials of a panel's nodes and two derivatives at places in (-1, 1), (3, n, order)."""
    to_coefficients = np.linalg.inv(np.polynomial.chebyshev.chebvander(2.0 * chebyshev_nodes(order) - 3.0, order - 1))
    of_order = [np.polynomial.chebyshev.chebder(to_coefficients, k) for k in range(3)]
    return np.array([np.polynomial.chebyshev.chebval(place, each).T for each in of_order])


def at_centers(cells: int, order: int) -> np.ndarray:
    """`lagrange` at the centers of a panel's cells; the derivatives by what goes from 0 to their number."""
    found = lagrange(2.0 * ((np.arange(cells) + 0.5) / cells) - 1.0, order)
    return found * (2.0 / cells) ** np.arange(3)[:, None, None]


@lru_cache(maxsize=4)
def _spread(order: int) -> np.ndarray:
    """From counts and sums of an octave's cells to weights on its nodes, (2 cells, order)."""
    values, slopes, bends = at_centers(_PER_OCTAVE, order)
    return np.concatenate([values + bends / 24.0, slopes])


def node_places(octaves: np.ndarray, order: int) -> np.ndarray:
    """|y| of the nodes, shape (octaves, order)."""
    return 0.5 * np.exp2(octaves)[:, None] * chebyshev_nodes(order) - 0.5


def _number_cells(x: np.ndarray, middle: float | np.floating, factor: float | np.floating, memory: _Memory) -> None:
    """The cell of each sample in `memory.bits`, from the farthest of negative y on; 1 + `_UNIT` · place in `inside`.

    `factor` takes to 4 y, whose sum with ±2 has bits that, as integers, are as far above 2^30 for positive y as
    they are above −2^30 for negative y: their absolute values go on across y = 0. The bits that are no part of the
    cell's number say how far from its beginning a sample is. They are written below the exponent of 1.0.
    """
    y, bits, sign, inside = memory
    wide = y if x.dtype == np.float32 else inside
    np.subtract(x, middle, out=wide)
    np.multiply(wide, factor, out=wide)
    if wide is not y:
        y[:] = wide
    np.bitwise_and(bits, _SIGN_BIT, out=sign)
    np.bitwise_or(sign, _TWO_BITS, out=sign)
    np.add(y, sign.view(np.float32), out=y)  # + 2 with the sign of y
    np.abs(bits, out=bits)
    if wide is inside:
        inside[:] = 1.0
    np.left_shift(bits, 32 - _SHIFT, out=inside.view(np.int32)[_LOW::2])
    np.right_shift(bits, _SHIFT, out=bits)
    np.subtract(bits, _FIRST, out=bits)


def _add_up(
    samples: np.ndarray, middle: float | np.floating, factor: float | np.floating, repeats: np.ndarray | None
) -> tuple[np.ndarray, float, int]:
    """Counts and sums of what samples are inside cells (2, 2 sides of cells); those beyond; the cells that are reached.

    Of samples that count once both are digits of one sum: the counts those before the point, the sums those after it.
    """
    size = min(samples.size, _BLOCK)
    index, inside, y, sign, product = scratch.arrays(
        ((size,), np.int64),
        ((size,), np.float64),
        ((size,), np.float32),
        ((size,), np.int32),
        ((0 if repeats is None else size,), np.float64),
    )
    inside[:] = 1.0
    whole = _Memory(y, y.view(np.int32), sign, inside)
    found: list[np.ndarray] = []
    n_beyond, reach = 0.0, 0
    for start in range(0, samples.size, _BLOCK):
        block = samples[start : start + _BLOCK]
        memory = whole if block.size == size else _Memory(*(each[: block.size] for each in whole))
        often = None if repeats is None else repeats[start : start + _BLOCK]
        _number_cells(block, middle, factor, memory)
        numbers, at = memory.bits, index[: block.size]
        low, high = int(numbers.min()), int(numbers.max())
        if low < 0 or high >= 2 * _CELLS:
            beyond = (numbers < 0) | (numbers >= 2 * _CELLS)
            n_beyond += float(np.count_nonzero(beyond) if often is None else often[beyond].sum())
            numbers[beyond] = 2 * _CELLS
            low = 0
        reach = max(reach, _CELLS - low, high + 1 - _CELLS)
        at[:] = numbers
        if often is None:
            sums = [np.bincount(at, memory.inside, 2 * _CELLS + 1)]
        else:
            weighted = np.multiply(memory.inside, often, out=product[: block.size])
            sums = [np.bincount(at, each, 2 * _CELLS + 1) for each in (often, weighted)]
        found = [np.add(one, more, out=one) for one, more in zip(found, sums, strict=True)] if found else sums
    reach = min(reach, _CELLS)
    sides = [each[_CELLS - reach : _CELLS + reach] for each in found]
    counts = np.floor(sides[0]) if repeats is None else sides[0]
    return np.stack([counts, sides[-1] - counts]), n_beyond, reach


def count(samples: np.ndarray, center: float, unit: float, repeats: np.ndarray | None = None) -> tuple[np.ndarray, int]:
    """Counts, and sums of what samples are off the centers, of cells (2, 2 sides, cells) outwards; and those beyond.

    The cells are those of as many octaves as the samples reach. A sample counts as often as `repeats` (n,) say.
    Not-a-number counts as beyond: callers look at the samples again when the number of those is not 0.
    """
    single = samples.dtype == np.float32
    middle, factor = (np.float32(center), np.float32(4.0 / unit)) if single else (center, 4.0 / unit)
    with np.errstate(over="ignore", invalid="ignore"):  # what is beyond the cells may be beyond float32 too
        parts = [
            _add_up(samples[k : k + _MOST], middle, factor, None if repeats is None else repeats[k : k + _MOST])
            for k in range(0, samples.size, _MOST)
        ]
    reach = max(part[2] for part in parts)
    n = max(-(-reach // _PER_OCTAVE), NEAR_OCTAVES) * _PER_OCTAVE
    found = np.zeros((2, 2 * n))
    for part, _, its_reach in parts:
        found[:, n - its_reach : n + its_reach] += part
    found[1] *= 1.0 / _UNIT
    found[1] -= 0.5 * found[0]
    sides = np.stack([found[:, n:], found[:, n - 1 :: -1]], axis=1)
    np.negative(sides[1, 1], out=sides[1, 1])
    return sides, math.ceil(sum(part[1] for part in parts))


def in_cells(y: np.ndarray, repeats: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray] | None:
    """Some places with counts that stand for standardized samples; None where some are beyond the cells.

    Two in each cell, with its count and sum, and with the sum of squares of samples that lie evenly: a count may be
    negative. Each sample is taken as often as `repeats` (n,) say.
    """
    (counts, sums), n_beyond = count(y, 0.0, 1.0, repeats)
    if n_beyond:
        return None
    side, cell = np.nonzero(counts)
    often, off = counts[side, cell], sums[side, cell] * math.sqrt(3.0)
    octave, cell = np.divmod(cell, _PER_OCTAVE)
    half = 1.0 / math.sqrt(12.0)
    places = [0.5 * np.exp2(octave) * (1.0 + (cell + 0.5 + sign * half) / _PER_OCTAVE) - 0.5 for sign in (1.0, -1.0)]
    at = np.concatenate(places) * np.tile(np.where(side == 0, 1.0, -1.0), 2)
    return at, np.concatenate([0.5 * often + off, 0.5 * often - off])


def weigh(
    samples: np.ndarray, center: float, unit: float, repeats: np.ndarray | None = None, n: float | None = None
) -> tuple[Weights, float]:
    """Weights on the nodes (see the head of this module) of `n` samples, and the count of the fullest cell."""
    sums, n_beyond = count(samples, center, unit, repeats)
    fullest = float(sums[0].max())
    by_octave = sums.reshape(2, 2, -1, _PER_OCTAVE).transpose(2, 1, 0, 3).reshape(-1, 2 * _PER_OCTAVE)
    n_near = 2 * NEAR_OCTAVES
    weights = [by_octave[:n_near] @ _spread(NEAR_ORDER), by_octave[n_near:] @ _spread(FAR_ORDER)]
    n_far = len(by_octave) // 2 - NEAR_OCTAVES
    at_nodes = np.concatenate([each.ravel() for each in weights])
    return Weights(at_nodes, n_far, samples.size if n is None else n, n_beyond), fullest
