"""Whether a step is short enough for the force where chains rest."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.potential import members, polynomials
from gnicli.sde.drift import centering
from gnicli.sde.levy_noise import LevyNoise

_FAR_TOO_LONG = 100.0  # what is simulated is no longer the model
_LONG = 0.5  # step·f'': the width of the law is then off by 1 to 4 %, which goes with the square
_LONG_OF_ORDER_1 = 0.1  # off by 2 to 6 %


def check(name: str, step: float, scheme: str, potential: Potential, noise: LevyNoise) -> None:
    """Raise `UsageError` for a step at which chains are no longer those of (4.3), called by its caller's `name`."""
    worst, _ = max(_steps(step, potential, noise), default=(0.0, 0.0))
    if worst > _FAR_TOO_LONG:
        raise UsageError(notes(name, step, scheme, potential, noise)[0])


def notes(name: str, step: float, scheme: str, potential: Potential, noise: LevyNoise) -> list[str]:
    """A sentence where the first step times the largest f'' at a place where chains rest is too large.

    They rest at the minimizers, or where the noise's centering moves them; none where that is not known. `name` is what
    the reader calls the step: `eta` on the command line.
    """
    most = _LONG if scheme == "strang" else _LONG_OF_ORDER_1
    worst, place = max(_steps(step, potential, noise), default=(0.0, 0.0))
    if worst <= most:
        return []
    return [
        f"{name}={step:g} is too long a step where chains rest, at w = {place:.4g}: {name}·f'' is {worst:.3g} there, "
        f"and the {scheme} scheme needs less than {most:g}, else the law comes out too narrow or too wide; take "
        f"{name} <= {0.97 * most * step / worst:.2g}"
    ]


def _steps(step: float, potential: Potential, noise: LevyNoise) -> list[tuple[float, float]]:
    """step·f'' and the place, of each resting place of each coordinate."""
    found = []
    for member, own in zip(members(potential), noise.coordinates(potential.dimension), strict=False):
        if member.coefficients is None:
            continue
        wind = centering.wind(member, own) or own.wind
        places = centering.Tilted(member, wind).minima()
        curvature = polynomials.derivative(np.asarray(member.coefficients, float), 2)
        found += [(step * float(polynomials.evaluate(curvature, place[None])[0]), float(place)) for place in places]
    return found
