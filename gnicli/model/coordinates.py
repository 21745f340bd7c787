"""The coordinates of a potential: its parts, and what results of each are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnicli.contracts.components import Potential


def members(potential: Potential) -> tuple[Potential, ...]:
    """The one-dimensional potentials of the coordinates."""
    found: tuple[Potential, ...] = getattr(potential, "members", (potential,))
    return found


def coordinate_names(dimension: int) -> list[str]:
    """Suffixes of names of results: none in one dimension, else /w1, /w2, …"""
    return [""] if dimension == 1 else [f"/w{i + 1}" for i in range(dimension)]
