"""Figures of finished runs drawn again, and metrics of several runs in one figure: `gni plot` and `gnicli.plot`."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnicli import checks
from gnicli.contracts.results import Curve, FigureData, Panel, Scale
from gnicli.engine import content, figure_data, folders, sweep_records, tables
from gnicli.engine.run import Run
from gnicli.errors import UsageError, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Place = str | os.PathLike[str] | Run
_DEFAULT = "train_loss"
_MOST_NAMES = 12
_PART, _ENDS = re.compile(r"(?<=[,;:.])\s+"), ",;:."  # of a title
_WIDTHS = (1.0, 40.0)  # inches


class _Source(NamedTuple):
    """A folder with figures or metrics, and what it is called."""

    folder: Path
    overrides: Mapping[str, str]

    def figures(self) -> list[str]:
        """The names of its figures that can be drawn again."""
        place = self.folder / content.FIGURES
        return sorted(path.stem for path in place.glob("*.json")) if place.is_dir() else []

    def metrics(self) -> tables.Series:
        """Its metrics by name. Raises `DataError` where they are damaged."""
        try:
            return tables.read_metrics(self.folder / "metrics.csv")
        except (FileNotFoundError, NotADirectoryError):
            return {}


def plot(
    runs: Place | Sequence[Place],
    metric: str = "",
    *,
    labels: Sequence[str] = (),
    width: float | None = None,
    title: str | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    logx: bool | None = None,
    logy: bool | None = None,
    style: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw a figure of a run again, or a metric or a figure of several runs in one; returns a matplotlib Figure.

    `runs` are folders of runs or of sweeps, or what `load_run` returned. `metric` is a name in `metrics.csv` or the
    name of a figure of each run; by default the training loss, or else the first figure. A sweep without a
    figure of that name stands for its jobs. `labels` name the runs, by default after what differs
    between them; that of a sweep stands in front of what differs between its jobs. `width` is in inches, 3.25 (a
    column) for one panel and 6.75 (a page) for several. Texts that are given may hold
    mathematics between $ signs. The user's `matplotlibrc` is followed, and the style file `style` on top of it.

    Raises `UsageError` for a name that the runs do not have, `DataError` where a file is damaged.

    >>> import gnicli
    >>> run = gnicli.run("train", steps=3)
    >>> figure = gnicli.plot(run, "train_loss", width=3.25, ylabel="loss")
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss']
    """
    from gnicli.engine.drawing import backend

    if width is not None:
        checks.number("width", width, least=_WIDTHS[0], most=_WIDTHS[1])
    figure = data(runs, metric, labels)
    figure = figure._replace(panels=tuple(_scaled(panel, _scale(logx), _scale(logy)) for panel in figure.panels))
    with backend.users_style(None if style is None else Path(checks.home("style", os.fspath(style)))):
        from gnicli.engine.drawing.figure import Texts, draw

        drawn = draw(figure, width, Texts(title, xlabel, ylabel, tuple(labels)))
        drawn.draw_without_rendering()  # ticks are made with the settings of this block
    return drawn


def data(runs: Place | Sequence[Place], metric: str = "", labels: Sequence[str] = ()) -> FigureData:
    """The data of that figure."""
    given = [runs] if isinstance(runs, str | os.PathLike | Run) else list(runs)
    if not given:
        raise UsageError("give at least one run")
    found = [_source(place) for place in given]
    name = metric or _first_name(found)
    if all(name in source.figures() for source in found) and not (len(found) > 1 and _all_have(found, name)):
        names = _labels(found, labels)
        return _overlaid(
            [figure_data.read(source.folder / content.FIGURES / f"{name}.json") for source in found], names, name
        )
    parts = [_jobs(source) or [source] for source in found]
    found = [job for jobs in parts for job in jobs]
    if not _all_have(found, name):
        raise UsageError(_unknown(found, name))
    return _metric(found, name, _labels_of_jobs(parts, labels) if len(labels) == len(parts) else _labels(found, labels))


def have(runs: Sequence[Place], name: str) -> bool:
    """Whether all of these have a metric or a figure of that name, which of a sweep its jobs may have."""
    found = [_source(place) for place in runs]
    return all(
        name in source.figures() or any(name in each.metrics() for each in (_jobs(source) or [source]))
        for source in found
    )


def _source(place: Place) -> _Source:
    folder = place.folder if isinstance(place, Run) else Path(checks.home("RUN", os.fspath(place)))
    manifest = folders.read_manifest(folder)
    return _Source(folder, sweep_records.split_overrides(manifest.get("overrides") or ()))


def _jobs(source: _Source) -> list[_Source]:
    """The jobs of a sweep that have begun; none of a run."""
    if folders.read_manifest(source.folder).get("kind") != "sweep":
        return []
    return [
        _Source(record.folder, record.overrides) for record in sweep_records.read_sweep(source.folder) if record.metrics
    ]


def _all_have(found: Sequence[_Source], metric: str) -> bool:
    return bool(found) and all(metric in source.metrics() for source in found)


def _first_name(found: Sequence[_Source]) -> str:
    """The training loss, where all have it; else the first figure that all have."""
    if len(found) > 1 and _all_have(found, _DEFAULT):
        return _DEFAULT
    common = [name for name in found[0].figures() if all(name in source.figures() for source in found)]
    return common[0] if common else _DEFAULT


def _unknown(found: Sequence[_Source], name: str) -> str:
    """What there is in place of a name that the runs do not all have."""
    lacking = next((source for source in found if name not in source.metrics()), None)
    if lacking is None:
        return "no job of the sweep has metrics yet"
    there = [*lacking.figures(), *lacking.metrics()]
    told = ", ".join(there[:_MOST_NAMES]) + (
        f" and {len(there) - _MOST_NAMES} more" if len(there) > _MOST_NAMES else ""
    )
    return shown(f"{lacking.folder} has no metric and no figure {name!r}; it has {told or 'none of either'}")


# -------------------------------------------------------------------------------------------------------------- labels


def _labels(found: Sequence[_Source], given: Sequence[str]) -> list[str]:
    """A name for each: as given, or after what differs between the runs, or after their folders."""
    if given:
        if len(given) != len(found):
            raise UsageError(f"{len(given)} labels for {len(found)} runs; give one for each, in their order")
        return list(given)
    keys = dict.fromkeys(key for source in found for key in source.overrides if not key.startswith("run."))
    varying = [key for key in keys if len({source.overrides.get(key) for source in found}) > 1]
    names = [" ".join(f"{k}={s.overrides[k]}" for k in varying if k in s.overrides) for s in found]
    return names if len(set(names)) == len(names) and all(names) else _folder_names(found)


def _labels_of_jobs(parts: Sequence[Sequence[_Source]], given: Sequence[str]) -> list[str]:
    """A name for each job of sweeps that were given a name each: that name, and what differs within the sweep."""
    return [
        label if len(jobs) == 1 else f"{label}, {own}"
        for jobs, label in zip(parts, given, strict=True)
        for own in _labels(jobs, ())
    ]


def _folder_names(found: Sequence[_Source]) -> list[str]:
    """The shortest ends of the folders' paths that tell them apart."""
    paths = [source.folder.absolute().parts for source in found]
    for n in range(1, max(map(len, paths)) + 1):
        names = ["/".join(parts[-n:]) for parts in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{number} {'/'.join(parts[-1:])}" for number, parts in enumerate(paths, 1)]  # one run given twice


# -------------------------------------------------------------------------------------------------------------- figures


def _metric(found: Sequence[_Source], name: str, labels: Sequence[str]) -> FigureData:
    from gnicli.engine.summary import metric_panel, unit_of

    curves = []
    for source, label in zip(found, labels, strict=True):
        steps, values = source.metrics()[name]
        curves.append(Curve(label, steps.astype(float), values))
    words = name.replace("_", " ")
    unit = unit_of(name, (folders.read_run(source.folder).values for source in found))
    panel = metric_panel(curves, name, unit=unit)
    return FigureData(f"{words[:1].upper()}{words[1:]}", (panel,))


def _overlaid(figures: Sequence[FigureData], labels: Sequence[str], name: str) -> FigureData:
    """The figures of several runs in one: each panel has the curves of all; what is the same in all is drawn once."""
    first = figures[0]
    if len(figures) == 1:
        return first
    if any(len(figure.panels) != len(first.panels) for figure in figures):
        counts = ", ".join(str(len(figure.panels)) for figure in figures)
        raise UsageError(f"these figures differ in their panels ({counts}), so they cannot be drawn in one")
    panels = []
    for place, panel in enumerate(first.panels):
        curves: list[Curve] = []
        common = {_content(c) for c in panel.curves}.intersection(
            *({_content(c) for c in figure.panels[place].curves} for figure in figures[1:])
        )
        for figure, label in zip(figures, labels, strict=True):
            own = [curve for curve in figure.panels[place].curves if _content(curve) not in common]
            curves += [_named(curve, label, alone=len(own) == 1) for curve in own]
        curves += [curve for curve in panel.curves if _content(curve) in common]
        here = [figure.panels[place] for figure in figures]
        title, heading = _common([each.title for each in here]), _common([each.heading for each in here])
        panels.append(panel._replace(curves=tuple(curves), title=title, heading=heading))
    absent = tuple((f"{label}: {key}", why) for f, label in zip(figures, labels, strict=True) for key, why in f.absent)
    title = _common([figure.title for figure in figures]) or name.replace("_", " ").capitalize()
    return first._replace(panels=tuple(panels), title=title, order=(), absent=absent)


def _common(texts: Sequence[str]) -> str:
    """What several titles have in common from their beginning: what only one run is or found is said by no title."""
    parts = zip(*(_PART.split(text) for text in texts), strict=False)
    same = itertools.takewhile(lambda found: len({part.rstrip(_ENDS) for part in found}) == 1, parts)
    return " ".join(found[0] for found in same).rstrip(_ENDS)


def _named(curve: Curve, label: str, *, alone: bool) -> Curve:
    name = label if alone else f"{label}: {curve.words or curve.label}"
    return curve._replace(label=name, words="", key=name)


def _content(curve: Curve) -> tuple[str, bytes, bytes]:
    return curve.label, np.asarray(curve.x, float).tobytes(), np.asarray(curve.y, float).tobytes()


def _scaled(panel: Panel, x_scale: Scale | None, y_scale: Scale | None) -> Panel:
    return panel._replace(x_scale=x_scale or panel.x_scale, y_scale=y_scale or panel.y_scale)


def _scale(is_log: bool | None) -> Scale | None:
    return None if is_log is None else "log" if is_log else "linear"
