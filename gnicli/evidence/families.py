"""The families of laws that a sample is compared with: the stable one, and those of `gnicli.laws`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from gnicli.errors import GniError
from gnicli.laws import (
    Gamma,
    HalfCauchy,
    HalfNormal,
    Laplace,
    Law,
    LogNormal,
    Normal,
    Pareto,
    StudentT,
    SubWeibull,
    Weibull,
)
from gnicli.laws.base import Tails
from gnicli.stable import StableLaw, fit
from gnicli.stable.fitting import node_distribution
from gnicli.stable.tempered import TemperedStableLaw
from gnicli.stable.tempered.fitting import NAMES

FittedLaw = StableLaw | TemperedStableLaw | Law
Attempt = FittedLaw | GniError  # what came of fitting a family


class Family(NamedTuple):
    """A family of laws, `StableLaw`, `TemperedStableLaw` or one of `gnicli.laws`.

    `n_free` counts the parameters that are fitted, `parameterization` is that of fitted stable laws.
    """

    name: str
    words: str
    fit: Callable[[np.ndarray], FittedLaw]
    n_free: int
    takes: Callable[[np.ndarray], bool] = lambda x: True
    parameterization: str = "S1"

    def parameters(self, law: FittedLaw) -> dict[str, float]:
        """The parameters by name."""
        if isinstance(law, StableLaw):
            return {name: getattr(law, name) for name in ("alpha", "beta", "loc", "scale")}
        if isinstance(law, TemperedStableLaw):
            return {name: float(getattr(law, name)) for name in NAMES}
        return law.parameters()

    def in_units(self, law: FittedLaw, unit: float) -> FittedLaw:
        """The law of `unit` times a variable of `law`."""
        if isinstance(law, StableLaw):
            law = law.to("S0")
            return StableLaw(law.alpha, law.beta, law.loc * unit, law.scale * unit, "S0")
        if isinstance(law, TemperedStableLaw):
            return _tempered_in_units(law, unit, self.parameterization)
        return law.in_units(unit)

    def log_tails(self, law: FittedLaw, x: np.ndarray) -> Tails:
        """log cdf and log sf."""
        if isinstance(law, StableLaw | TemperedStableLaw):
            return law.logcdf(x), law.logsf(x)
        return law.log_tails(x)

    def at_sorted(self, law: FittedLaw, x: np.ndarray) -> node_distribution.AtSamples:
        """log pdf, log cdf and log sf at sorted samples; of a stable law to 1e-4, which is enough for statistics."""
        if isinstance(law, StableLaw) and node_distribution.serves(law):
            return node_distribution.evaluate(law, x)
        return node_distribution.AtSamples(np.asarray(law.logpdf(x)), *self.log_tails(law, x))


def _tempered_in_units(law: TemperedStableLaw, unit: float, parameterization: str) -> TemperedStableLaw:
    base = law.stable.to("S0")
    moved = StableLaw(law.alpha, law.beta, base.loc * unit, law.scale * unit, "S0").to(parameterization)
    temperings = law.lower_tempering / unit, law.upper_tempering / unit
    return TemperedStableLaw(law.alpha, law.beta, moved.loc, moved.scale, *temperings, parameterization)


def stable_family(parameterization: str = "S1", fixed: dict[str, float] | None = None, *, exact: bool = True) -> Family:
    """Stable laws, with some parameters held; `exact` as in `gnicli.stable.fit`."""
    fixed = fixed or {}

    def law_of(x: np.ndarray) -> StableLaw:
        return fit(x, parameterization, fixed, exact=exact).law

    return Family("stable", "stable", law_of, n_free=4 - len(fixed), parameterization=parameterization)


OTHERS = {
    law.name: Family(law.name, law.words, law.fit, law.n_free, law.takes)
    for law in (Normal, StudentT, Laplace, SubWeibull, HalfNormal, LogNormal, HalfCauchy, Gamma, Weibull, Pareto)
}


def without_errors(fitted: Mapping[str, tuple[Family, Attempt]]) -> dict[str, tuple[Family, FittedLaw]]:
    """Those that could be fitted."""
    return {name: (family, law) for name, (family, law) in fitted.items() if not isinstance(law, GniError)}
