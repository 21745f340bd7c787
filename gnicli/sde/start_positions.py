"""Where chains start: a point, or a law of starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gnicli import checks
from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.seeding import numpy_stream

LAWS = ("minima", "normal", "uniform")
_STREAM = 2**62  # no step block has this number


def draw(start: Any, potential: Potential, n_chains: int, seed: int) -> np.ndarray:
    """Starts (n,), or (d, n), from a number, a list of d numbers, `minima` (in turn), or a mapping.

    Mappings: {law: normal, loc: 0, scale: 1} and {law: uniform, low: -1, high: 1}, the same for all coordinates.
    """
    d = potential.dimension
    shape = (n_chains,) if d == 1 else (d, n_chains)
    if start == "minima":
        minima = np.asarray(potential.minima(), float)
        return minima[np.arange(n_chains) % len(minima)].T.copy()
    if isinstance(start, Mapping):
        return _from_law(dict(start), shape, seed)
    if isinstance(start, Sequence) and not isinstance(start, str):
        if len(start) != d:
            raise UsageError(f"start: expected one number or {d} (one per coordinate), got {len(start)}")
        for i, value in enumerate(start):
            checks.number(f"start[{i}]", value)
        point = np.asarray(start, float)
        return np.broadcast_to(point[0] if d == 1 else point[:, None], shape).copy()
    if isinstance(start, str):
        raise UsageError(f"start must be a number, a list of numbers, minima, or a mapping with a law, got {start!r}")
    checks.number("start", start)
    return np.full(shape, float(start))


def _from_law(keys: dict[str, Any], shape: tuple[int, ...], seed: int) -> np.ndarray:
    law = keys.pop("law", None)
    checks.choice("start.law", law, LAWS[1:])
    defaults = {"loc": 0.0, "scale": 1.0} if law == "normal" else {"low": -1.0, "high": 1.0}
    for key, value in keys.items():
        checks.choice("keys of start", key, defaults)
        checks.number(f"start.{key}", value)
    values = {**defaults, **keys}
    rng = numpy_stream(seed, "simulate", _STREAM)
    if law == "normal":
        checks.number("start.scale", values["scale"], above=0)
        return rng.normal(values["loc"], values["scale"], shape)
    if not values["low"] < values["high"]:
        raise UsageError(f"start.low must be below start.high, got {values['low']:g} and {values['high']:g}")
    return rng.uniform(values["low"], values["high"], shape)
