"""The laws that chains are compared with, coordinate by coordinate."""

from __future__ import annotations

from typing import NamedTuple

from gnicli.errors import NumericalError, UsageError
from gnicli.model.keys import ModelConfig
from gnicli.potential import members
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.laws.stationary import StationaryLaw, stationary_law


class Laws(NamedTuple):
    """The laws of one coordinate: the exact stationary law of (4.3) where it is known, and the Gibbs law."""

    exact: StationaryLaw | None
    gibbs: GibbsLaw


def laws(config: ModelConfig) -> tuple[list[Laws], list[str]]:
    """The laws of every coordinate, and why exact ones are missing."""
    found, notes = [], []
    for member, noise in zip(
        members(config.potential), config.noise.coordinates(config.potential.dimension), strict=True
    ):
        gibbs = GibbsLaw(member, noise)
        try:
            found.append(Laws(stationary_law(member, noise), gibbs))
        except (UsageError, NumericalError) as error:
            found.append(Laws(None, gibbs))
            notes.append(f"no exact law: {error}")
    return found, list(dict.fromkeys(notes))
