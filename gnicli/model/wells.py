"""The masses of the basins of a potential: of its exact laws, and by the theory of small noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.contracts.results import Value
from gnicli.model import basins, stationary_laws
from gnicli.model.coordinates import coordinate_names
from gnicli.model.stationary_laws import Laws
from gnicli.potential import members
from gnicli.sde.exits.basins import basins as places
from gnicli.sde.exits.theory import climbing, occupation, smallness
from gnicli.sde.levy_noise import LevyNoise


def conditions(potential: Potential, noise: LevyNoise) -> list[dict[str, float]]:
    """What has to be small for the theory of transitions: of every basin, and of the lowest barrier.

    Below alpha = 2 too: over a low barrier chains also climb by many small jumps, which the theory leaves out.
    """
    of_basins = [] if noise.alpha == 2 else [smallness(potential, noise, place) for place in places(potential)]
    return [*of_basins, climbing(potential, noise)]


def law_masses(potential: Potential, law: Laws, suffix: str = "") -> dict[str, Value]:
    """`exact_basin_mass` and `gibbs_basin_mass`: the masses between the saddles; nothing with a single well."""
    found: dict[str, Value] = {}
    saddles = potential.saddles()
    for name, one in (("exact", law.exact), ("gibbs", law.gibbs)):
        if len(saddles) and one is not None:
            found |= _numbered(f"{name}_basin_mass", np.diff([0.0, *one.cdf(saddles), 1.0]).tolist(), suffix, "")
    return found


def theory_masses(potential: Potential, noise: LevyNoise, drift: str) -> dict[str, Value]:
    """`basin_mass_theory`: the shares by the transition rates of small noise, of every coordinate; of drift=gradient.

    Nothing of a coordinate with a single well.
    """
    found: dict[str, Value] = {}
    parts, each = members(potential), noise.coordinates(potential.dimension)
    for part, own, suffix in zip(parts, each, coordinate_names(len(parts)), strict=True):
        if drift == "gradient" and len(part.saddles()):
            caveat = basins.caveat_of(conditions(part, own))
            found |= _numbered("basin_mass_theory", occupation(part, own).tolist(), suffix, caveat)
    return found


def masses(potential: Potential, noise: LevyNoise, drift: str, laws: Sequence[Laws]) -> dict[str, Value]:
    """The masses of the laws, with the caveat of a law of another drift, and those by theory, of every coordinate."""
    found: dict[str, Value] = {}
    caveats = stationary_laws.caveats(drift, noise.alpha)._asdict()
    for part, law, suffix in zip(members(potential), laws, coordinate_names(len(laws)), strict=True):
        for name, value in law_masses(part, law, suffix).items():
            found[name] = value._replace(caveat=caveats[name.partition("_")[0]])
    return found | theory_masses(potential, noise, drift)


def _numbered(name: str, each: Sequence[float], suffix: str, caveat: str) -> dict[str, Value]:
    """A value for each basin, from 1 on; a share that the theory does not know (NaN) is left out."""
    known = ((i + 1, share) for i, share in enumerate(each) if math.isfinite(share))
    return {f"{name}/{number}{suffix}": Value(share, caveat=caveat) for number, share in known}
