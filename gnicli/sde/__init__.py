"""The stochastic differential equation of the paper's section 4: its simulation, its stationary law, its exits.

What is listed here is imported where it is first asked for: `import gnicli.sde` itself loads neither NumPy nor SciPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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

_WHERE = {
    "Chains": "simulation",
    "ExitRate": "exits.rates",
    "GibbsLaw": "laws.gibbs",
    "LevyNoise": "levy_noise",
    "StationaryLaw": "laws.stationary",
    "exit_rates": "exits.rates",
    "simulate": "simulation",
    "stationary_law": "laws.stationary",
    "transition_rates": "exits.theory",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
