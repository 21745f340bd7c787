"""What an experiment returns and what is read back of a run: named tuples of plain data.

Nothing here imports torch or NumPy: the start-up of every command passes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Value(NamedTuple):
    """A headline number: `stderr` is None where no error is defined, `n` is the number of things averaged.

    `ci95` is a 95 % interval where the result has one that is not value ± 1.96 stderr by definition (cut to a range,
    asymmetric, or to be read by others). A value may be a word (`parameterization` is "S1"): it is shown and written,
    and left out of means over runs. Words that `float()` reads ("nan", "inf") are taken for numbers when read back.
    The unit "fraction" says that it cannot exceed 1; a metric of the same name is drawn on a linear axis then.
    A value may also be several numbers whose count is part of the result (modes): these too are in no mean.
    `caveat` says in two or three words why the value is not what its name says: "not mixed", "noise too large". Tables
    show it in grey, with a mark.
    """

    value: float | str | tuple[float, ...]
    stderr: float | None = None
    n: int = 1
    unit: str = ""
    ci95: tuple[float, float] | None = None
    caveat: str = ""

    @property
    def number(self) -> float:
        """The value of a result that is one number; raises `TypeError` for a word or several numbers."""
        if isinstance(self.value, str | tuple):
            raise TypeError(f"{self.value!r} is not one number")
        return float(self.value)


class NamedArray(NamedTuple):
    """An array for `arrays.npz` and what its axes mean."""

    values: np.ndarray
    meaning: str


CurveStyle = Literal["line", "dashed", "reference", "dots", "steps", "points", "sizes", "faint"]
Scale = Literal["linear", "log", "symlog"]
Share = Literal["", "x", "y", "xy"]


class Curve(NamedTuple):
    """One curve of a panel; `low` and `high` bound a band or error bars. All arrays have the shape of `x`.

    `label` is the curve's name in the CSV file. The legend shows `words` where they are given, else the label. Curves
    of one `key` (default: the label) look alike in all figures of a run. What is `grey` is drawn in grey, whatever its
    key: a law or a theory that does not apply.

    Styles: "line" and "dashed" (a law, a theory) join their points; "reference" is where a quantity would lie if there
    were no difference, no effect or the like: a thin black line in every figure, which takes no look from a curve;
    "steps" is a histogram; "dots" are samples;
    "points" are single measurements with error bars; "sizes" are such measurements of an absolute value: one whose
    interval reaches 0 is not resolved, and only the upper end of its interval is drawn; "faint" is a line of
    runs that are not completed.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    style: CurveStyle = "line"
    words: str = ""
    key: str = ""
    grey: bool = False

    def greyed(self, caveat: str) -> Curve:
        """The curve of a law or a theory that does not apply, with the reason; the same curve where there is none."""
        if not caveat:
            return self
        return self._replace(grey=True, words=f"{self.words or self.label} ({caveat})")


class Panel(NamedTuple):
    """One pair of axes.

    `title` is the panel's name in the CSV file. The picture shows `heading` where it is given, else the title.
    `x_ticks` names positions on the x axis. `y_range` is the range of values that the quantity can have: bands are cut
    to it. `slopes` are orders of convergence, drawn as guides on logarithmic axes.
    """

    curves: tuple[Curve, ...]
    x_label: str
    y_label: str
    title: str = ""
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    heading: str = ""
    x_ticks: tuple[tuple[float, str], ...] = ()
    y_range: tuple[float, float] | None = None
    slopes: tuple[float, ...] = ()


class FigureData(NamedTuple):
    """A figure as data: the engine draws it (png, pdf, svg) and writes the data beside it (csv, json).

    `bands` says in the legend what bands and error bars are. Panels that are compared share their axes: `share` is "x",
    "y" or "xy". `absent` are curves that are not drawn, by key, with the reason. `n_columns` of panels is the engine's
    choice where it is 0. `order` lists the keys of all figures of a run: a key's place in it decides its look. A
    figure that declares one puts its keys first, so that they look alike in all runs of one declaration.

    Bands of an uncertainty are cut where they would flatten the curves. Where they would fill the panel they are left
    out, with the words "not resolved". With `spread` bands are where the data lie, and are shown as a whole.
    """

    title: str
    panels: tuple[Panel, ...]
    caption: str = ""
    bands: str = ""
    share: Share = ""
    absent: tuple[tuple[str, str], ...] = ()
    n_columns: int = 0
    order: tuple[str, ...] = ()
    spread: bool = False


class Table(NamedTuple):
    """A table for the terminal and the report: cells are texts, as many in each row as in `header`.

    Columns stand in the order of their importance, the one that names the rows first: where a terminal is too narrow
    the last ones are left out. Programs find its numbers in `values` or `arrays`.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class About(NamedTuple):
    """What was run and what came out, in the words of the field: a report opens with it.

    `title` names the run. `conditions` say by name what it was run with: data, network, noise, learning rate, budget.
    `conclusion` is the result in a sentence; where it is empty the first of the `notes` takes its place.
    """

    title: str
    conditions: Mapping[str, str] = {}
    conclusion: str = ""


class Headline(NamedTuple):
    """A value that a command is run for: its name in the results, and the words that head its column in tables.

    In `name` a `*` stands for any text; the same text takes the place of a `*` in `words`. An experiment declares its
    headline values as `HEADLINES`, the most important first: the end of a run and the tables of sweeps begin with them.
    """

    name: str
    words: str


class Results(NamedTuple):
    """What an experiment returns. The engine writes it.

    `warnings` are sentences on what limits the values: chains that have not mixed, fits at a bound, a theory that does
    not apply. The screen shows all of them, and of the `notes`, which are sentences for the report, the first.
    `message` says in one line what became of a run that diverged ("diverged at step 7 …").
    Where there are `tables` (by title) the terminal shows them in place of the list of `values`.
    """

    values: Mapping[str, Value]
    arrays: Mapping[str, NamedArray] = {}
    figures: Mapping[str, FigureData] = {}
    status: Literal["completed", "diverged"] = "completed"
    message: str = ""
    notes: tuple[str, ...] = ()
    tables: Mapping[str, Table] = {}
    warnings: tuple[str, ...] = ()
    about: About | None = None


class RunRecord(NamedTuple):
    """A run as it is read back from its folder: what an experiment's `summarize` gets for each job of a sweep.

    `overrides` maps each key given on the command line (sweep included) to its value as typed. `metrics` maps a name to
    its steps (int64) and values (float64), both of one length; it is there for unfinished runs too. `warnings` are the
    run's own (`Results.warnings`).
    """

    job: int
    folder: Path
    overrides: Mapping[str, str]
    status: str
    values: Mapping[str, Value]
    metrics: Mapping[str, tuple[np.ndarray, np.ndarray]]
    message: str = ""
    warnings: tuple[str, ...] = ()
