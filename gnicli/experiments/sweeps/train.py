"""The results of a sweep of `gni train experiment=…`: the arms' curves over seeds, and their differences by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord, Table
from gnicli.experiments.sweeps.power import FEWEST_PAIRS

if TYPE_CHECKING:
    from gnicli.experiments.sweeps import paired


class Figure(NamedTuple):
    """A figure of the paper: the metric drawn, the arm that others are compared with, and how the paper made it.

    `control` is an arm and another one that it is compared with. `laws` says whether the fits to gradient noise along
    training are reported.
    """

    metric: str
    key: str
    reference: str
    paper: str
    control: tuple[str, str] | None = None
    laws: bool = False


DEFAULTS = {"protocol": "learnable", "budget": "quick"}
SKIPPED = 0.1
RATIO = "variance_ratio"
_LONG = "60,000 steps, 5 seeds"
_EPOCHS = "250 epochs of SVHN or CIFAR-10 in minibatches of 512"
FIGURES = {
    "fig4": Figure("train_loss", "arm", "M1", _LONG),
    "fig5": Figure("train_loss", "M", "1", _LONG),
    "fig5_mnist": Figure("train_loss", "M", "1", _LONG),
    "fig7": Figure("test_loss", "arm", "M1", _EPOCHS, control=("explicit", "M16")),
    "fig8": Figure("test_loss", "M", "1", _EPOCHS, laws=True),
    "symmetrise": Figure("train_loss", "arm", "plain", "no such experiment"),
}


def summarize(records: Sequence[RunRecord]) -> Results:
    """The default summary; for an experiment of the paper also paired effects and the budget.

    Runs that diverged are in no mean. They are counted in the label of their curve and as a value, and rank worst in
    paired comparisons.
    """
    from gnicli.engine.summary import groups
    from gnicli.engine.sweep_summary import summary
    from gnicli.experiments.sweeps import divergence, effects, law_by_variance, paired, pilots, verdicts

    lost = divergence.figures(groups(records))
    names = {record.overrides.get("experiment") for record in records if record.overrides}
    name = names.pop() if len(names) == 1 else None
    if name not in FIGURES:
        found = summary(records)
        return found._replace(figures={**found.figures, **lost})
    figure = FIGURES[name]
    found = summary(records, figure.metric)
    started = [record for record in records if figure.key in record.overrides]
    values = dict(found.values)
    settings = paired.settings(started, figure.key)
    for label, members in settings.items():
        values |= paired.counts(members, figure.key, label)
    tables: dict[str, Table] = {}
    drawn: dict[str, FigureData] = {}
    open_ones: list[tuple[paired.Effect, str]] = []
    for reference, only in [(figure.reference, None), *([figure.control[::-1]] if figure.control else [])]:
        compared = [
            effect
            for label, members in settings.items()
            for effect in paired.effects(members, figure.metric, figure.key, reference, label, only)
        ]
        for effect in compared:
            values |= verdicts.values(effect, figure.metric, figure.key, reference)
        open_ones += [(effect, reference) for effect in compared]
        if compared:
            title = (
                f"log {figure.metric} above {figure.key}={reference}, paired by seed, over the last 10 % of the steps"
            )
            tables[title] = verdicts.table(compared, figure.key, reference)
            drawn |= effects.figure(compared, figure.metric, figure.key, reference)
    planned = pilots.declaration(name, figure.key, started)
    told = (*_of_pairs(tables), *_open(open_ones, figure.key))
    notes = (_budget(name, started, figure), *planned, *told, *found.notes)
    figures = _figures(settings, figure) or dict(found.figures)
    figures |= drawn | _ratios(settings, figure) | lost
    order = tuple(_arms(started, figure.key))  # whichever of them diverge
    figures = {each: drawing._replace(order=order) for each, drawing in figures.items()}
    if figure.laws:
        laws = law_by_variance.along_variance(started)
        values, figures, notes = values | dict(laws.values), figures | dict(laws.figures), (*notes, *laws.notes)
    return found._replace(values=values, notes=notes, figures=figures, tables=tables)


def _of_pairs(tables: Mapping[str, Table]) -> tuple[str, ...]:
    """What p means in the tables, and how many pairs it takes for a decision at 5 %."""
    rows = [row for table in tables.values() for row in table.rows]
    if not rows:
        return ()
    n_pairs = max(int(row[4]) for row in rows)
    said = (
        "effects are means over seeds of differences of log loss. p is that of sign flips, or of the sign test where a "
        "run diverged or failed (such a run ranks worst). p is not adjusted for the number of comparisons "
        f"({len(rows)}), and undecided does not mean equal"
    )
    if n_pairs < FEWEST_PAIRS:
        least = f"{2.0 ** (1 - n_pairs):.2g}" if n_pairs else "1"
        said += f"; with {n_pairs} pairs p is {least} at least, so 5 % is out of reach: take {FEWEST_PAIRS} pairs"
    return (said,)


def _open(found: Sequence[tuple[paired.Effect, str]], key: str) -> tuple[str, ...]:
    """How many pairs would settle what is undecided."""
    from gnicli.experiments.sweeps import verdicts

    needed = [
        f"{f'{effect.setting} {key}={effect.arm}'.strip()} against {key}={reference} {n:,}"
        for effect, reference in found
        if (n := verdicts.open_pairs(effect)) is not None
    ]
    if not needed:
        return ()
    return (
        f"pairs that would settle what is undecided, with 80 % power at 5 %: {'; '.join(needed)} (for an effect as "
        "large as it was seen, of 5 % at least, and differences that scatter as these do)",
    )


def _figures(settings: dict[str, list[RunRecord]], figure: Figure) -> dict[str, FigureData]:
    """The arms' curves and their paired differences: side by side, or where there are several settings apart."""
    from gnicli.engine.summary import bands_of, mean_title

    both = [_panels(members, figure, label if len(settings) > 1 else "") for label, members in settings.items()]
    if not any(both):
        return {}
    first = tuple(panels[0] for panels in both if panels)
    second = tuple(panels[1] for panels in both if len(panels) > 1)
    caption = _caption(settings, figure, [curve.label for panel in second for curve in panel.curves])
    title, lost = mean_title(figure.metric), _absent(settings, figure)
    bands = bands_of([curve for panel in (*first, *second) for curve in panel.curves])
    if len(both) == 1:
        return {figure.metric: FigureData(title, tuple(both[0]), caption, bands, absent=lost)}
    found = {figure.metric: FigureData(title, first, caption, bands, "y", lost)}
    gaps = f"{title} of paired differences"
    return found | ({f"{figure.metric}_differences": FigureData(gaps, second, caption, bands, "y")} if second else {})


def _ratios(settings: dict[str, list[RunRecord]], figure: Figure) -> dict[str, FigureData]:
    """Of `track=antithetic`: the variance of mirrored pairs over that of plain draws, by setting, at each arm's
    weights; the mean over seeds.
    """
    from gnicli.engine.summary import mean_value

    points: dict[str, list[tuple[float, float, float, float]]] = {}
    for place, members in enumerate(settings.values(), 1):
        for arm, runs in _arms(members, figure.key).items():
            known = [run.values[RATIO].number for run in runs if run.status == "completed" and RATIO in run.values]
            if known:
                value = mean_value(np.array(known))
                low, high = value.ci95 or (value.number, value.number)
                points.setdefault(arm, []).append((float(place), value.number, low, high))
    if not points:
        return {}
    columns = {arm: np.array(each).T for arm, each in points.items()}
    curves = [Curve(arm, x, y, low, high, "points") for arm, (x, y, low, high) in columns.items()]
    names = tuple((float(place), label) for place, label in enumerate(settings, 1))
    ends = np.array([0.7, len(settings) + 0.3])
    equal = Curve("no gain", ends, np.ones(2), style="reference")
    panel = Panel((*curves, equal), "", "variance of pairs / plain draws", y_scale="log", x_ticks=names)
    caption = "The variance of the mean of M draws as M/2 mirrored pairs, over that of M plain draws, at equal weights."
    title = "Variance of mirrored pairs over that of plain draws, mean over seeds"
    return {RATIO: FigureData(title, (panel,), caption, "95 % interval of the mean")}


def _absent(settings: dict[str, list[RunRecord]], figure: Figure) -> tuple[tuple[str, str], ...]:
    """The arms without a curve in any setting, and the steps at which their runs diverged."""
    from gnicli.engine.summary import ends

    arms = _arms([run for members in settings.values() for run in members], figure.key)
    return tuple((arm, ends(runs)) for arm, runs in arms.items() if all(run.status != "completed" for run in runs))


def _caption(settings: dict[str, list[RunRecord]], figure: Figure, compared: Sequence[str]) -> str:
    """The caption: what is drawn, and for each arm that is not drawn, why."""
    from gnicli.engine.summary import ends

    said = [
        "Mean over seeds of completed runs; bands are 95 % intervals of the mean at each step (Student's t) where "
        "n >= 2.",
        f"The first {SKIPPED:.0%} of the steps are not shown.",
    ]
    if compared:
        said.append("Differences of log loss are paired by seed, of arms of which no run diverged or failed.")
    lost = []
    for label, members in settings.items():
        for arm, runs in _arms(members, figure.key).items():
            bad = ends(runs)
            if not bad:
                continue
            drawn = any(run.status == "completed" for run in runs)
            name = f"{label} {arm}".strip()
            lost.append(f"{name}: {bad}, {'the others are drawn' if drawn else 'so no curve'}")
    said.append(f"Runs that are not completed: {'; '.join(lost) or 'none'}.")
    return " ".join(said)


def _arms(records: Sequence[RunRecord], key: str) -> dict[str, list[RunRecord]]:
    arms: dict[str, list[RunRecord]] = {}
    for record in records:
        arms.setdefault(f"{key}={record.overrides[key]}", []).append(record)
    return arms


def _panels(records: Sequence[RunRecord], figure: Figure, title: str) -> list[Panel]:
    """The arms' curves after the first steps, whose leaps would hide the rest, and the paired differences."""
    from gnicli.engine import differences
    from gnicli.engine.summary import Group, mean_curve, metric_panel, unit_of
    from gnicli.experiments.sweeps import paired

    arms = _arms(records, figure.key)
    drawn = [mean_curve(Group(label, members), figure.metric) for label, members in arms.items()]
    known = [curve for curve in drawn if curve is not None]
    if not known:
        return []
    first = max(float(curve.x[-1]) for curve in known) * SKIPPED
    curves = tuple(curve for curve in (_after(curve, first) for curve in known) if curve.x.size)
    labels = {curve.label.partition(" (")[0]: curve.label for curve in curves}  # equal labels have equal colors
    what = figure.metric.replace("_", " ")
    unit = unit_of(figure.metric, (record.values for record in records))
    panels = [metric_panel(curves, figure.metric, title, unit=unit)]
    gaps = [_after(curve, first) for curve in paired.gap_curves(records, figure.metric, figure.key, figure.reference)]
    if gaps:
        named = tuple(curve._replace(label=labels.get(curve.label, curve.label), key=curve.label) for curve in gaps)
        panels.append(differences.panel(named, f"log {what} − that of {figure.key}={figure.reference}", title))
    return panels


def _after(curve: Curve, first: float) -> Curve:
    """A curve from a step on."""
    kept = curve.x >= first
    low, high = (None if band is None else band[kept] for band in (curve.low, curve.high))
    return curve._replace(x=curve.x[kept], y=curve.y[kept], low=low, high=high)


def _budget(name: str, records: Sequence[RunRecord], figure: Figure) -> str:
    """The budget of this sweep beside that of the paper."""
    chosen = {key: records[0].overrides.get(key, default) for key, default in DEFAULTS.items()} if records else DEFAULTS
    steps = max((int(r.metrics[figure.metric][0][-1]) for r in records if figure.metric in r.metrics), default=0)
    seeds = len({record.overrides.get("seed") for record in records})
    settings = " ".join(f"{key}={value}" for key, value in chosen.items())
    return (
        f"{name} with {settings}: {steps:,} steps, {seeds} seed{'s' if seeds != 1 else ''} for each "
        f"{figure.key}; the paper: {figure.paper}"
    )
