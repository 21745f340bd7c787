"""What a curve looks like: a color, a dash and a marker for each, so that no two look alike, in color or in grey."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from gnicli.contracts.results import Curve, FigureData

Dash = Literal["-"] | tuple[float, tuple[float, ...]]

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
_LAW: Dash = (0, (3, 3))  # for a law whose dash would be solid
_REFERENCES: tuple[Dash, ...] = ("-", (0, (3, 6)), (0, (12, 6)), (0, (12, 6, 3, 6)))
BLACK, GREY = "#000000", "#A0A0A0"
_LINES, _BARS = ("line", "faint"), ("steps",)
_REFERENCE = "reference"
_STEP = 3  # of all steps, the one by which curves of one dash differ most in lightness
_MARKERS = ("o", "s", "^", "D", "<", "P", "X", "p")


class Look(NamedTuple):
    """How one curve is drawn; a thin line is half as wide as others."""

    color: str
    dash: Dash
    marker: str
    is_thin: bool = False


def key_of(curve: Curve) -> str:
    """Curves of one key look alike."""
    return curve.key or curve.label


def keys_of(figures: Iterable[FigureData]) -> tuple[str, ...]:
    """The keys of all curves of some figures that take a look, in the order in which they come."""
    found: dict[str, None] = {}
    for figure in figures:
        curves = (curve for panel in figure.panels for curve in panel.curves)
        found |= dict.fromkeys(key_of(curve) for curve in curves if curve.style != _REFERENCE)
        found |= dict.fromkeys(key for key, _ in figure.absent)
    return tuple(found)


def _alone(figure: FigureData) -> dict[str, str]:
    """By style, the key of the only measured line of a figure and that of its only histogram, where there is one."""
    found: dict[str, str] = {}
    for styles in (_LINES, _BARS):
        keys = {key_of(curve) for panel in figure.panels for curve in panel.curves if curve.style in styles}
        if len(keys) == 1:
            found |= dict.fromkeys(styles, keys.pop())
    return found


class Looks(NamedTuple):
    """The looks of the curves of a figure: `order` of their keys, and what depends on which other curves it has.

    A curve of a style in `alone` is solid: a dash would tell it from others of its kind, of which there are none.
    """

    order: tuple[str, ...]
    alone: Mapping[str, str]
    references: tuple[str, ...]

    @classmethod
    def of(cls, figure: FigureData) -> Looks:
        """Those of a figure."""
        order = tuple(dict.fromkeys((*figure.order, *keys_of([figure]))))
        drawn = (curve for panel in figure.panels for curve in panel.curves)
        references = tuple(dict.fromkeys(key_of(curve) for curve in drawn if curve.style == _REFERENCE))
        return cls(order, _alone(figure), references)

    def key(self, key: str) -> Look:
        """The look of a key by its place in `order`; 64 of them differ."""
        place = self.order.index(key)
        turn = place + _STEP * (place // len(PALETTE))  # each further round pairs colors with other dashes and markers
        return Look(PALETTE[place % len(PALETTE)], _DASHES[turn % len(_DASHES)], _MARKERS[turn % len(_MARKERS)])

    def curve(self, curve: Curve) -> Look:
        """The look of a curve by its key, in grey where it is of a law or a theory that does not apply."""
        if curve.style == _REFERENCE:
            return Look(BLACK, _REFERENCES[self.references.index(key_of(curve)) % len(_REFERENCES)], "", is_thin=True)
        look = self.key(key_of(curve))
        if self.alone.get(curve.style) == key_of(curve):
            look = look._replace(dash="-")
        elif curve.style == "dashed" and look.dash == "-":
            look = look._replace(dash=_LAW)  # so that it is no measured line
        if curve.style == "faint":
            look = look._replace(is_thin=True)
        return look._replace(color=GREY) if curve.grey else look
