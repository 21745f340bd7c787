"""Whether a step is short enough for the force where chains rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gnicli.model.coordinates import members
from gnicli.model.keys import ModelConfig
from gnicli.potential import polynomials
from gnicli.sde.drift import centering

if TYPE_CHECKING:
    from gnicli.contracts.components import Potential

FAR_TOO_LONG = 100.0  # what is simulated is no longer the model
_LONG = 0.5  # eta·f'': the width of the law is then off by 1 to 4 %, which goes with the square
_LONG_OF_ORDER_1 = 0.1  # off by 2 to 6 %


def stiffness(config: ModelConfig, potential: Potential) -> float:
    """The first step times the largest f'' at a place where chains rest; 0 where that is not known.

    They rest at the minimizers, or where the noise's centering moves them.
    """
    return max((eta for eta, _ in _steps(config, potential)), default=0.0)


def _steps(config: ModelConfig, potential: Potential) -> list[tuple[float, float]]:
    """eta·f'' and the place, of each resting place of each coordinate."""
    found = []
    for member, noise in zip(members(potential), config.noise.coordinates(potential.dimension), strict=False):
        if config.drift != "gradient" or member.coefficients is None:
            continue
        wind = centering.wind(member, noise) or noise.wind
        places = centering.Tilted(member, wind).minima()
        curvature = polynomials.derivative(np.asarray(member.coefficients, float), 2)
        found += [
            (config.eta * float(polynomials.evaluate(curvature, place[None])[0]), float(place)) for place in places
        ]
    return found


def step_notes(config: ModelConfig, potential: Potential) -> list[str]:
    """A sentence where the step is too long for the force where chains rest."""
    most = _LONG if config.scheme == "strang" else _LONG_OF_ORDER_1
    worst, place = max(_steps(config, potential), default=(0.0, 0.0))
    if worst <= most:
        return []
    return [
        f"eta={config.eta:g} is too long a step where chains rest, at w = {place:.4g}: eta·f'' is {worst:.3g} there, "
        f"and scheme={config.scheme} needs less than {most:g}, else the law comes out too narrow or too wide; take "
        f"eta <= {0.97 * most * config.eta / worst:.2g}"
    ]
