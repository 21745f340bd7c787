"""The pictures of figures as a page holds them: the smaller of the SVG and the PNG, as text."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gnicli import files

_MOST_BYTES = 32 << 20
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
_SIZE = re.compile(rb'<svg [^>]*?\bviewBox="0 0 ([\d.]+) ([\d.]+)"', re.DOTALL)
_BEGINNING = 2000  # bytes in which the size of an SVG stands
# Of print: figures have text of 8 points, which is small on a screen.
_ENLARGED = 1.3
_CSS_PIXELS = 96 / 72 * _ENLARGED  # for each point
_WIDEST_HALF = 520  # CSS pixels: what is wider has panels side by side


class Picture(NamedTuple):
    """A picture as a data URL, with its size in CSS pixels (0 where it is not known)."""

    address: str
    width: int = 0
    height: int = 0

    @property
    def is_wide(self) -> bool:
        """Whether its text cannot be read when it is shrunk to the width of a phone."""
        return self.width > _WIDEST_HALF


def embedded(folder: Path, stems: Iterable[str]) -> dict[str, Picture]:
    """The pictures in `folder` by stem. One whose files are not there is left out."""
    found = {stem: _embedded(folder, stem) for stem in stems}
    return {stem: picture for stem, picture in found.items() if picture is not None}


def _embedded(folder: Path, stem: str) -> Picture | None:
    content = {}
    for kind in _TYPES:
        try:
            content[kind] = files.read_regular(folder / f"{stem}.{kind}", _MOST_BYTES)
        except FileNotFoundError:
            continue
    if not content:
        return None
    kind = min(content, key=lambda each: len(content[each]))
    size = _SIZE.search(content.get("svg", b"")[:_BEGINNING])
    width, height = (round(float(part) * _CSS_PIXELS) for part in size.groups()) if size else (0, 0)
    return Picture(f"data:{_TYPES[kind]};base64,{base64.b64encode(content[kind]).decode()}", width, height)
