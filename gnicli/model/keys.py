"""The keys of the model (4.3), (4.6) and of its simulation: what `gni simulate-sde` and `gni kde-stationary` share.

This module imports nothing heavy: the schemas are read for `--help`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.sde.choices import DRIFTS, ORDERS, SCHEMES
from gnicli.sde.levy_noise import LevyNoise, check_ranges

NETWORK = "network"  # the potential that is built from layers which potentials do not know
MOST_BINS = 1_000_000
_MOST_CHAINS = 10**8
_MOST_TERMS = 10**6  # of the sum b_{h,K}
_LEAST_RECORDS = 4  # split-R̂ and the effective sample size need as many


@dataclass
class ModelConfig:
    """The keys of the model and of its simulation."""

    potential: Unchecked[Potential] = key(None, "f of dw = −∇f(w) dt + ε dL")
    alpha: float = key(1.5, "tail index of the noise, in [0.5, 2]; 2 is Brownian motion")
    beta: Any = key(0.5, "skewness of the noise, in [−1, 1]: a number, or a list with one per coordinate")
    epsilon: float = key(1.0, "size ε of the noise")
    drift: str = key(
        "gradient",
        "gradient: −∇f, equation (4.3); fractional: the drift that restores the Gibbs law, equation (4.6)",
        choices=DRIFTS,
    )
    h: Optional[float] = key(None, "spacing of the sum b_{h,K} for drift=fractional; default: quadrature, no sum")
    K: Optional[int] = key(None, "terms of the sum b_{h,K} on each side")
    order: int = key(2, "order in h of the sum b_{h,K}", choices=ORDERS)
    scheme: str = key("strang", "integration scheme; euler is the paper's, and its chains explode", choices=SCHEMES)
    eta: float = key(0.01, "length of the first step")
    eta_power: float = key(0.0, "p in [0, 1]: step k has length eta/k^p, which is the weight of its position")
    n_steps: int = key(10_000, "steps of each chain")
    n_chains: int = key(1000, "independent chains")
    burn_in: int = key(1000, "first steps of each chain, which are not recorded")
    thin: int = key(5, "steps between records")
    start: Any = key(
        None,
        "where chains start: a number, one per coordinate, minima, or a law such as {law:normal,loc:0,scale:1}; "
        "default: 0, or the initialization of potential=network",
    )
    functions: Any = key(["w", "w**2", "cos(w)"], "functions of w whose means are estimated, as text")
    low: Optional[float] = key(
        None, "lower end of the window of densities; default: set by the potential and the noise"
    )
    high: Optional[float] = key(None, "upper end of that window")
    n_bins: int = key(8000, "bins of the histogram of positions")
    n_traced: int = key(64, "chains whose trajectories are kept, to judge mixing")
    seed: int = key(0, "random seed of noise and starting points")

    def __post_init__(self) -> None:
        check_ranges(self.alpha, self.beta, self.epsilon)
        checks.choice("drift", self.drift, DRIFTS)
        checks.choice("scheme", self.scheme, SCHEMES)
        checks.choice("order", self.order, ORDERS)
        if self.drift == "gradient" and not self.h is self.K is None:
            raise UsageError("h and K are keys of drift=fractional; add it, or leave them out")
        self._check_sizes()
        if not isinstance(self.functions, list | tuple) or not all(isinstance(one, str) for one in self.functions):
            raise UsageError(f"functions: expected a list of texts such as [w,w**2], got {self.functions!r}")
        for name in ("low", "high"):
            if getattr(self, name) is not None:
                checks.number(name, getattr(self, name))
        if self.h is not None:
            checks.number("h", self.h, above=0)
        if self.K is not None:
            checks.integer("K", self.K, least=0, below=_MOST_TERMS)
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise UsageError(f"low must be below high, got {self.low:g} and {self.high:g}")

    @property
    def noise(self) -> LevyNoise:
        """The noise that the keys describe."""
        return LevyNoise(self.alpha, self.beta, self.epsilon)

    def noise_words(self) -> str:
        """The noise as the title of a figure says it; Brownian motion (alpha = 2) has no beta."""
        beta = self.beta if isinstance(self.beta, list | tuple) else [self.beta]
        skewness = "" if self.alpha == 2 else f", beta = {', '.join(f'{each:g}' for each in beta)}"
        return f"alpha = {self.alpha:g}{skewness}, ε = {self.epsilon:g}"

    def _check_sizes(self) -> None:
        checks.number("eta", self.eta, above=0)
        checks.number("eta_power", self.eta_power, least=0, most=1)
        for name in ("n_steps", "thin"):
            checks.integer(name, getattr(self, name), least=1)
        checks.integer("n_chains", self.n_chains, least=1, below=_MOST_CHAINS)
        checks.integer("burn_in", self.burn_in, least=0)
        checks.integer("n_bins", self.n_bins, least=100, below=MOST_BINS)
        checks.integer("n_traced", self.n_traced, least=1, below=10_001)
        checks.seed("seed", self.seed)
        self._check_records()

    def _check_records(self) -> None:
        n_recorded = self.n_steps // self.thin - self.burn_in // self.thin
        if n_recorded < _LEAST_RECORDS:
            raise UsageError(
                f"n_steps={self.n_steps}, burn_in={self.burn_in} and thin={self.thin} leave {max(n_recorded, 0)} "
                f"recorded steps; at least {_LEAST_RECORDS} are needed"
            )
