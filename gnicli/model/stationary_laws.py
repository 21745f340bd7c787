"""The laws that chains are held against, coordinate by coordinate."""

from __future__ import annotations

from typing import NamedTuple

from gnicli.errors import NumericalError, UsageError
from gnicli.model.coordinates import members
from gnicli.model.keys import ModelConfig
from gnicli.sde import stationary
from gnicli.sde.gibbs import GibbsLaw
from gnicli.sde.noise import Increments
from gnicli.sde.stationary import StationaryLaw


class Laws(NamedTuple):
    """Of one coordinate: the exact stationary law of (4.3) where it can be had, and the Gibbs law."""

    exact: StationaryLaw | None
    gibbs: GibbsLaw


def laws(config: ModelConfig) -> tuple[list[Laws], list[str]]:
    """The laws of every coordinate, and why exact ones are missing."""
    betas = Increments(config.alpha, config.beta, config.epsilon, config.potential.dimension).betas
    found, notes = [], []
    for member, beta in zip(members(config.potential), betas, strict=True):
        gibbs = GibbsLaw(member, config.alpha, config.epsilon)
        try:
            found.append(Laws(stationary.exact(member, config.alpha, beta, config.epsilon), gibbs))
        except (UsageError, NumericalError) as error:
            found.append(Laws(None, gibbs))
            notes.append(f"no exact law: {error}")
    return found, list(dict.fromkeys(notes))
