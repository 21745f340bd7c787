"""A figure for each family: every seed's effect, in units of the smallest effect of interest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.claims.claim import FOLLOWS, SAME
from gnicli.claims.effects import Effects
from gnicli.claims.judging import Judged
from gnicli.claims.verdict import Estimate
from gnicli.contracts.results import Curve, FigureData, Panel, Scale

_SPREAD = 0.22  # of the seeds of a claim on the x axis
_ROOM = 24  # characters of names below one panel
_LINEAR = 20.0  # smallest effects up to which the axis is linear


def figure(name: str, judged: Sequence[Judged]) -> FigureData | None:
    """The per-seed effects of a family with their intervals; None where nothing is known in size."""
    shown = [(each, *_scaled(each)) for each in judged if each.n_pairs]
    shown = [(each, effects, bounds) for each, effects, bounds in shown if np.isfinite(effects.low).any()]
    panels, numbered = [], []
    for is_same, title in ((False, "effects"), (True, "sameness")):
        own = [each for each in shown if _is_same(each[0]) == is_same]
        if own:
            panels.append(_panel(own, title, is_same=is_same))
            ids = [each.claim.id for each, _, _ in own]
            if _tick_names(ids) != ids:
                listed = ", ".join(f"{place} {id_}" for place, id_ in enumerate(ids, 1))
                numbered.append(f" Panel {title}: {listed}.")
    if not panels:
        return None
    n_lost = sum(int((~np.isfinite(effects.low)).sum()) for _, effects, _ in shown)
    lost = f" {n_lost} pairs with a run that diverged or failed have no size and are not drawn." if n_lost else ""
    explained = "".join(numbered)
    caption = (
        "Each dot is one seed. Effects are divided by the smallest effect of interest. Of an effect the claimed side "
        f"is up, and 1 must be reached; what is claimed to be the same must lie between -1 and 1.{lost}{explained}"
    )
    return FigureData(f"Effects by seed: {name}", tuple(panels), caption, "interval of the verdict")


def _is_same(judged: Judged) -> bool:
    return judged.claim.kind in (SAME, FOLLOWS) or judged.claim.direction == "same"


def _scaled(judged: Judged) -> tuple[Effects, Estimate]:
    """The effects and their interval in units of the smallest effect: the claimed side is up."""
    claim, shown, effect = judged.claim, judged.measurement.shown, judged.effect
    unit, offset = claim.smallest, claim.reference if claim.direction else 0.0
    if claim.kind == FOLLOWS:
        gap = float(np.abs(judged.parts[0].bounds.value))
        unit = claim.within * gap if np.isfinite(gap) and gap > 0 else claim.smallest
    if claim.kind == "below" or claim.direction == "falls":
        unit = -unit
    with np.errstate(invalid="ignore"):
        effects = Effects((shown.low - offset) / unit, (shown.high - offset) / unit)
    ends = sorted([(effect.low - offset) / unit, (effect.high - offset) / unit])
    return effects, Estimate((effect.value - offset) / unit, ends[0], ends[1])


def _tick_names(ids: Sequence[str]) -> list[str]:
    """The ids where they have room below an axis, else numbers, which the caption explains."""
    return list(ids) if sum(map(len, ids)) <= _ROOM else [str(place) for place in range(1, len(ids) + 1)]


def _panel(shown: Sequence[tuple[Judged, Effects, Estimate]], title: str, *, is_same: bool) -> Panel:
    dots_x, dots_y = [], []
    for place, (_, effects, _) in enumerate(shown, 1):
        kept = effects.low[np.isfinite(effects.low)]
        dots_x.append(place + np.linspace(-_SPREAD, _SPREAD, kept.size) if kept.size > 1 else np.array([float(place)]))
        dots_y.append(kept)
    x, y = np.concatenate(dots_x), np.concatenate(dots_y)
    places = np.arange(1.0, len(shown) + 1)
    bounds = np.array([[each.value, each.low, each.high] for _, _, each in shown], float)
    bounds[~np.isfinite(bounds).all(axis=1)] = np.nan
    ends = np.array([0.5, len(shown) + 0.5])
    sides = np.array([1.0, 1.0, np.nan, -1.0, -1.0]) if is_same else np.ones(2)
    margin_x = np.concatenate([ends, [np.nan], ends]) if is_same else ends
    curves = (
        Curve("one seed", x, y, style="dots"),
        Curve("estimate", places, bounds[:, 0], bounds[:, 1], bounds[:, 2], "points"),
        Curve("no effect", ends, np.zeros(2), style="reference"),  # before the other, as in figures of effects
        Curve("smallest effect of interest", margin_x, sides, style="reference"),
    )
    largest = float(np.nanmax(np.abs(np.concatenate([y, bounds[np.isfinite(bounds)]])), initial=0.0))
    scale: Scale = "linear" if largest <= _LINEAR else "symlog"
    names = _tick_names([each.claim.id for each, _, _ in shown])
    ticks = tuple(zip(places.tolist(), names, strict=True))
    label = "difference / margin" if is_same else "effect / smallest effect"
    return Panel(curves, "", label, title, y_scale=scale, x_ticks=ticks)
