"""When the runs of a sweep diverged: the share of each arm's runs that had not, and their objective up to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gnicli import survival
from gnicli.contracts.results import Curve, FigureData, Panel, RunRecord
from gnicli.engine import figure_data
from gnicli.engine.summary import Group
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
    words = {label: _words(label, diverged) for label, (_, diverged) in arms.items()}
    curves = [survival.curve(label or RUNS, *timed)._replace(words=words[label]) for label, timed in arms.items()]
    shares = survival.panel(curves, "runs")
    paths = _paths([group for group in groups if group.label in lost])
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
