"""When the runs of a sweep diverged: the share of each arm's runs that had not, and their objective up to it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, RunRecord
from gnicli.engine import figure_data
from gnicli.engine.summary import CONFIDENCE, Group
from gnicli.errors import DataError

FIGURE = "divergence"  # of a run that diverged: its objective in the last steps
RUNS = "runs"  # the name of an arm in a sweep that has one
_DIVERGED = "diverged"


def figures(groups: Sequence[Group]) -> dict[str, FigureData]:
    """The survival curves of all arms and the paths of the runs that diverged; none where no run did."""
    arms = {group.label: timed for group in groups if (timed := _times(group.records))[0].size}
    lost = {label: int(diverged.sum()) for label, (_, diverged) in arms.items() if diverged.any()}
    if not lost:
        return {}
    shares = Panel(
        tuple(_survival(label, *timed) for label, timed in arms.items()),
        "step",
        "share of runs that have not diverged",
        x_scale="log",
        y_range=(0.0, 1.0),
    )
    paths = _paths([group for group in groups if group.label in lost])
    words = {label: _words(label, diverged) for label, (_, diverged) in arms.items()}
    panels = (shares, *([_panel(paths, words)] if paths else []))
    counts = "; ".join(f"{label or RUNS}: {n} of {arms[label][0].size}" for label, n in lost.items())
    caption = f"Runs that diverged: {counts}. Curves are Kaplan-Meier estimates, bands their 95 % intervals."
    if paths:
        caption += " Beside them the objective of each run that diverged, with its noise, in its last steps."
    return {FIGURE: FigureData("Divergence", panels, caption, "95 % interval")}


def _times(records: Sequence[RunRecord]) -> tuple[np.ndarray, np.ndarray]:
    """The last step of each run that began, (n,), and whether it diverged there; others were followed up to theirs."""
    steps, diverged = [], []
    for record in records:
        last = _last_step(record)
        if last > 0:
            steps.append(float(last))
            diverged.append(record.status == _DIVERGED)
    return np.array(steps), np.array(diverged, bool)


def _last_step(record: RunRecord) -> int:
    if record.status == _DIVERGED and "diverged_at" in record.values:
        return int(record.values["diverged_at"].number)
    return max((int(steps[-1]) for steps, _ in record.metrics.values() if len(steps)), default=0)


def survival(steps: np.ndarray, diverged: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps, Kaplan and Meier's (1958) share without divergence after each, and its interval (log-log).

    Where the interval is not defined, before the first divergence and where no run is left, its ends are the share.
    """
    from scipy import stats

    if not diverged.any():
        return steps.max(keepdims=True), np.ones(1), np.ones(1), np.ones(1)
    found = stats.ecdf(stats.CensoredData(uncensored=steps[diverged], right=steps[~diverged])).sf
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        ends = found.confidence_interval(CONFIDENCE, method="log-log")
    share = found.probabilities
    low, high = (np.where(np.isnan(end.probabilities), share, end.probabilities) for end in (ends.low, ends.high))
    return found.quantiles, share, low, high


def _survival(label: str, steps: np.ndarray, diverged: np.ndarray) -> Curve:
    """The curve as a step function from step 1 on."""
    x, y, low, high = survival(steps, diverged)
    corners = np.concatenate([[1.0], np.repeat(x, 2)])
    y, low, high = (np.repeat(np.concatenate([[1.0], each]), 2)[:-1] for each in (y, low, high))
    return Curve(label or RUNS, corners, y, low, high, words=_words(label, diverged), key=label or RUNS)


def _words(label: str, diverged: np.ndarray) -> str:
    return f"{label or RUNS} ({int(diverged.sum())} of {diverged.size} diverged)"


def _paths(groups: Sequence[Group]) -> dict[str, list[Curve]]:
    """The curves of the runs' own figures by arm; a figure that is absent or damaged is left out."""
    found: dict[str, list[Curve]] = {}
    for group in groups:
        for record in group.records:
            if record.status != _DIVERGED:
                continue
            try:
                figure = figure_data.read(record.folder / "figures" / f"{FIGURE}.json")
            except (FileNotFoundError, DataError):
                continue
            found.setdefault(group.label, []).extend(curve for panel in figure.panels for curve in panel.curves)
    return {label: curves for label, curves in found.items() if curves}


def _panel(paths: Mapping[str, Sequence[Curve]], words: Mapping[str, str]) -> Panel:
    curves = [
        curve._replace(label=f"{label} run {n}".strip(), style="faint", words=words[label], key=label or RUNS)
        for label, mine in paths.items()
        for n, curve in enumerate(mine, 1)
    ]
    positive = all((curve.y > 0).all() for curve in curves)
    return Panel(tuple(curves), "steps from divergence", "objective", y_scale="log" if positive else "linear")
