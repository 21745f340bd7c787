"""The reports of a run or a sweep, written into its folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from gnicli import files
from gnicli.contracts.results import FigureData, Results, Table
from gnicli.engine.figures import FORMATS
from gnicli.engine.manifest import Manifest
from gnicli.engine.report import html, markdown, parts, pictures


def write(
    folder: Path,
    manifest: Manifest,
    results: Results,
    figures: Mapping[str, FigureData],
    sweep: Mapping[str, Table] | None = None,
    *,
    kinds: Collection[str] = tuple(FORMATS),
) -> None:
    """Write report.md and report.html into `folder`, whose `figures/` has the files of `figures`; see `parts`."""
    document = parts.document(manifest, results, figures, sweep, kinds)
    files.replace(folder / "report.md", markdown.write(document))
    page = html.write(document, pictures.embedded(folder / "figures", figures))
    files.replace(folder / "report.html", page)
