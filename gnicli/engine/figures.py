"""Figures: data in, pictures for the eye (png), a paper (pdf) and the web (svg), and the data (csv, json) out.

A job of a sweep draws one kind: three take longer than all else that a short job does, and `gni plot` draws the others.

The picture is drawn by `drawing`, which is imported, with matplotlib, only when there is something to draw; pyplot and
its global state are not used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gnicli import files
from gnicli.contracts.results import FigureData
from gnicli.engine import figure_data, tables
from gnicli.engine.drawing import looks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST = 120  # bytes of a file's stem, of the 255 that a name may have
HEADER = ("panel", "curve", "x", "y", "low", "high")
# No file names its time or program, so that equal data give equal bytes.
FORMATS: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None},
    "svg": {"Date": None},
}
WRITTEN = tuple(FORMATS)  # by every run and sweep that is not told otherwise


def kinds_of(pictures: object, *, in_sweep: bool) -> tuple[str, ...]:
    """The kinds of pictures that `run.pictures` asks for; a run without a word on it draws as by `auto`."""
    if pictures == "none":
        return ()
    if pictures == "svg" or (in_sweep and pictures != "all"):
        return ("svg",)
    return WRITTEN


def file_name(name: str) -> str:
    """A figure's name as a file name: `alpha/layer1` is `alpha-layer1`.

    A name made of a user's label may be longer than a file system takes. It is cut, and a hash keeps it distinct.
    """
    stem = re.sub(r"[^\w.=+-]+", "-", name).strip("-.") or "figure"
    if len(stem.encode()) <= _LONGEST:
        return stem
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem.encode()[: _LONGEST - 9].decode(errors='ignore')}-{digest}"


def write(
    folder: Path, figures: Mapping[str, FigureData], kinds: Collection[str] | None = None
) -> dict[str, FigureData]:
    """Write every figure into `folder` (created if needed): pictures of these kinds (None: `WRITTEN`), csv and json.

    Returns the figures by the stem of their files. A curve's key has one look in all of them: by its place in the
    `order` that figures declare, and behind these where it first comes. One without a panel is no figure.
    """
    figures = {name: figure for name, figure in figures.items() if figure.panels}
    declared = (key for figure in figures.values() for key in figure.order)
    order = tuple(dict.fromkeys((*declared, *looks.keys_of(figures.values()))))
    kinds = WRITTEN if kinds is None else kinds
    written: dict[str, FigureData] = {}
    for name, figure in figures.items():
        files.make_folder(folder)
        stem = file_name(name)
        while stem in written:  # a/b and a-b
            stem += "-2"
        files.replace(folder / f"{stem}.csv", tables.encode_csv(HEADER, _rows(figure)))
        ordered = figure._replace(order=order)
        files.replace(folder / f"{stem}.json", figure_data.encode(ordered))
        if kinds:
            _draw_files(folder, stem, ordered, kinds)
        written[stem] = figure
    return written


def _rows(figure: FigureData) -> Iterator[tuple[object, ...]]:
    for number, panel in enumerate(figure.panels, start=1):
        for curve in panel.curves:
            columns = [curve.x, curve.y, curve.low, curve.high]
            n = len(curve.x)
            lists = [[None] * n if column is None else np.asarray(column).tolist() for column in columns]
            yield from ((panel.title or number, curve.label, *row) for row in zip(*lists, strict=True))


def _draw_files(folder: Path, stem: str, figure: FigureData, kinds: Collection[str]) -> None:
    from gnicli.engine.drawing import backend

    with backend.own_style():
        from gnicli.engine.drawing.figure import draw

        drawn = draw(figure)
        if (layout := drawn.get_layout_engine()) is not None:
            layout.execute(drawn)
        drawn.set_layout_engine("none")  # what is laid out once holds for every format
        for suffix in kinds:
            save(drawn, folder / f"{stem}.{suffix}")


def save(drawn: Figure, path: Path) -> None:
    """Write a drawn figure to a file, whose suffix says the format."""
    kind = path.suffix.removeprefix(".")
    files.replace(path, lambda out: drawn.savefig(out, format=kind, metadata=FORMATS[kind]))
