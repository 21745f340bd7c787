"""First exits from a basin by simulation, to compare with `exits.theory`."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from gnicli import checks
from gnicli.contracts.observer import Observer, SilentObserver, State
from gnicli.errors import UsageError
from gnicli.sde.exits.basins import Basin
from gnicli.sde.increments import CHAIN_BLOCK, STEP_BLOCK, Increments
from gnicli.sde.loop import Plan, check_plan
from gnicli.sde.scheme import Scheme

_INNER = 0.8  # of the way to a border


class Exits(NamedTuple):
    """Exits to the left and right of chains that begin again at the minimum, and their total time under observation.

    Exit i took `durations[i]` and happened at time `moments[i]` of its chain, both (n,). `nearness` are the means of
    |border − w|^{−α}, left and right, over where chains were seen just before the noise; NaN where none was.
    """

    n_left: int
    n_right: int
    time: float
    durations: np.ndarray
    moments: np.ndarray
    nearness: tuple[float, float] = (float("nan"), float("nan"))

    @property
    def n(self) -> int:
        """Number of exits."""
        return self.n_left + self.n_right

    @property
    def rate(self) -> float:
        """Exits per unit time of a chain."""
        return self.n / self.time

    @property
    def rate_stderr(self) -> float:
        """The standard error of the rate, for exits come as a Poisson process."""
        return float(np.sqrt(self.n)) / self.time

    def rate_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Exact (Poisson) confidence interval of the rate."""
        low, high = count_interval(self.n, level)
        return float(low / self.time), float(high / self.time)

    def right_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Exact (binomial) confidence interval of the share of exits to the right."""
        from scipy import stats

        if not self.n:
            return 0.0, 1.0
        interval = stats.binomtest(self.n_right, self.n).proportion_ci(level)
        return float(interval.low), float(interval.high)


def count_interval(n: np.ndarray | int, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Exact (Poisson) confidence interval of the mean of counts n, elementwise; from 0 where n = 0."""
    from scipy.special import gammaincinv

    counts, tail = np.asarray(n, float), (1 - level) / 2
    low = np.where(counts > 0, gammaincinv(np.maximum(counts, 1.0), tail), 0.0)
    return low, np.asarray(gammaincinv(counts + 1, 1 - tail))


def first_exits(
    scheme: Scheme,
    increments: Increments,
    basin: Basin,
    plan: Plan,
    observer: Observer | None = None,
) -> Exits:
    """Run one-dimensional chains from the minimum of a basin until they leave it, again and again.

    All steps are `plan.eta` long; nothing is recorded, so the plan's `burn_in` and `thin` do not matter. A chain is
    judged where the noise has just put it: a jump that the drift would take back within the step counts, as it does in
    continuous time. `observer.restore` gives the state of a finished block of steps back.
    """
    checks.number("left", basin.left, above=0, sizes=None)  # a border may be as far as never to be reached
    checks.number("right", basin.right, above=0, sizes=None)
    check_plan(plan)
    if plan.eta_power:
        raise UsageError(f"exits are followed with constant steps, got eta_power={plan.eta_power:g}")
    if increments.dimension != 1:
        raise UsageError(f"exits are simulated in one dimension only, got {increments.dimension}")
    observer = observer or SilentObserver()
    watch, n_steps, n_chains, eta = _Watch(plan.n_chains, basin), plan.n_steps, plan.n_chains, plan.eta
    state = observer.restore()
    done = watch.restore(state) if state is not None else 0
    for first in range(done, n_steps, STEP_BLOCK):
        etas = np.full(min(STEP_BLOCK, n_steps - first), eta)
        for chain_block, begin in enumerate(range(0, n_chains, CHAIN_BLOCK)):
            part = slice(begin, min(begin + CHAIN_BLOCK, n_chains))
            noise = increments.block(plan.seed, first // STEP_BLOCK, chain_block, etas, part.stop - part.start)
            watch.follow(scheme, noise, part, eta, first)
            here = scheme.before(watch.w[part], eta) - basin.minimum
            watch.near += _nearness(here, basin, increments.noise.alpha)
        done = min(first + STEP_BLOCK, n_steps)
        observer.step_done(done, n_steps, partial(watch.state, done), n_exits=int(watch.counts.sum()))
    return watch.exits(n_steps * n_chains * eta)


class _Watch:
    """Chains that begin again at the minimum after each exit: where they are, and their exits so far."""

    def __init__(self, n_chains: int, basin: Basin) -> None:
        self._minimum = minimum = float(basin.minimum)
        self._low, self._high = minimum - basin.left, minimum + basin.right
        self.w, self._since = np.full(n_chains, minimum), np.zeros(n_chains, int)
        self.counts = np.zeros(2, int)  # to the left, to the right
        self.near = np.zeros(3)  # sums of |border − w|^{−α}, and of how many
        self._durations, self._moments = [np.array([])], [np.array([])]

    def follow(self, scheme: Scheme, noise: np.ndarray, part: slice, eta: float, first: int) -> None:
        """Take the chains of `part` through a block of steps, of which `first` were before; `noise` (n_steps, n)."""
        here, age = self.w[part], self._since[part]
        for step, row in enumerate(noise, first + 1):
            here = scheme.before(here, eta) + row
            age += 1
            gone_left, gone_right = here <= self._low, here >= self._high
            gone = np.flatnonzero(gone_left | gone_right)
            here = scheme.after(here, eta)
            if len(gone):
                self.counts += [int(gone_left.sum()), int(gone_right.sum())]
                self._durations.append(age[gone] * eta)
                self._moments.append(np.full(len(gone), step * eta))
                here[gone], age[gone] = self._minimum, 0
        self.w[part] = here

    def state(self, done: int) -> State:
        """The state after `done` steps, from which a resumed simulation continues."""
        found = {"durations": np.concatenate(self._durations), "moments": np.concatenate(self._moments)}
        return State(done, {"w": self.w, "since": self._since, "counts": self.counts, "near": self.near, **found})

    def restore(self, state: State) -> int:
        """Restore a state; return the number of its steps."""
        self.w, self._since, self.counts = (np.array(state.arrays[name]) for name in ("w", "since", "counts"))
        self.near = np.array(state.arrays.get("near", self.near))
        self._durations, self._moments = [np.array(state.arrays["durations"])], [np.array(state.arrays["moments"])]
        return state.step

    def exits(self, time: float) -> Exits:
        """The exits observed in a total time."""
        left, right, n = self.near
        nearness = (float(left / n), float(right / n)) if n else (float("nan"), float("nan"))
        durations, moments = np.concatenate(self._durations), np.concatenate(self._moments)
        return Exits(int(self.counts[0]), int(self.counts[1]), time, durations, moments, nearness)


def _nearness(w: np.ndarray, basin: Basin, alpha: float) -> np.ndarray:
    """Sums over chains at `w` from their minimum.

    For alpha >= 1 the expectation is infinite: what is next to a border, and about to leave anyway, is left out.
    """
    reach = 1.0 if alpha < 1 else _INNER
    left, right = basin.left, basin.right
    inside = w[(w > -reach * left) & (w < reach * right)]
    return np.array([((inside + left) ** -alpha).sum(), ((right - inside) ** -alpha).sum(), len(inside)])
