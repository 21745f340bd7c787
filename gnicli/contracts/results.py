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
    A value may also be several numbers whose count is part of the result (modes): these too are in no mean.
    """

    value: float | str | tuple[float, ...]
    stderr: float | None = None
    n: int = 1
    unit: str = ""
    ci95: tuple[float, float] | None = None

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


class Curve(NamedTuple):
    """One curve of a panel; `low` and `high` bound a band. All arrays have the shape of `x`."""

    label: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    style: Literal["line", "dashed", "dots", "steps"] = "line"


class Panel(NamedTuple):
    """One pair of axes."""

    curves: tuple[Curve, ...]
    x_label: str
    y_label: str
    title: str = ""
    x_scale: Literal["linear", "log", "symlog"] = "linear"
    y_scale: Literal["linear", "log", "symlog"] = "linear"


class FigureData(NamedTuple):
    """A figure as data: the engine draws it (png, pdf) and writes the data beside it (csv)."""

    title: str
    panels: tuple[Panel, ...]
    caption: str = ""


class Table(NamedTuple):
    """A table for the terminal and the report: cells are texts, as many in each row as in `header`.

    Programs find its numbers in `values` or `arrays`.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Results(NamedTuple):
    """What an experiment returns. The engine writes it; `notes` are sentences for the report.

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


class RunRecord(NamedTuple):
    """A run as it is read back from its folder: what an experiment's `summarize` gets for each job of a sweep.

    `overrides` maps each key given on the command line (sweep included) to its value as typed. `metrics` maps a name to
    its steps (int64) and values (float64), both of one length; it is there for unfinished runs too.
    """

    job: int
    folder: Path
    overrides: Mapping[str, str]
    status: str
    values: Mapping[str, Value]
    metrics: Mapping[str, tuple[np.ndarray, np.ndarray]]
    message: str = ""
