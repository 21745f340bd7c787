"""Thousands of chains of (4.3) at once: the loop, its plan, its checkpoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli import checks
from gnicli.contracts.observer import Observer, SilentObserver, State
from gnicli.errors import ConflictError, NumericalError, UsageError
from gnicli.sde import sinks as every_sink
from gnicli.sde.increments import CHAIN_BLOCK, STEP_BLOCK, Increments
from gnicli.sde.scheme import Scheme
from gnicli.sde.sinks import Sink
from gnicli.seeding import numpy_stream

_AGES = 2**62 + 2  # no step block has this number: starts and exits have those before it


class Plan(NamedTuple):
    """How long and how finely: step k (from 1) is eta/k^eta_power long.

    Positions after every `thin`-th step beyond `burn_in` steps are recorded.
    """

    n_steps: int
    n_chains: int
    eta: float
    seed: int = 0
    eta_power: float = 0.0
    burn_in: int = 0
    thin: int = 1

    @property
    def n_recorded(self) -> int:
        """Number of recorded steps."""
        return self.n_recorded_before(self.n_steps)

    def n_recorded_before(self, step: int) -> int:
        """Number of recorded steps among the first `step` ones."""
        return max(0, step // self.thin - self.burn_in // self.thin)

    def etas(self, first: int, last: int) -> np.ndarray:
        """Lengths of steps first … last − 1, counted from 0."""
        return self.eta * np.arange(first + 1, last + 1, dtype=float) ** -self.eta_power

    def times(self, n_rows: int, every: int) -> tuple[np.ndarray, np.ndarray]:
        """Of `n_rows` kept records, one in `every`: the time of each, and the length of the step that ends there."""
        # Row r is recorded step r·every, whose number among all steps is that of its multiple of thin.
        numbers = (self.burn_in // self.thin + 1 + np.arange(n_rows) * every) * self.thin
        etas = self.etas(0, self.n_steps)
        return np.cumsum(etas)[numbers - 1], etas[numbers - 1]

    def spans(self, n_rows: int, every: int) -> np.ndarray:
        """Of `n_rows` kept records, one in `every`: the weight of all records from each to the next kept one."""
        numbers = (self.burn_in // self.thin + 1 + np.arange(n_rows * every)) * self.thin
        weights: np.ndarray = self.etas(0, self.n_steps)[numbers - 1].reshape(n_rows, every).sum(axis=1)
        return weights


class Run(NamedTuple):
    """Where the chains ended, (n,) or (d, n), NaN for the exploded; and the step by which each exploded, else −1."""

    positions: np.ndarray
    exploded_by: np.ndarray

    @property
    def n_exploded(self) -> int:
        """Number of chains that exploded."""
        return int((self.exploded_by >= 0).sum())

    def n_recorded(self, plan: Plan) -> int:
        """Recorded positions of all chains, those before an explosion included."""
        ends = np.where(self.exploded_by < 0, plan.n_steps, self.exploded_by)
        each, n_with = np.unique(ends, return_counts=True)
        return sum(plan.n_recorded_before(int(end)) * int(n) for end, n in zip(each, n_with, strict=True))


def check_plan(plan: Plan) -> None:
    """Refuse a plan that makes no sense, naming its key."""
    checks.integer("n_steps", plan.n_steps, least=1)
    checks.integer("n_chains", plan.n_chains, least=1, below=10**8)
    checks.number("eta", plan.eta, above=0)
    checks.number("eta_power", plan.eta_power, least=0, most=1)
    checks.integer("burn_in", plan.burn_in, least=0)
    checks.integer("thin", plan.thin, least=1)
    checks.seed("seed", plan.seed)
    if plan.burn_in >= plan.n_steps:
        raise UsageError(f"burn_in must be below n_steps={plan.n_steps}, got {plan.burn_in}")


def run(
    scheme: Scheme,
    increments: Increments,
    plan: Plan,
    start: np.ndarray | float,
    sinks: Sequence[Sink] = (),
    observer: Observer | None = None,
) -> Run:
    """Run the chains from `start` (a number, or (n,), or (d, n)), feeding recorded positions to the sinks.

    The result depends on the plan, not on how often it was interrupted: `observer.restore` gives the state of a
    finished block of steps back. Raises `NumericalError` when all chains have exploded.
    """
    check_plan(plan)
    observer = observer or SilentObserver()
    shape = (plan.n_chains,) if increments.dimension == 1 else (increments.dimension, plan.n_chains)
    w = np.broadcast_to(np.asarray(start, float), shape).copy()
    exploded_by = np.full(plan.n_chains, -1)
    done = 0
    state = observer.restore()
    if state is not None:
        done, w, exploded_by = _restore(state, w.shape, sinks)

    # For the noise and the positions of a block of chains: fresh memory for each block costs as much as a flow does.
    memory = np.empty((2, STEP_BLOCK, *shape[:-1], min(plan.n_chains, CHAIN_BLOCK)))
    going = _Loop(scheme, increments, plan, sinks, w, exploded_by, _offsets(plan), memory)

    def make_state() -> State:
        return State(done, {"w": w, "exploded_by": exploded_by, **every_sink.all_arrays(sinks)})

    while done < plan.n_steps:
        last = min(done + STEP_BLOCK, plan.n_steps)
        for begin in range(0, plan.n_chains, CHAIN_BLOCK):
            going.block(np.arange(begin, min(begin + CHAIN_BLOCK, plan.n_chains)), done, last)
        done = last
        n_exploded = int((exploded_by >= 0).sum())
        if n_exploded == plan.n_chains:
            raise NumericalError(
                f"all {plan.n_chains} chains exploded by step {done}; take the strang scheme or a shorter step"
            )
        observer.step_done(done, plan.n_steps, make_state, n_exploded=n_exploded)
    return Run(w, exploded_by)


class _Loop(NamedTuple):
    """A run under way: `w` and `exploded_by` are of all chains, and changed in place."""

    scheme: Scheme
    increments: Increments
    plan: Plan
    sinks: Sequence[Sink]
    w: np.ndarray
    exploded_by: np.ndarray
    offsets: np.ndarray
    memory: np.ndarray

    def block(self, chains: np.ndarray, first: int, last: int) -> None:
        """Take one block of chains through steps first … last − 1, and feed the sinks."""
        begin, etas, dimensions = int(chains[0]), self.plan.etas(first, last), self.w.shape[:-1]
        live = chains[self.exploded_by[chains] < 0]
        if not len(live):
            return
        # All chains of the block draw, also the exploded: no chain's noise depends on another's fate.
        kept_noise, kept_positions = (_shaped(part, *dimensions, len(chains)) for part in self.memory)
        key = (self.plan.seed, first // STEP_BLOCK, begin // CHAIN_BLOCK)
        noise = self.increments.block(*key, etas, len(chains), kept_noise[: len(etas)])
        if len(live) < len(chains):
            noise = noise[..., live - begin]
        recorded = _recorded(self.plan, first, last) if self.sinks else np.array([], int)
        number = self.plan.n_recorded_before(first)
        positions = _shaped(kept_positions, *dimensions, len(live))[: len(recorded)]
        here, offsets = self.w[..., live], self.offsets[live]
        ended = _steps(self.scheme, here, noise, etas, recorded, number, offsets, positions)
        fine = ~self.scheme.lost(ended, float(etas[-1]))
        self.w[..., live] = np.where(fine, ended, np.nan)
        self.exploded_by[live[~fine]] = last
        if len(positions) and fine.any():
            kept = positions if fine.all() else positions[..., fine]
            for sink in self.sinks:
                sink.add(kept, live[fine], etas[recorded], number)


def _offsets(plan: Plan) -> np.ndarray:
    """Where in a step the records of each chain begin, uniform in [0, 1): (n_chains,), keyed like their noise."""
    blocks = range(-(-plan.n_chains // CHAIN_BLOCK))
    drawn = [numpy_stream(plan.seed, "simulate", _AGES, block).random(CHAIN_BLOCK) for block in blocks]
    return np.concatenate(drawn)[: plan.n_chains]


def _recorded(plan: Plan, first: int, last: int) -> np.ndarray:
    """Which steps of first … last − 1 are recorded, counted from `first`."""
    steps = np.arange(first, last)
    return np.flatnonzero((steps >= plan.burn_in) & ((steps + 1) % plan.thin == 0))


def _shaped(memory: np.ndarray, *shape: int) -> np.ndarray:
    """The beginning of some contiguous memory as an array of STEP_BLOCK rows of a shape."""
    return memory.reshape(-1)[: STEP_BLOCK * math.prod(shape)].reshape(STEP_BLOCK, *shape)


def _steps(
    scheme: Scheme,
    w: np.ndarray,
    noise: np.ndarray,
    etas: np.ndarray,
    recorded: np.ndarray,
    number: int,
    offsets: np.ndarray,
    positions: np.ndarray,
) -> np.ndarray:
    """All steps of a block for one block of chains: where they end; `positions` gets those after the recorded steps.

    `number` counts the records before this block. The noise is used up: its memory takes the chains after each of it.
    """
    rows = {int(step): row for row, step in enumerate(recorded)}
    last = len(etas) - 1
    with np.errstate(over="ignore", invalid="ignore"):
        w = scheme.before(w, etas[0])
        for s in range(last + 1):
            w = np.add(w, noise[s], out=noise[s])
            next_eta = etas[min(s + 1, last)]
            if s in rows:
                positions[rows[s]], ready = scheme.visit(w, etas[s], next_eta, number + rows[s], offsets)
            elif s < last:
                ready = scheme.between(w, etas[s], next_eta)
            w = ready if s < last else scheme.after(w, etas[s])
    return w


def _restore(state: State, shape: tuple[int, ...], sinks: Sequence[Sink]) -> tuple[int, np.ndarray, np.ndarray]:
    w, exploded_by = state.arrays["w"], state.arrays["exploded_by"]
    if w.shape != shape:
        raise ConflictError(f"the checkpoint holds chains of shape {w.shape}, this run has {shape}: start it afresh")
    every_sink.load_all(sinks, state.arrays)
    return state.step, np.array(w), np.array(exploded_by)
