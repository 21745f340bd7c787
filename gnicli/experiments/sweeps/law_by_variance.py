"""The stable laws fitted to gradient noise along training, against the variance of the injected noise (figure 8)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord, Value
from gnicli.engine.summary import mean_value
from gnicli.errors import GniError
from gnicli.stable.fitting.search_problem import ALPHA_RANGE

VARIANCE = "noise.var"
_ALPHA = (ALPHA_RANGE[0], 2.0)  # the range of the fits
BARS = "95 % interval of the mean over seeds"
_SHOWN = 1e-4  # densities are drawn where they are at least this share of their peak
_NAMES = ("alpha", "beta", "beta_stderr", "at_boundary")
_TAIL = "alpha (tail index)"
_MEANINGS = {"alpha": (_TAIL, "across weights"), "beta_squared": ("beta² − error²", "across weights")}
OVER_DRAWS = {  # of `track.n_draws`, which tells a mixture of scales from tails: the quantity, and of what it is
    "alpha_scaled": (_TAIL, "each weight in its own scale"),
    "alpha_over_draws": (_TAIL, "over draws"),
    "kurtosis_over_draws": ("excess kurtosis", "over draws"),
}


class Fits(NamedTuple):
    """All fits of one run, its layers and measurements one after another; NaN where there is no error."""

    alpha: np.ndarray
    beta: np.ndarray
    beta_stderr: np.ndarray
    at_boundary: np.ndarray

    def alpha_of_run(self) -> float:
        """The median over the run's fits; alpha = 2 is where the family ends, so it counts as 2."""
        return float(np.median(self.alpha))

    def beta_squared_of_run(self) -> float:
        """The mean of beta² − stderr² over the fits inside the family: |beta| alone grows with its own error."""
        squares = self.beta**2 - self.beta_stderr**2
        return float(np.nanmean(squares)) if np.isfinite(squares).any() else float("nan")


def fits_of(record: RunRecord) -> Fits | None:
    """The fits that `track=gradient_noise` wrote; None where there are none."""
    rows: list[tuple[float, ...]] = []
    for name in record.metrics:
        if not name.startswith("alpha/"):
            continue
        layer = name.partition("/")[2]
        tables = [_by_step(record, f"{column}/{layer}") for column in _NAMES]
        rows += [tuple(table.get(step, np.nan) for table in tables) for step in tables[0]]
    return Fits(*np.array(rows).T) if rows else None


def median_of_run(record: RunRecord, name: str) -> float:
    """The median of a metric of layers over a run's layers and measurements; NaN where it has none."""
    found = [values for metric, (_, values) in record.metrics.items() if metric.startswith(f"{name}/")]
    known = np.concatenate(found) if found else np.empty(0)
    known = known[np.isfinite(known)]
    return float(np.median(known)) if known.size else float("nan")


def _by_step(record: RunRecord, name: str) -> dict[int, float]:
    steps, values = record.metrics.get(name, (np.empty(0, np.int64), np.empty(0)))
    return dict(zip(steps.tolist(), values.tolist(), strict=True))


def along_variance(records: Sequence[RunRecord]) -> Results:
    """Alpha and beta of each variance and M over seeds, their slopes on the logarithm of the variance, and pictures.

    The unit is the run: a run has one alpha and one beta², and each seed one slope.
    """
    done = [record for record in records if record.status == "completed" and VARIANCE in record.overrides]
    known = [(record, found) for record in done if (found := fits_of(record)) is not None]
    values: dict[str, Value] = {}
    grouped: dict[tuple[str, float], list[tuple[RunRecord, Fits]]] = {}
    for record, found in known:
        key = (record.overrides.get("M", ""), float(record.overrides[VARIANCE]))
        grouped.setdefault(key, []).append((record, found))
    for (draws, variance), members in grouped.items():
        label = f"[{VARIANCE}={variance:g} M={draws}]"
        runs = [found for _, found in members]
        values[f"alpha {label}"] = mean_value(np.array([run.alpha_of_run() for run in runs]))
        values[f"beta² − error² {label}"] = mean_value(np.array([run.beta_squared_of_run() for run in runs]))
        absolute = np.array([np.median(np.abs(run.beta)) for run in runs])
        values[f"|beta|, biased upward {label}"] = mean_value(absolute)
        share = np.array([np.nanmean(run.at_boundary) for run in runs])
        values[f"fits at the boundary {label}"] = mean_value(share, "fraction")
        for name in OVER_DRAWS:
            medians = np.array([median_of_run(record, name) for record, _ in members])
            if np.isfinite(medians).all():
                values[f"{name} {label}"] = mean_value(medians)
    values |= _slopes(known)
    return Results(values, figures=_figures(grouped), notes=_notes(known))


def _slopes(known: Sequence[tuple[RunRecord, Fits]]) -> dict[str, Value]:
    """For each M the slope on log variance of each seed's alpha and beta², their mean and interval over seeds."""
    points: dict[str, dict[str, list[tuple[float, ...]]]] = {}
    for record, found in known:
        over = (median_of_run(record, name) for name in OVER_DRAWS)
        point = (np.log(float(record.overrides[VARIANCE])), found.alpha_of_run(), found.beta_squared_of_run(), *over)
        seeds = points.setdefault(record.overrides.get("M", ""), {})
        seeds.setdefault(record.overrides.get("seed", ""), []).append(point)
    values = {}
    for draws, seeds in points.items():
        for column, name in enumerate(("alpha", "beta² − error²", *OVER_DRAWS), 1):
            slopes = [_slope(np.array(seed)[:, 0], np.array(seed)[:, column]) for seed in seeds.values()]
            finite = np.array([slope for slope in slopes if np.isfinite(slope)])
            if finite.size:
                values[f"slope of {name} on log {VARIANCE} [M={draws}]"] = mean_value(finite)
    return values


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Least squares; NaN where x has one value or y is not finite."""
    if np.ptp(x) == 0 or not np.isfinite(y).all():
        return float("nan")
    return float(np.polyfit(x, y, 1)[0])


def _notes(known: Sequence[tuple[RunRecord, Fits]]) -> tuple[str, ...]:
    if not known:
        return (f"no completed run has both {VARIANCE} and fits of track=gradient_noise",)
    boundary = np.concatenate([found.at_boundary for _, found in known])
    censored = np.concatenate([found.alpha for _, found in known]) >= _ALPHA[1]
    return (
        f"{int(np.nansum(boundary))} of {boundary.size} fits have a parameter at its bound, and no standard error for "
        f"it; {int(censored.sum())} of them have alpha = 2, where beta has no meaning: they are left out of beta²",
        "|beta| is biased upward by its own standard error, the more so the nearer alpha is to 2: judge by beta² − "
        "error²; the standard errors take weights for independent, which they are not, so beta² − error² may still be "
        "too large",
    )


def _figures(grouped: dict[tuple[str, float], list[tuple[RunRecord, Fits]]]) -> dict[str, FigureData]:
    if not grouped:
        return {}
    pooled: dict[float, list[Fits]] = {}
    for (_, variance), members in grouped.items():
        pooled.setdefault(variance, []).extend(found for _, found in members)
    alphas = [(v, np.concatenate([run.alpha for run in runs])) for v, runs in sorted(pooled.items())]
    betas = [(v, np.abs(np.concatenate([run.beta for run in runs]))) for v, runs in sorted(pooled.items())]
    panels = (
        Panel(tuple(_densities(alphas, *_ALPHA)), _TAIL, "density of the fits"),
        Panel(tuple(_densities(betas, 0, 1)), "|beta|, biased upward by its error", "density of the fits"),
        _trend(grouped, "alpha", lambda record, found: found.alpha_of_run()),
        _trend(grouped, "beta_squared", lambda record, found: found.beta_squared_of_run()),
        *_shapes(grouped),
    )
    caption = (
        "Stable laws fitted to gradient noise across the weights of each layer, along training. Above: the densities "
        "of all fits of all M, by variance, reflected at the ends of the family's range. Below: one number per run "
        "(median alpha, mean of beta² less its squared error; with track.n_draws medians of what is left without the "
        "mixture of scales), mean over seeds and 95 % interval."
    )
    return {"laws": FigureData("Stable laws of the gradient noise by variance", panels, caption, BARS, "xy")}


def _densities(samples: Sequence[tuple[float, np.ndarray]], low: float, high: float) -> list[Curve]:
    """Kernel densities on [low, high]; mass beyond an end is folded back, so that each has area 1."""
    from gnicli.kde import binned
    from gnicli.kde.bandwidth import choose

    window = binned.Window(low, high, 301)
    curves = []
    for variance, values in samples:
        try:
            bandwidth = choose("robust", values)
            folded = np.concatenate([values, 2 * low - values, 2 * high - values])
            pdf = 3 * binned.estimate(folded, window, bandwidth)
        except GniError:  # half of the fits are equal: no width
            continue
        shown = pdf > _SHOWN * pdf.max()
        curves.append(Curve(f"{VARIANCE}={variance:g} ({values.size} fits)", window.points[shown], pdf[shown]))
    return curves


def _shapes(grouped: dict[tuple[str, float], list[tuple[RunRecord, Fits]]]) -> list[Panel]:
    """The medians over draws against the variance, those that all runs have."""
    runs = [record for members in grouped.values() for record, _ in members]
    known = [name for name in OVER_DRAWS if all(np.isfinite(median_of_run(record, name)) for record in runs)]
    return [_trend(grouped, name, functools.partial(_median, name)) for name in known]


def _median(name: str, record: RunRecord, found: Fits) -> float:
    return median_of_run(record, name)


def _trend(
    grouped: dict[tuple[str, float], list[tuple[RunRecord, Fits]]],
    what: str,
    of_run: Callable[[RunRecord, Fits], float],
) -> Panel:
    """One number per run against the variance, a curve per M."""
    curves = []
    for draws in dict.fromkeys(draws for draws, _ in grouped):
        x = np.array(sorted(variance for other, variance in grouped if other == draws))
        told = [mean_value(np.array([of_run(*member) for member in grouped[draws, v]])) for v in x]
        y = np.array([value.number for value in told])
        ends = np.array([value.ci95 or (value.number, value.number) for value in told])
        curves.append(Curve(f"M={draws}", x, y, ends[:, 0], ends[:, 1], "points"))
    label, title = (_MEANINGS | OVER_DRAWS)[what]
    possible = (0.0, _ALPHA[1]) if label == _TAIL else None
    return Panel(tuple(curves), "variance of the injected noise", label, title, x_scale="log", y_range=possible)
