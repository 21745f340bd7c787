"""First exits from a basin by simulation, to hold against `exits.theory`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnicli import checks
from gnicli.contracts.observer import Observer, SilentObserver, State
from gnicli.errors import UsageError
from gnicli.sde.increments import CHAIN_BLOCK, STEP_BLOCK, Increments
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
        """Exits per unit time; its standard error is rate/sqrt(n)."""
        return self.n / self.time

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
    minimum: float,
    left: float,
    right: float,
    eta: float,
    n_steps: int,
    n_chains: int,
    seed: int = 0,
    observer: Observer | None = None,
) -> Exits:
    """Run one-dimensional chains from `minimum` until they leave (minimum − left, minimum + right), again and again.

    A chain is judged where the noise has just put it: a jump that the drift would take back within the step counts, as
    it does in continuous time. `observer.restore` gives the state of a finished block of steps back.
    """
    checks.number("left", left, above=0, sizes=None)  # a border may be as far as never to be reached
    checks.number("right", right, above=0, sizes=None)
    checks.number("eta", eta, above=0)
    checks.integer("n_steps", n_steps, least=1)
    checks.integer("n_chains", n_chains, least=1)
    if increments.dimension != 1:
        raise UsageError(f"exits are followed in one dimension, got {increments.dimension}")
    observer = observer or SilentObserver()
    w = np.full(n_chains, float(minimum))
    since = np.zeros(n_chains, int)
    counts, durations, moments, done = np.zeros(2, int), [np.array([])], [np.array([])], 0
    near = np.zeros(3)  # sums of |border − w|^{−α}, and of how many
    state = observer.restore()
    if state is not None:
        done, w, since, counts = state.step, *(np.array(state.arrays[name]) for name in ("w", "since", "counts"))
        near = np.array(state.arrays.get("near", near))
        durations, moments = [np.array(state.arrays["durations"])], [np.array(state.arrays["moments"])]

    def make_state() -> State:
        found = {"durations": np.concatenate(durations), "moments": np.concatenate(moments)}
        return State(done, {"w": w, "since": since, "counts": counts, "near": near, **found})

    for first in range(done, n_steps, STEP_BLOCK):
        etas = np.full(min(STEP_BLOCK, n_steps - first), eta)
        for chain_block, begin in enumerate(range(0, n_chains, CHAIN_BLOCK)):
            part = slice(begin, min(begin + CHAIN_BLOCK, n_chains))
            noise = increments.block(seed, first // STEP_BLOCK, chain_block, etas, len(w[part]))
            here, age = w[part], since[part]
            for step, row in enumerate(noise, first + 1):
                here = scheme.before(here, eta) + row
                age += 1
                gone_left, gone_right = here <= minimum - left, here >= minimum + right
                gone = np.flatnonzero(gone_left | gone_right)
                here = scheme.after(here, eta)
                if len(gone):
                    counts += [int(gone_left.sum()), int(gone_right.sum())]
                    durations.append(age[gone] * eta)
                    moments.append(np.full(len(gone), step * eta))
                    here[gone], age[gone] = minimum, 0
            w[part] = here
            near += _nearness(scheme.before(here, eta) - minimum, left, right, increments.noise.alpha)
        done = min(first + STEP_BLOCK, n_steps)
        observer.step_done(done, n_steps, make_state, n_exits=int(counts.sum()))
    time = n_steps * n_chains * eta
    nearness = (float(near[0] / near[2]), float(near[1] / near[2])) if near[2] else (float("nan"), float("nan"))
    return Exits(int(counts[0]), int(counts[1]), time, np.concatenate(durations), np.concatenate(moments), nearness)


def _nearness(w: np.ndarray, left: float, right: float, alpha: float) -> np.ndarray:
    """Sums over chains at `w` from their minimum.

    For alpha >= 1 the expectation is infinite: what is next to a border, and about to leave anyway, is left out.
    """
    reach = 1.0 if alpha < 1 else _INNER
    inside = w[(w > -reach * left) & (w < reach * right)]
    return np.array([((inside + left) ** -alpha).sum(), ((right - inside) ** -alpha).sum(), len(inside)])
