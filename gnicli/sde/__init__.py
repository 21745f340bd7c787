"""The stochastic differential equation of the paper's section 4: its simulation, its stationary law, its exits.

What is listed here is imported where it is first asked for: `import gnicli.sde` itself loads neither NumPy nor SciPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnicli.lazy import attach

if TYPE_CHECKING:
    from gnicli.sde.exits.rates import ExitRate, exit_rates
    from gnicli.sde.exits.theory import transition_rates
    from gnicli.sde.laws.gibbs import GibbsLaw
    from gnicli.sde.laws.stationary import StationaryLaw, stationary_law
    from gnicli.sde.levy_noise import LevyNoise
    from gnicli.sde.simulation import Chains, simulate

__all__ = [
    "Chains",
    "ExitRate",
    "GibbsLaw",
    "LevyNoise",
    "StationaryLaw",
    "exit_rates",
    "simulate",
    "stationary_law",
    "transition_rates",
]

_MODULES = {
    "Chains": "gnicli.sde.simulation",
    "ExitRate": "gnicli.sde.exits.rates",
    "GibbsLaw": "gnicli.sde.laws.gibbs",
    "LevyNoise": "gnicli.sde.levy_noise",
    "StationaryLaw": "gnicli.sde.laws.stationary",
    "exit_rates": "gnicli.sde.exits.rates",
    "simulate": "gnicli.sde.simulation",
    "stationary_law": "gnicli.sde.laws.stationary",
    "transition_rates": "gnicli.sde.exits.theory",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
