"""The laws that chains are compared with, coordinate by coordinate."""

from __future__ import annotations

from typing import NamedTuple

from gnicli.contracts.components import Potential
from gnicli.errors import NumericalError, UsageError
from gnicli.sde import coordinates
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.laws.stationary import StationaryLaw, stationary_law
from gnicli.sde.levy_noise import LevyNoise

OTHER_DRIFT = "law of another drift"


class Laws(NamedTuple):
    """The laws of one coordinate: the exact stationary law of (4.3) where it is known, and the Gibbs law.

    At alpha = 2 both are the Gibbs law.
    """

    exact: StationaryLaw | GibbsLaw | None
    gibbs: GibbsLaw


class Caveats(NamedTuple):
    """What is said beside the values and curves of each law that is not the law of the chains; else nothing."""

    exact: str = ""
    gibbs: str = ""


def caveats(drift: str, alpha: float) -> Caveats:
    """Those for chains with `drift`. At alpha = 2 both laws are the same."""
    if alpha == 2:
        return Caveats()
    return Caveats(exact=OTHER_DRIFT) if drift == "fractional" else Caveats(gibbs=OTHER_DRIFT)


def laws(potential: Potential, noise: LevyNoise) -> tuple[list[Laws], list[str]]:
    """The laws of every coordinate, and why exact ones are missing."""
    notes: list[str] = []

    def one(member: Potential, own: LevyNoise) -> Laws:
        gibbs = GibbsLaw(member, own)
        if own.alpha == 2:
            # By quadrature: the equation of the characteristic function loses the masses of wells behind high barriers.
            return Laws(gibbs, gibbs)
        try:
            return Laws(stationary_law(member, own), gibbs)
        except (UsageError, NumericalError) as error:
            notes.append(f"no exact law: {error}")
            return Laws(None, gibbs)

    found = coordinates.for_each(potential, noise, one)
    return found, list(dict.fromkeys(notes))
