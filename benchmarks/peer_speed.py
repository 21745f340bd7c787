"""Times of the packages of `peers.py` side by side for random laws, and the likelihoods that their fits reach."""

from __future__ import annotations

import gc
import math
import signal
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import NamedTuple, TypeVar

import numpy as np
from peer_packages import Law, Package

from gnicli.stable import StableLaw

Result = TypeVar("Result")
LIMIT, FIT_LIMIT = 10.0, 60.0  # seconds of processor time that one call may take
_SHORT = 0.1  # seconds, below which the clock of the processor is too coarse on some machines
FIT_SIZES = (100, 1000, 10_000)


class TooSlowError(Exception):
    """A call took more processor time than it may."""


def timed(work: Callable[[], Result], limit: float) -> tuple[float, Result]:
    """Seconds of one call, and what it gave; raises `TooSlowError` beyond the limit of processor time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlowError

    gc.collect()
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    start, start_on_wall = time.process_time(), time.perf_counter()
    try:
        result = work()
        seconds, on_wall = time.process_time() - start, time.perf_counter() - start_on_wall
        return (on_wall if min(seconds, on_wall) < _SHORT else seconds), result
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


class Task(NamedTuple):
    """One thing to time: its name in the record, and whether the same was asked of the law before."""

    name: str
    function: str
    n: int
    asked_before: bool


TASKS = (
    Task("one density, new law", "pdf", 1, False),
    Task("1,000 densities, new law", "pdf", 1000, False),
    Task("1,000 densities, again", "pdf", 1000, True),
    Task("100,000 densities, again", "pdf", 100_000, True),
    Task("100 distribution values, new law", "cdf", 100, False),
    Task("100 distribution values, again", "cdf", 100, True),
    Task("100,000 distribution values, again", "cdf", 100_000, True),
    Task("10 quantiles, new law", "ppf", 10, False),
    Task("10 quantiles, again", "ppf", 10, True),
    Task("100,000 draws", "rvs", 100_000, True),
)


def random_laws(n: int, rng: np.random.Generator) -> list[Law]:
    """Inside the domain of every package, away from the edges: alpha in [0.55, 1.95), beta in [−0.95, 0.95)."""
    return [(float(rng.uniform(0.55, 1.95)), float(rng.uniform(-0.95, 0.95))) for _ in range(n)]


def _call(package: Package, task: Task, law: Law, rng: np.random.Generator) -> Callable[[], object] | None:
    """One call of a task with fresh arguments; None where the package has no such function."""
    if task.function == "rvs":
        return partial(package.rvs, law, task.n, int(rng.integers(2**31)))
    function = getattr(package, task.function)
    if function is None:
        return None
    at = rng.uniform(0.001, 0.999, task.n)
    if task.function != "ppf":
        at = np.asarray(StableLaw(law[0], law[1], parameterization="S0").rvs(task.n, rng))
    return partial(function, law, at, "S0")


def _again(package: Package, task: Task, law: Law, rng: np.random.Generator) -> float:
    """Seconds of the task with other points; the shortest of five where it is short."""
    shortest = math.inf
    for _ in range(5):
        call = _call(package, task, law, rng)
        assert call is not None
        shortest = min(shortest, timed(call, LIMIT)[0])
        if shortest >= _SHORT:
            break
    return shortest


def times(packages: list[Package], n_laws: int, rng: np.random.Generator) -> dict[str, dict[str, object]]:
    """By task and package: seconds for each law, None where it raised an error; None alone for no such function.

    "slow" after one call beyond the limit.
    """
    for package in packages:  # imports and tables that a process needs once
        for task in TASKS:
            if (call := _call(package, task._replace(n=1), (1.4, 0.2), rng)) is not None:
                call()
    found: dict[str, dict[str, object]] = {task.name: {package.name: [] for package in packages} for task in TASKS}
    for _ in range(n_laws):
        for task in TASKS:
            for package in packages:
                law = random_laws(1, rng)[0]  # new to every package, which may keep tables
                seconds = found[task.name][package.name]
                if not isinstance(seconds, list):
                    continue
                call = _call(package, task, law, rng)
                if call is None:
                    found[task.name][package.name] = None
                    continue
                try:
                    last = timed(call, LIMIT)[0]
                    if task.asked_before:
                        last = _again(package, task, law, rng)
                    seconds.append(float(f"{last:.3g}"))
                except TooSlowError:
                    found[task.name][package.name] = "slow"
                except Exception:  # whatever a peer raises: it has no value there
                    seconds.append(None)
    return found


def fits(packages: list[Package], n_laws: int, rng: np.random.Generator) -> dict[str, dict[str, object]]:
    """By size and package: seconds of each fit, and its nats below the likeliest of all packages' on that sample.

    None for an error, "slow" from the first fit beyond the limit on. The judge of likelihoods is gni's density.
    """
    for package in packages:
        if package.name in ("gni", "PyLevy"):  # tables of a first fit
            package.fit(StableLaw(1.4, 0.2).rvs(1000, rng))
    found: dict[str, dict[str, object]] = {}
    slow: set[str] = set()
    for n in FIT_SIZES:
        results: dict[str, list[dict[str, float] | None] | str] = {
            package.name: "slow" if package.name in slow else [] for package in packages
        }
        for _ in range(n_laws):
            alpha, beta = random_laws(1, rng)[0]
            x = np.asarray(StableLaw(alpha, beta, parameterization="S0").rvs(n, rng))
            reached = {}
            for package in packages:
                kept = results[package.name]
                if isinstance(kept, str):
                    continue
                try:
                    seconds, (alpha, beta, loc, scale) = timed(partial(package.fit, x), FIT_LIMIT)
                    reached[package.name] = float(StableLaw(alpha, beta, loc, scale, "S0").logpdf(x).sum())
                    kept.append({"seconds": float(f"{seconds:.3g}")})
                except TooSlowError:
                    results[package.name] = "slow"
                    slow.add(package.name)
                except Exception:  # whatever a peer raises: it has no fit
                    kept.append(None)
            for name, value in reached.items():
                results[name][-1]["nats_below"] = float(f"{max(reached.values()) - value:.3g}")  # type: ignore[index]
        found[f"{n}"] = dict(results)
    return found
