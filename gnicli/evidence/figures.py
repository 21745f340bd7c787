"""Figures of a fit: density, tails, quantiles, block sums."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.evidence.blocks import Block
from gnicli.evidence.shape import Shape
from gnicli.stable.fitting.result import Z95

SAMPLES = "samples"
_MOST_SIDE_BY_SIDE = 6
_ALWAYS = ("stable", "normal", "tempered")


def _order(words: Mapping[str, str], drawn: Collection[str]) -> tuple[str, ...]:
    """The laws' order for their looks, which is not that of their likelihoods: a law looks alike in every run."""
    names = dict.fromkeys((*_ALWAYS, *(name for name in words if name in drawn)))
    return (SAMPLES, *(words[name] for name in names if name in words))


def _style(shape: Shape, name: str) -> Literal["line", "dashed"]:
    """The dash of a law's curve: the law in question, the first, is solid."""
    return "line" if name == next(iter(shape.densities)) else "dashed"


def density_panel(shape: Shape, words: Mapping[str, str], title: str = "", quantity: str = "x") -> Panel:
    """The histogram of the central part, and the laws."""
    curves = [Curve(SAMPLES, shape.bins, shape.density, style="steps")]
    top = 1.6 * float(shape.density.max())
    for name, density in shape.densities.items():
        shown = np.where(density <= top, density, np.nan)  # a sub-Weibull density has a pole
        curves.append(Curve(words[name], shape.grid, shown, style=_style(shape, name)))
    return Panel(tuple(curves), quantity, "density", title)


def tail_panels(shape: Shape, words: Mapping[str, str], title: str = "", quantity: str = "x") -> tuple[Panel, Panel]:
    """Both tails, as distances from the median, on logarithmic axes."""
    lower = [Curve(SAMPLES, shape.lower_t, shape.lower_share, style="dots")]
    lower += [
        Curve(words[name], shape.lower_t, beyond, style=_style(shape, name)) for name, beyond in shape.lower.items()
    ]
    upper = [Curve(SAMPLES, shape.upper_t, shape.upper_share, style="dots")]
    upper += [
        Curve(words[name], shape.upper_t, beyond, style=_style(shape, name)) for name, beyond in shape.upper.items()
    ]
    lead = f"{title}, " if title else ""
    both = ("lower tail", f"{quantity} < median − t", lower), ("upper tail", f"{quantity} > median + t", upper)
    below, above = (
        # One label, so that the tails, which are compared, share their axes.
        Panel(tuple(curves), "t", "probability", f"{lead}{name}", "log", "log", heading=f"{lead}{name}: {event}")
        for name, event, curves in both
    )
    return below, above


def quantile_panel(shape: Shape, law: str, title: str = "") -> Panel:
    """Quantiles of the samples against those of the fitted law, centered and on axes that show both ends."""
    finite = np.isfinite(shape.law_quantiles)
    expected, found = shape.law_quantiles[finite], shape.quantiles[finite]
    center = float(np.median(expected))
    x, y = expected - center, found - center
    curves = (Curve(SAMPLES, x, y, style="dots"), Curve("equal", x, x, style="reference"))
    x_label, y_label = f"quantile of the {law} law − its median", "quantile of the samples − the same median"
    return Panel(curves, x_label, y_label, title, "symlog", "symlog")


def block_panel(blocks: Sequence[Block], title: str = "") -> Panel:
    """Alpha of block sums with 95 % intervals, beside what a stable law and finite variance would give."""
    size = np.array([float(block.size) for block in blocks])
    alpha = np.array([block.alpha for block in blocks])
    half = np.array([0.0 if block.stderr is None else Z95 * block.stderr for block in blocks])
    curves = (
        Curve("block sums", size, alpha, np.maximum(alpha - half, 0.0), np.minimum(alpha + half, 2.0), "points"),
        Curve("a stable law stays", size, np.full_like(size, alpha[0]), style="reference"),
        Curve("finite variance tends to 2", size, np.full_like(size, 2.0), style="reference"),
    )
    return Panel(curves, "samples in a sum", "alpha (tail index)", title, x_scale="log", y_range=(0.0, 2.0))


def figures(
    shape: Shape, words: Mapping[str, str], law: str, blocks: Sequence[Block], about: str = "", quantity: str = "x"
) -> dict[str, FigureData]:
    """The four figures of one fit; `about` says in their titles what was fitted, `quantity` is what was measured."""
    lead = about or "Samples and fitted laws"
    found = {
        "density": FigureData(
            lead,
            (density_panel(shape, words, quantity=quantity),),
            "Histogram of the central 99 % (at most 12 interquartile ranges from the median), and the densities of "
            "the law in question, the stable law, the Gaussian and the best others. The table has every law.",
        ),
        "tails": FigureData(
            f"Tails. {lead}",
            tail_panels(shape, words, quantity=quantity),
            "Share of the samples, and probability under each law, beyond a distance t from the median. Laws are drawn "
            "down to a fifth of one sample.",
            share="xy",
        ),
        "quantiles": FigureData(
            f"Quantiles. {lead}",
            (quantile_panel(shape, law),),
            "On the black line quantiles are equal. Axes are linear in the middle, logarithmic outside.",
        ),
    }
    if len(blocks) > 1:
        found["blocks"] = FigureData(f"Alpha of block sums. {lead}", (block_panel(blocks),), BLOCKS_CAPTION, BARS)
    order = _order(words, shape.densities)
    return {name: figure._replace(order=order) for name, figure in found.items()}


BARS = "95 % interval"
BLOCKS_CAPTION = (
    "Samples are shuffled and summed in blocks; bands are 95 % intervals, of no width where alpha is at its bound. "
    "Sums of a stable law have the same alpha; sums of a law of finite variance tend to a Gaussian, alpha = 2."
)


def one_figure(
    shape: Shape,
    words: Mapping[str, str],
    law: str,
    blocks: Sequence[Block],
    title: str,
    about: str = "",
    quantity: str = "x",
) -> dict[str, FigureData]:
    """The same as one figure: for the fit of one group among several."""
    panels = [
        density_panel(shape, words, "density", quantity),
        *tail_panels(shape, words, quantity=quantity),
        quantile_panel(shape, law, "quantiles"),
    ]
    if len(blocks) > 1:
        panels.append(block_panel(blocks, "block sums"))
    caption, bars = (BLOCKS_CAPTION, BARS) if len(blocks) > 1 else ("", "")
    order = _order(words, shape.densities)
    lead = f"{title}: {about}" if about else title
    return {f"fit/{title}": FigureData(lead, tuple(panels), caption, bars, order=order)}


def side_by_side(runs: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, FigureData]:
    """Density and both tails of each of several runs from their arrays, with the stable law and the Gaussian."""
    usable = {label: arrays for label, arrays in runs.items() if "bins" in arrays}
    if not usable or len(usable) > _MOST_SIDE_BY_SIDE:
        return {}
    words = {"stable": "stable", "normal": "Gaussian"}
    shapes = {label: _shape(arrays, words) for label, arrays in usable.items()}
    densities = tuple(density_panel(shape, words, label) for label, shape in shapes.items())
    tails = tuple(panel for label, shape in shapes.items() for panel in tail_panels(shape, words, label))
    caption = "The stable law and the Gaussian fitted to each run's samples by maximum likelihood. "
    return {
        "densities": FigureData("Samples, the stable law and the Gaussian fitted to them", densities, caption),
        "tails": FigureData(
            "Tails of the samples, and of the stable law and the Gaussian fitted to them",
            tails,
            caption + "Share of the samples, and probability under each law, beyond a distance t from the median.",
            share="xy",
            n_columns=2,
        ),
    }


def _shape(arrays: Mapping[str, np.ndarray], words: Mapping[str, str]) -> Shape:
    names = [name for name in words if f"density_{name}" in arrays]
    return Shape(
        arrays["bins"],
        arrays["density"],
        arrays["grid"],
        {name: arrays[f"density_{name}"] for name in names},
        arrays["lower_t"],
        arrays["lower_share"],
        {name: arrays[f"lower_{name}"] for name in names},
        arrays["upper_t"],
        arrays["upper_share"],
        {name: arrays[f"upper_{name}"] for name in names},
        arrays["quantiles"],
        arrays["law_quantiles"],
    )
