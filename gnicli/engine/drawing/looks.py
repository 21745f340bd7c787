"""What a curve looks like: a color, a dash and a marker for each, so that no two look alike, in color or in grey."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gnicli.contracts.results import Curve, FigureData

Dash = str | tuple[float, tuple[float, ...]]

# Okabe and Ito's colors, told apart with any kind of color vision.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
_DASHES: tuple[Dash, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.4)),
    (0, (5, 1.4, 1, 1.4)),
    (0, (9, 2.5)),
    (0, (5, 1.4, 1, 1.4, 1, 1.4)),
    (0, (2.5, 1.5)),
    (0, (9, 2, 2, 2)),
)
_REFERENCE: Dash = (0, (3, 3))  # for a law or a reference whose dash would be solid
_MEASURED = ("line", "faint")
_MARKERS = ("o", "s", "^", "D", "<", "P", "X", "p")


GREY = "#A0A0A0"


class Look(NamedTuple):
    """How one curve is drawn."""

    color: str
    dash: Dash
    marker: str


def key_of(curve: Curve) -> str:
    """Curves of one key look alike."""
    return curve.key or curve.label


def keys_of(figures: Iterable[FigureData]) -> tuple[str, ...]:
    """The keys of all curves of some figures, in the order in which they come."""
    found: dict[str, None] = {}
    for figure in figures:
        found |= dict.fromkeys(key_of(curve) for panel in figure.panels for curve in panel.curves)
        found |= dict.fromkeys(key for key, _ in figure.absent)
    return tuple(found)


def look_of(order: tuple[str, ...], key: str) -> Look:
    """The look of the key at its place in `order`; 64 of them differ."""
    place = order.index(key)
    turn = place + place // len(PALETTE)  # each further round pairs colors with other dashes and markers
    return Look(PALETTE[place % len(PALETTE)], _DASHES[turn % len(_DASHES)], _MARKERS[turn % len(_MARKERS)])


def alone(figure: FigureData) -> str:
    """The key of the only measured line of a figure; "" where there is none, or several."""
    keys = {key_of(curve) for panel in figure.panels for curve in panel.curves if curve.style in _MEASURED}
    return keys.pop() if len(keys) == 1 else ""


def of_curve(order: tuple[str, ...], curve: Curve, alone: str = "") -> Look:
    """The look of a curve by its key, in grey where it is of a law or a theory that does not apply.

    The line of the key `alone` is solid: a dash would tell it from other lines, of which there are none.
    """
    look = look_of(order, key_of(curve))
    if curve.style in _MEASURED and key_of(curve) == alone:
        look = look._replace(dash="-")
    return look._replace(color=GREY) if curve.grey else look


def dash_of(look: Look, style: str) -> Dash:
    """The dash of a curve: what is a reference is never solid, so that it is no measured line."""
    return _REFERENCE if style == "dashed" and look.dash == "-" else look.dash
