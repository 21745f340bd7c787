"""Figures of simulated chains, as data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli import intervals
from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.sde.distances import Law
from gnicli.sde.sinks.histogram import Histogram

_PATHS = 3
_ROWS = 400
_BARS = 120


def paths(times: np.ndarray, positions: np.ndarray, about: str = "") -> FigureData:
    """The first chains along the beginning of their trace (n_rows, d, n_chains), a panel per coordinate."""
    t, shown = times[:_ROWS], positions[:_ROWS]
    d, n = shown.shape[1], min(_PATHS, shown.shape[2])
    panels = [
        Panel(
            tuple(Curve(f"chain {j + 1}", t, shown[:, i, j], words=_chain(j, t, shown[:, i, j])) for j in range(n)),
            "time",
            "w" if d == 1 else f"w{i + 1}",
        )
        for i in range(d)
    ]
    caption = (
        f"The first {n} of the chains over {len(t)} recorded positions; a line that ends is a chain that exploded."
    )
    return FigureData(f"The first {n} chains{about}", tuple(panels), caption)


def _chain(number: int, times: np.ndarray, positions: np.ndarray) -> str:
    """The chain for the legend, which says since when it is gone."""
    gone = np.flatnonzero(~np.isfinite(positions))
    if not gone.size:
        return ""
    return f"chain {number + 1}, exploded " + (f"by t = {times[gone[0]]:.3g}" if gone[0] else "before the first record")


def histogram(
    found: Histogram,
    laws: Sequence[Sequence[Law | None]],
    about: str = "",
    caveats: tuple[str, str] = ("", ""),
    has_errors: bool = True,
) -> FigureData:
    """The histogram of each coordinate beside its exact and its Gibbs density.

    `caveats` are for these two: one that is not the law of the drift is grey. Without `has_errors` there is no band.
    """
    panels = []
    for axis, (exact, gibbs) in enumerate(laws):
        center, pdf, stderr = _bars(found, axis)
        low = high = None
        if has_errors and stderr is not None:  # few groups: Student's t
            half = intervals.half_width(stderr, int((found.totals > 0).sum()))
            low, high = np.maximum(pdf - half, 0), pdf + half
        curves = [Curve("chains", center, pdf, low, high, "steps")]
        x = np.linspace(found.low, found.high, 801)
        if exact is not None:
            curves.append(Curve("exact", x, exact.pdf(x), style="dashed").greyed(caveats[0]))
        if gibbs is not None:
            curves.append(Curve("Gibbs", x, gibbs.pdf(x), style="dashed").greyed(caveats[1]))
        panels.append(Panel(tuple(curves), "w" if len(laws) == 1 else f"w{axis + 1}", "density"))
    caption = (
        "Histogram of all recorded positions with its pointwise 95 % band over groups of chains (Student's t), the "
        "exact stationary density of (4.3) where there is one, and the Gibbs density ∝ exp(−f/ε^α)."
    )
    bands = "95 % interval over chains"
    order = ("chains", "exact", "Gibbs")  # a law looks alike whether or not the other is known
    return FigureData(f"Positions of the chains{about}", tuple(panels), caption, bands, "y", order=order)


def _bars(found: Histogram, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Centers, density and standard error over groups, in bars coarse enough to see."""
    per_bar = -(-found.n_bins // _BARS)
    n_bars = found.n_bins // per_bar
    seen = found.totals > 0
    width = (found.high - found.low) / found.n_bins * per_bar
    counts = found.counts[axis][seen, : n_bars * per_bar].reshape(int(seen.sum()), n_bars, per_bar).sum(axis=2)
    center = found.low + width * (np.arange(n_bars) + 0.5)
    pdf = counts.sum(axis=0) / found.totals.sum() / width
    if len(counts) < 2:
        return center, pdf, None
    share = found.totals[seen] / found.totals.sum()
    each = counts / found.totals[seen][:, None] / width
    n = len(each)
    return center, pdf, np.sqrt((share**2) @ (each - pdf) ** 2 * n / (n - 1))
