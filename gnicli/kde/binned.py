"""Gaussian kernel density estimates by binning and one FFT; their slow exact sum is the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import fft

from gnicli import checks
from gnicli.errors import NumericalError, UsageError

_FINENESS = 16  # mesh cells per bandwidth
_PAD = 6.5  # bandwidths around the window whose samples reach into it: e^{-21} is lost
_MAX_MESH = 2**25
MOST_POINTS = 1_000_001
_ORDER = 4  # of the splines that samples are binned with: what is left of the mesh is 1e-7 of a kernel's peak
_CHUNK = 2**20


class Window(NamedTuple):
    """Where a density is wanted: `n_points` equidistant points from `low` to `high`, both included."""

    low: float
    high: float
    n_points: int = 1001

    @property
    def points(self) -> np.ndarray:
        """The points (n_points,)."""
        return np.linspace(self.low, self.high, self.n_points)


class Mesh(NamedTuple):
    """The finer mesh of the binning: node j is at `start + j·step`; every `stride`-th from `first` is asked for."""

    start: float
    step: float
    size: int
    first: int
    stride: int


def check_window(window: Window) -> None:
    """Refuse windows without width and grids that no memory holds."""
    if not (np.isfinite(window.low) and np.isfinite(window.high) and window.low < window.high):
        raise UsageError(f"the window must have finite ends, the lower first, got [{window.low}, {window.high}]")
    checks.integer("points", window.n_points, least=2, below=MOST_POINTS + 1)


def mesh_of(window: Window, bandwidth: float) -> Mesh:
    """The mesh for a window and a bandwidth: cells of at most bandwidth/16 that divide the window's."""
    check_window(window)
    checks.number("bandwidth", bandwidth, above=0, sizes=None)
    spacing = (window.high - window.low) / (window.n_points - 1)
    # In floats first: an integer of 300 digits is no size.
    cells = max(1.0, np.ceil(_FINENESS * spacing / bandwidth))
    size = (window.n_points - 1) * cells + 1 + 2 * np.ceil(_PAD * bandwidth * cells / spacing)
    if not size <= _MAX_MESH:
        raise UsageError(
            f"bandwidth {bandwidth:.3g} needs a mesh of {size:.3g} cells over [{window.low:g}, {window.high:g}], at "
            f"most {_MAX_MESH} are allowed; take another bandwidth or a smaller window"
        )
    stride = int(cells)
    step = spacing / stride
    pad = int(np.ceil(_PAD * bandwidth / step))
    size = (window.n_points - 1) * stride + 1 + 2 * pad
    return Mesh(window.low - pad * step, step, size, pad, stride)


def estimate(samples: np.ndarray, window: Window, bandwidth: float, weights: np.ndarray | None = None) -> np.ndarray:
    """The density at the window's points, (n_points,), of all samples; within 1e-6 of the exact sum's peak.

    `samples` and `weights` (the same shape, >= 0) have any shape. Samples outside the window count in the total, not in
    the density. Raises `NumericalError` for NaN or no weight, `UsageError` for weights that are none.
    """
    mesh = mesh_of(window, bandwidth)
    own = None if weights is None else checked_weights(weights, np.size(samples))
    mass, total = bin_samples(np.ravel(samples), mesh, own)
    return smooth(mass, total, mesh, bandwidth, order=_ORDER)


def checked_weights(weights: np.ndarray, n: int) -> np.ndarray:
    """Weights of any shape as float64 (n,) in units of the greatest.

    Raises `UsageError` unless there are `n`, all finite and >= 0; `NumericalError` where all are 0.
    """
    own = np.ravel(np.asarray(weights, float))
    if own.size != n:
        raise UsageError(f"weights must be one per sample, {n} of them, got {own.size}")
    good = np.isfinite(own) & (own >= 0)
    if not good.all():
        raise UsageError(
            f"weights must be finite and >= 0; {n - int(good.sum())} of {n} are not, the first is {own[~good][0]:g}"
        )
    greatest = own.max(initial=0.0)
    if n and not greatest > 0:
        raise NumericalError("all weights are 0: there is nothing to estimate from")
    return own / greatest if n else own


def bin_samples(samples: np.ndarray, mesh: Mesh, weights: np.ndarray | None = None) -> tuple[np.ndarray, float]:
    """Share each sample among its four nearest nodes, by the cubic B-spline around it.

    Returns the mass on the mesh (size,) and the total weight of all samples.
    """
    # Three cells on each side, and one for rounding, take what lies outside.
    before = 4
    mass = np.zeros(mesh.size + 2 * before)
    total = 0.0
    for part, own in _chunks(samples, weights):
        with np.errstate(over="ignore"):
            place = (part - mesh.start) / mesh.step
        np.clip(place, 1 - before, mesh.size + before - 3, out=place)
        place += before
        cell = place.astype(np.intp)
        place -= cell
        total += len(part) if own is None else float(own.sum())
        for offset, share in zip((-1, 0, 1, 2), _spline(place), strict=True):
            found = np.bincount(cell, share if own is None else share * own, minlength=len(mass) - offset)
            if offset < 0:
                mass += found[-offset : len(mass) - offset]
            else:
                mass[offset:] += found[: len(mass) - offset]
    if not (np.isfinite(total) and total > 0):
        raise NumericalError(f"a density needs a positive, finite total weight, got {total:g}")
    return mass[before:-before], total


def _spline(t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The cubic B-spline at the four nodes around a point that is `t` in [0, 1) of a cell beyond the second of them."""
    u = 1 - t
    first, last = u**3 / 6, t**3 / 6
    second = 2 / 3 - t * t * (1 - t / 2)
    return first, second, 1 - first - second - last, last


def _chunks(samples: np.ndarray, weights: np.ndarray | None) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    for start in range(0, len(samples), _CHUNK):
        part = samples[start : start + _CHUNK]
        if np.isnan(part).any():
            raise NumericalError("the samples contain NaN; leave exploded chains out first")
        yield part, None if weights is None else weights[start : start + _CHUNK]


def smooth(mass: np.ndarray, total: float | np.ndarray, mesh: Mesh, bandwidth: float, order: int) -> np.ndarray:
    """Convolve binned mass (…, size) with the Gaussian kernel: the density at the asked nodes (…, n_points).

    Binning of `order` 4 (cubic B-spline; 2: linear; 1: nearest node) blurs by sinc^order on average, which is divided
    out: what remains is the aliasing. `total` is the weight that the density is normalized by.
    """
    size = fft.next_fast_len(mesh.size, real=True)
    wave = np.arange(size // 2 + 1) * (2 * np.pi / size)  # per node
    kernel = np.exp(-0.5 * (wave * (bandwidth / mesh.step)) ** 2) / np.sinc(wave / (2 * np.pi)) ** order
    density = fft.irfft(fft.rfft(mass, size) * kernel, size)[..., : mesh.size]
    asked = density[..., mesh.first : mesh.size - mesh.first : mesh.stride]
    return np.maximum(asked, 0.0) / (mesh.step * np.asarray(total, float)[..., None])


def from_counts(
    counts: np.ndarray, low: float, high: float, total: np.ndarray, window: Window, bandwidth: float
) -> np.ndarray:
    """The density at the window's points from a histogram (…, n_bins) over [low, high], as streamed by a simulation.

    `total` (…) is the weight of all samples, those outside included. Bins have to be at most half a bandwidth wide.
    """
    check_window(window)
    checks.number("bandwidth", bandwidth, above=0, sizes=None)
    n_bins = counts.shape[-1]
    width = (high - low) / n_bins
    if width > 0.5 * bandwidth:
        raise UsageError(
            f"a histogram with bins of {width:.3g} cannot carry a bandwidth of {bandwidth:.3g}: take at least "
            f"{int(np.ceil(2 * (high - low) / bandwidth))} bins"
        )
    # The bin centers are a mesh of their own: smoothed there, then read off at the points.
    reach = _PAD * bandwidth / width
    if n_bins + 2 * reach > _MAX_MESH:
        raise UsageError(
            f"bandwidth {bandwidth:.3g} is too large for bins of {width:.3g}: it reaches over {reach:.3g} of them, at "
            f"most {_MAX_MESH} are allowed; take a smaller one, or a wider histogram"
        )
    pad = int(np.ceil(reach))
    padded = np.zeros((*counts.shape[:-1], n_bins + 2 * pad))
    padded[..., pad : pad + n_bins] = counts
    mesh = Mesh(low + (0.5 - pad) * width, width, n_bins + 2 * pad, 0, 1)
    fine = smooth(padded, total, mesh, bandwidth, order=1)
    return _interpolate(fine, mesh.start, width, window.points)


def _interpolate(values: np.ndarray, start: float, step: float, x: np.ndarray) -> np.ndarray:
    """Quintic (six-point Lagrange) interpolation along the last axis; 0 outside."""
    place = (x - start) / step
    left = np.floor(place).astype(int) - 2
    inside = (left >= 0) & (left + 5 < values.shape[-1])
    left = np.clip(left, 0, values.shape[-1] - 6)
    t = place - left
    result = np.zeros((*values.shape[:-1], len(x)))
    for i in range(6):
        weight = np.ones_like(t)
        for j in range(6):
            if j != i:
                weight *= (t - j) / (i - j)
        result += weight * values[..., left + i]
    return np.where(inside, np.maximum(result, 0.0), 0.0)


def exact_sum(samples: np.ndarray, x: np.ndarray, bandwidth: float, weights: np.ndarray | None = None) -> np.ndarray:
    """The same density by the plain sum over all samples at any points `x`: slow, the oracle of `estimate`."""
    flat = np.ravel(samples)
    own = np.full(flat.size, 1.0) if weights is None else checked_weights(weights, np.size(samples))
    result = np.zeros(len(x))
    for start in range(0, flat.size, 2048):
        distance = (x[:, None] - flat[None, start : start + 2048]) / bandwidth
        result += np.exp(-0.5 * distance**2) @ own[start : start + 2048]
    return result / (own.sum() * bandwidth * np.sqrt(2 * np.pi))
