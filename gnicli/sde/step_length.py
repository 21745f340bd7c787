"""Whether a step is short enough for the force where chains rest."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.potential import members, polynomials
from gnicli.sde.drift import centering
from gnicli.sde.levy_noise import LevyNoise

_FAR_TOO_LONG = 100.0  # what is simulated is no longer the model
_LONG = 0.5  # eta·f'': the width of the law is then off by 1 to 4 %, which goes with the square
_LONG_OF_ORDER_1 = 0.1  # off by 2 to 6 %


def check(eta: float, scheme: str, potential: Potential, noise: LevyNoise) -> None:
    """Raise `UsageError` for a step at which chains are no longer those of (4.3)."""
    worst, _ = max(_steps(eta, potential, noise), default=(0.0, 0.0))
    if worst > _FAR_TOO_LONG:
        raise UsageError(notes(eta, scheme, potential, noise)[0])


def notes(eta: float, scheme: str, potential: Potential, noise: LevyNoise) -> list[str]:
    """A sentence where the first step times the largest f'' at a place where chains rest is too large.

    They rest at the minimizers, or where the noise's centering moves them; none where that is not known.
    """
    most = _LONG if scheme == "strang" else _LONG_OF_ORDER_1
    worst, place = max(_steps(eta, potential, noise), default=(0.0, 0.0))
    if worst <= most:
        return []
    return [
        f"eta={eta:g} is too long a step where chains rest, at w = {place:.4g}: eta·f'' is {worst:.3g} there, "
        f"and scheme={scheme} needs less than {most:g}, else the law comes out too narrow or too wide; take "
        f"eta <= {0.97 * most * eta / worst:.2g}"
    ]


def _steps(eta: float, potential: Potential, noise: LevyNoise) -> list[tuple[float, float]]:
    """eta·f'' and the place, of each resting place of each coordinate."""
    found = []
    for member, own in zip(members(potential), noise.coordinates(potential.dimension), strict=False):
        if member.coefficients is None:
            continue
        wind = centering.wind(member, own) or own.wind
        places = centering.Tilted(member, wind).minima()
        curvature = polynomials.derivative(np.asarray(member.coefficients, float), 2)
        found += [(eta * float(polynomials.evaluate(curvature, place[None])[0]), float(place)) for place in places]
    return found
