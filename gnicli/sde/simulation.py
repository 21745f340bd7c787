"""Chains of the model as one call: what is kept of them, and how well they have mixed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnicli import checks, memory
from gnicli.contracts.components import Potential
from gnicli.potential import build, members
from gnicli.sde import expression, loop, means, mixing, start_positions, step_length
from gnicli.sde.arguments import noise_of
from gnicli.sde.dynamics import dynamics
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.mixing import Mixing
from gnicli.sde.sinks.histogram import Histogram
from gnicli.sde.sinks.moments import Moments
from gnicli.sde.sinks.trace import Trace
from gnicli.sde.window import window

MARGIN = 0.1  # of the window's width, on each side: kernels reach into the window from there
_TRACE_ROWS = 2000
_N_GROUPS = 16
_UNKNOWN = means.Tails(float("nan"), float("nan"))

Function = Callable[[np.ndarray], np.ndarray]


class Chains(NamedTuple):
    """What is left of a simulation: sums of bounded size, and how well the chains have mixed.

    `histogram` counts all recorded positions (`histogram.cdf()` gives the distribution function at `histogram.edges`
    with its standard error), `moments` sums functions of them. `trace.positions` (n_rows, d, n_traced) are the paths of
    the first chains, at most 2000 rows; `times` (n_rows,) are the times of its rows, `weights` their steps' lengths.
    `run` says where chains ended and which exploded. `mixing` says how well the chains have mixed: `mixing.rhat`, the
    split-R̂ of the trace, `mixing.ess` and `mixing.ess_tail`, effective sample sizes. `means` are those of each function
    in every coordinate with their standard errors: none where the variance is infinite or the chains are stuck, and a
    word in place of a number where the mean is infinite.
    """

    histogram: Histogram
    moments: Moments
    trace: Trace
    run: loop.Run
    mixing: Mixing
    times: np.ndarray
    weights: np.ndarray
    means: Mapping[str, tuple[means.Mean, ...]]

    @property
    def n_chains(self) -> int:
        """Number of chains."""
        return len(self.run.exploded_by)

    @property
    def positions(self) -> np.ndarray:
        """Where the chains ended, (n_chains,) or (d, n_chains); NaN for the exploded."""
        return self.run.positions


class Kept(NamedTuple):
    """The sinks of a simulation."""

    histogram: Histogram
    moments: Moments
    trace: Trace


def simulate(
    potential: str | Mapping[str, Any] | Potential,
    noise: LevyNoise,
    *,
    step: float = 1e-2,
    step_power: float = 0.0,
    n_steps: int = 10_000,
    n_chains: int = 512,
    seed: int = 0,
    scheme: str = "strang",
    drift: str = "gradient",
    start: Any = 0.0,
    burn_in: int | None = None,
    thin: int = 5,
    functions: Sequence[str] | Mapping[str, Function] = ("w", "w**2", "cos(w)"),
    low: float | None = None,
    high: float | None = None,
    n_bins: int = 2000,
    n_traced: int = 64,
) -> Chains:
    """Run independent chains of dw = −∇f(w) dt + ε dL, the model (4.3), all at once.

    `potential` is a name, a mapping of a name and parameters, or an object (`gnicli.potential.build`). Steps are `step`
    > 0 units of time long; with `step_power` = p in [0, 1] step k has the length step/k^p, and its position that weight
    in all that is kept. `scheme` is "strang" (order 2, never explodes), "euler" (the paper's (4.4)), "implicit" or
    "tamed"; `drift` is "gradient", or "fractional" for (4.6). Chains begin at `start`: a number, one per coordinate,
    "minima", or a law such as {"law": "normal", "loc": 0, "scale": 1}. Every `thin`-th position beyond the first
    `burn_in` steps (default: a tenth) is recorded: into a histogram of `n_bins` bins over [low, high] (default: where
    the law has its bulk) and a tenth of it on either side, into the means of `functions`, which are expressions of w or
    elementwise functions by name, and for the first `n_traced` chains into a trace.

    Equal arguments give equal numbers, those of `gni simulate-sde` with the same keys. Warns where the step is long for
    the force, where the chains have not mixed, and where they are worth few independent positions. Raises `UsageError`
    for arguments that do not go together, `NumericalError` where every chain has exploded.

    >>> chains = simulate("double_well", LevyNoise(1.5, 0.5, 0.6), step=0.05, n_steps=2000, n_chains=64, seed=1)
    >>> chains.positions.shape, chains.trace.positions.shape
    ((64,), (360, 1, 64))
    >>> cdf, stderr = chains.histogram.cdf()
    >>> cdf.shape == chains.histogram.edges.shape
    True
    """
    found, noise = build(potential), noise_of(noise, None, None, None)
    checks.number("step", step, above=0)
    checks.number("step_power", step_power, least=0, most=1)
    plan = loop.Plan(n_steps, n_chains, step, seed, step_power, n_steps // 10 if burn_in is None else burn_in, thin)
    loop.check_plan(plan)
    if drift == "gradient":
        step_length.check("step", step, scheme, found, noise)
    increments, stepper = dynamics(drift, found, noise, scheme, steady=not step_power)
    low, high = window(found, noise, low, high)
    named = functions if isinstance(functions, Mapping) else {text: expression.parse(text) for text in functions}
    require_memory(n_chains, found.dimension, len(named))
    kept = sinks_for(plan, found.dimension, named, low, high, n_bins, n_traced)
    run = loop.run(stepper, increments, plan, start_positions.draw(start, found, n_chains, seed), kept)
    if drift == "gradient":
        for note in step_length.notes("step", step, scheme, found, noise):
            warnings.warn(note, stacklevel=2)
    chains = judged(kept, run, plan, _tails(found, noise, scheme, drift))
    for sentence in mixing.sentences(chains.mixing, means.consequence(chains.mixing)):
        warnings.warn(sentence, stacklevel=2)
    return chains


def _tails(potential: Potential, noise: LevyNoise, scheme: str, drift: str) -> list[means.Tails]:
    """Those of each coordinate; unknown where the coordinates have no potentials of their own."""
    parts, noises = members(potential), noise.coordinates(potential.dimension)
    if len(parts) != len(noises):
        return [_UNKNOWN] * len(noises)
    return [means.tails(part, own, scheme, drift) for part, own in zip(parts, noises, strict=True)]


def require_memory(n_chains: int, dimension: int, n_functions: int) -> None:
    """Raise `ResourceError` where the chains themselves take more than there is."""
    # Positions, starts, steps of explosions and copies of them on the way; sums of the functions.
    per_chain = 8 * dimension * (10 + 2 * n_functions)
    memory.require(n_chains * per_chain, f"n_chains={n_chains}", "take fewer chains, and more steps")


def sinks_for(
    plan: loop.Plan,
    dimension: int,
    functions: Mapping[str, Function],
    low: float,
    high: float,
    n_bins: int,
    n_traced: int,
) -> Kept:
    """Sinks for the records of a plan; the histogram reaches beyond [low, high] by a tenth on each side."""
    margin = MARGIN * (high - low)
    every = max(1, -(-plan.n_recorded // _TRACE_ROWS))
    return Kept(
        Histogram(low - margin, high + margin, n_bins, plan.n_chains, _N_GROUPS, dimension),
        Moments(functions, plan.n_chains, dimension),
        Trace(plan.n_recorded // every * every, min(n_traced, plan.n_chains), dimension, every),
    )


def judged(kept: Kept, run: loop.Run, plan: loop.Plan, laws: Sequence[means.Tails]) -> Chains:
    """The chains of a finished run, with their mixing and their means; `laws` are the tails of the coordinates."""
    trace = kept.trace
    if plan.eta_power:
        spans = plan.spans(len(trace.positions), trace.every)
        mixed = mixing.of_trace(trace.positions, trace.every, float(kept.moments.weight.sum()), spans)
    else:
        mixed = mixing.of_trace(trace.positions, trace.every, run.n_recorded(plan))
    times, weights = plan.times(len(trace.positions), trace.every)
    return Chains(*kept, run, mixed, times, weights, means.of(kept.moments, laws, mixed.stuck))
