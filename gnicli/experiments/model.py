"""The model (4.3) as the keys of a command: what `gni simulate-sde` and `gni kde-stationary` have in common.

This module imports nothing heavy: the schemas are read for `--help`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from gnicli import checks, memory
from gnicli.checks import key
from gnicli.errors import NumericalError, UsageError
from gnicli.experiments.common import RunConfig

if TYPE_CHECKING:
    import numpy as np

    from gnicli.contracts.components import Potential
    from gnicli.sde.gibbs import GibbsLaw
    from gnicli.sde.noise import Increments
    from gnicli.sde.scheme import Scheme
    from gnicli.sde.simulate import Plan
    from gnicli.sde.stationary import StationaryLaw

SCHEMES = ("strang", "euler", "implicit", "tamed")
DRIFTS = ("gradient", "fractional")
NETWORK = "network"  # the potential that is built from layers which potentials do not know
MOST_BINS = 1_000_000
_MOST_CHAINS = 10**8
_MOST_TERMS = 10**6  # of the sum b_{h,K}
_LONG = 0.5  # eta·f'': the width of the law is then off by 1 to 4 %, which goes with the square
_LONG_OF_ORDER_1 = 0.1  # off by 2 to 6 %
_FAR_TOO_LONG = 100.0  # what is simulated is no longer the model
_LEAST_RECORDS = 4  # split-R̂ and the effective sample size need as many


@dataclass
class ModelConfig:
    """The keys of the model and of its simulation."""

    potential: Any = key(None, "f of dw = −∇f(w) dt + ε dL")
    alpha: float = key(1.5, "tail index of the noise, in [0.5, 2]; 2 is Brownian motion")
    beta: Any = key(0.5, "skewness of the noise, in [−1, 1]: a number, or a list with one per coordinate")
    epsilon: float = key(1.0, "size ε of the noise")
    drift: str = key("gradient", "−∇f (4.3), or the fractional drift that restores the Gibbs law (4.6)", choices=DRIFTS)
    h: Optional[float] = key(None, "drift=fractional as the sum b_{h,K}: its spacing; default: by quadrature")
    K: Optional[int] = key(None, "drift=fractional as the sum b_{h,K}: its terms to each side")
    order: int = key(2, "order in h of that sum", choices=(1, 2))
    scheme: str = key("strang", "how a step is made; euler is the paper's and explodes", choices=SCHEMES)
    eta: float = key(0.01, "length of the first step")
    eta_power: float = key(0.0, "p of steps eta/k^p, in [0, 1]; positions then weigh as much as their step is long")
    n_steps: int = key(10_000, "steps of each chain")
    n_chains: int = key(1000, "independent chains")
    burn_in: int = key(1000, "steps at the beginning that are not recorded")
    thin: int = key(5, "record every so many steps")
    start: Any = key(
        None,
        "where chains start: a number, one per coordinate, minima, or a law such as {law:normal,loc:0,scale:1}; "
        "default: 0, for potential=network its initialization",
    )
    functions: Any = key(["w", "w**2", "cos(w)"], "functions of w whose means are wanted, as text")
    low: Optional[float] = key(None, "lower end of the window of densities; default: from the potential and the noise")
    high: Optional[float] = key(None, "upper end of it")
    n_bins: int = key(8000, "bins of the histogram that chains stream into")
    n_traced: int = key(64, "chains of which a trace is kept, for their mixing")
    seed: int = key(0, "decides everything random: noise and starts")
    run: RunConfig = key(RunConfig, "where a run lives and how often its state is kept")

    def __post_init__(self) -> None:
        checks.number("alpha", self.alpha, least=0.5, most=2)
        for one in self.beta if isinstance(self.beta, list | tuple) else [self.beta]:
            checks.number("beta", one, least=-1, most=1)
        checks.number("epsilon", self.epsilon, above=0)
        checks.choice("drift", self.drift, DRIFTS)
        checks.choice("scheme", self.scheme, SCHEMES)
        checks.choice("order", self.order, (1, 2))
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
        n_recorded = self.n_steps // self.thin - self.burn_in // self.thin
        if n_recorded < _LEAST_RECORDS:
            raise UsageError(
                f"n_steps={self.n_steps}, burn_in={self.burn_in} and thin={self.thin} leave {max(n_recorded, 0)} "
                f"recorded steps; at least {_LEAST_RECORDS} are needed"
            )


class Model(NamedTuple):
    """What the keys mean: objects of `gnicli.sde`, ready to run. `low`, `high` bound the window of densities."""

    potential: Potential
    increments: Increments
    scheme: Scheme
    plan: Plan
    start: np.ndarray
    low: float
    high: float


class Dynamics(NamedTuple):
    """What moves chains."""

    increments: Increments
    scheme: Scheme
    plan: Plan


def dynamics(config: ModelConfig, potential: Potential) -> Dynamics:
    """The noise, the scheme and the plan of the keys, on a potential. Raises `UsageError` where they do not fit."""
    from gnicli.sde import simulate

    increments, scheme = moving(config, potential, config.scheme)
    plan = simulate.Plan(
        config.n_steps, config.n_chains, config.eta, config.seed, config.eta_power, config.burn_in, config.thin
    )
    simulate.check_plan(plan)
    if stiffness(config, potential, increments.betas) > _FAR_TOO_LONG:
        raise UsageError(step_notes(config, potential, increments.betas)[0])
    return Dynamics(increments, scheme, plan)


def moving(config: ModelConfig, potential: Potential, name: str) -> tuple[Increments, Scheme]:
    """The noise and the scheme called `name`: for Strang's, the noise's centering is in the drift where it is strong.

    For the others it makes no difference where it is (`tamed` is for comparison only).
    """
    from gnicli.sde import centering, scheme
    from gnicli.sde.noise import Increments

    plain = Increments(config.alpha, config.beta, config.epsilon, potential.dimension)
    if name != "strang":
        return plain, scheme.build(name, _drift(config, potential, plain.betas, (0.0,) * potential.dimension))
    winds = centering.winds(potential, config.alpha, plain.betas, config.epsilon)
    noise = Increments(config.alpha, plain.betas, config.epsilon, potential.dimension, winds)
    return noise, scheme.build(name, _drift(config, potential, plain.betas, winds))


def build(config: ModelConfig) -> Model:
    """The model of the keys. Raises `UsageError` where they do not go together."""
    from gnicli.sde import expression, starts

    potential = config.potential
    if potential.name == NETWORK:
        raise UsageError(
            "potential=network has too many weights for a stationary density; gni simulate-sde runs its chains"
        )
    increments, scheme, plan = dynamics(config, potential)
    for text in config.functions:
        expression.parse(text)
    # Positions, starts, steps of explosions and copies of them on the way; sums of the functions.
    per_chain = 8 * potential.dimension * (10 + 2 * len(config.functions))
    memory.require(config.n_chains * per_chain, f"n_chains={config.n_chains}", "take fewer chains, and more steps")
    start = starts.draw(0.0 if config.start is None else config.start, potential, config.n_chains, config.seed)
    return Model(potential, increments, scheme, plan, start, *_window(config, increments.betas))


def members(potential: Potential) -> tuple[Potential, ...]:
    """The one-dimensional potentials of the coordinates."""
    found: tuple[Potential, ...] = getattr(potential, "members", (potential,))
    return found


def stiffness(config: ModelConfig, potential: Potential, betas: tuple[float, ...]) -> float:
    """The first step times the largest f'' at a place where chains rest; 0 where that is not known.

    They rest at the minimizers, or where the noise's centering moves them.
    """
    return max((eta for eta, _ in _steps(config, potential, betas)), default=0.0)


def _steps(config: ModelConfig, potential: Potential, betas: tuple[float, ...]) -> list[tuple[float, float]]:
    """eta·f'' and the place, of each resting place of each coordinate."""
    import numpy as np

    from gnicli.potential import polynomials
    from gnicli.sde import centering
    from gnicli.sde.levy import skew

    found = []
    for member, beta in zip(members(potential), betas, strict=False):
        if config.drift != "gradient" or member.coefficients is None:
            continue
        wind = centering.wind(member, config.alpha, beta, config.epsilon)
        wind = wind or config.epsilon**config.alpha * skew(config.alpha, beta)
        places = centering.Tilted(member, wind).minima()
        curvature = polynomials.derivative(np.asarray(member.coefficients, float), 2)
        found += [
            (config.eta * float(polynomials.evaluate(curvature, place[None])[0]), float(place)) for place in places
        ]
    return found


def step_notes(config: ModelConfig, potential: Potential, betas: tuple[float, ...]) -> list[str]:
    """A sentence where the step is too long for the force where chains rest."""
    most = _LONG if config.scheme == "strang" else _LONG_OF_ORDER_1
    worst, place = max(_steps(config, potential, betas), default=(0.0, 0.0))
    if worst <= most:
        return []
    return [
        f"eta={config.eta:g} is too long a step where chains rest, at w = {place:.4g}: eta·f'' is {worst:.3g} there, "
        f"and scheme={config.scheme} needs less than {most:g}, else the law comes out too narrow or too wide; take "
        f"eta <= {0.97 * most * config.eta / worst:.2g}"
    ]


def _drift(config: ModelConfig, potential: Potential, betas: tuple[float, ...], winds: tuple[float, ...]) -> Any:
    from gnicli.sde.centering import tilted
    from gnicli.sde.drift import GradientDrift
    from gnicli.sde.fractional import FractionalForce
    from gnicli.sde.tabulated import FractionalDrift

    if config.drift == "gradient":
        return GradientDrift(tilted(potential, winds))
    if config.eta_power:
        raise UsageError(
            f"drift=fractional tabulates its flow for constant steps: take eta_power=0, got {config.eta_power:g}"
        )
    force = FractionalForce(potential, config.alpha, betas[0], config.epsilon, config.h, config.K, config.order)
    return FractionalDrift(force, winds[0])


def _window(config: ModelConfig, betas: tuple[float, ...]) -> tuple[float, float]:
    """Where densities are drawn: the reach of the Gibbs law, and to where the asymmetric noise's centering drifts."""
    import numpy as np

    from gnicli.sde.gibbs import GibbsLaw
    from gnicli.sde.levy import skew

    low, high = config.low, config.high
    if low is None or high is None:
        ends = []
        for member, beta in zip(members(config.potential), betas, strict=True):
            wind = 2 * config.epsilon**config.alpha * abs(skew(config.alpha, beta))
            law = GibbsLaw(member, config.alpha, config.epsilon)
            center, pair = law.modes.mean(), np.array(law.reach)
            while (np.abs(member.gradient(pair)) < wind).any():
                pair = center + 1.1 * (pair - center)
            ends.append(pair)
        low = _rounded(min(pair[0] for pair in ends), math.floor) if low is None else low
        high = _rounded(max(pair[1] for pair in ends), math.ceil) if high is None else high
    if not low < high:
        raise UsageError(f"low={low:g} is above the window's upper end {high:g}; give low and high")
    return low, high


def _rounded(end: float, towards: Any) -> float:
    """Outwards, to two digits."""
    unit = 10.0 ** (math.floor(math.log10(abs(end))) - 1) if end else 1.0
    return float(round(towards(end / unit) * unit, 12))


class Laws(NamedTuple):
    """Of one coordinate: the exact stationary law of (4.3) where it can be had, and the Gibbs law."""

    exact: StationaryLaw | None
    gibbs: GibbsLaw


def laws(config: ModelConfig) -> tuple[list[Laws], list[str]]:
    """The laws of every coordinate, and why exact ones are missing."""
    from gnicli.sde import stationary
    from gnicli.sde.gibbs import GibbsLaw
    from gnicli.sde.noise import Increments

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


def coordinate_names(dimension: int) -> list[str]:
    """Suffixes of names of results: none in one dimension, else /w1, /w2, …"""
    return [""] if dimension == 1 else [f"/w{i + 1}" for i in range(dimension)]
