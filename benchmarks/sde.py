"""Time a chain-step against the bare cost of its stable draw and against SciPy's, on one thread.

`python benchmarks/sde.py` (half a minute); with `--billion`, 1e9 chain-steps into a histogram, and their memory.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from gnicli.potential.double_well import DoubleWell
from gnicli.sde import expression, loop, sinks
from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.drift.fractional_flow import FractionalDrift
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import build
from gnicli.sde.sinks.histogram import Histogram
from gnicli.sde.sinks.moments import Moments
from gnicli.sde.sinks.trace import Trace
from gnicli.stable import StableLaw

N_CHAINS, N_STEPS, REPEATS = 10_000, 320, 15
ALPHA, BETA = 1.5, 0.5


def bare() -> None:
    """The same number of draws in pieces of the same size, and nothing else."""
    rng = np.random.default_rng(0)
    law = StableLaw(ALPHA, BETA)
    left = N_CHAINS * N_STEPS
    while left > 0:
        law.rvs(min(left, 32 * 4096), rng)
        left -= 32 * 4096


def chains(name: str, drift: GradientDrift | FractionalDrift, feed: str = "") -> Callable[[], object]:
    """A simulation to time: feeding nothing, every step or every tenth to a histogram of 2000 bins, or as the command.

    The command feeds every fifth to a histogram of 8000 bins, three means and the traces of 64 chains.
    """
    scheme = build(name, drift)
    thin = {"tenth": 10, "command": 5}.get(feed, 1)
    functions = {text: expression.parse(text) for text in ("w", "w**2", "cos(w)")}

    def call() -> None:
        fed: list[sinks.Sink] = [Histogram(-10.0, 10.0, 2000, N_CHAINS)] if feed else []
        if feed == "command":
            histogram = Histogram(-10.0, 10.0, 8000, N_CHAINS)
            fed = [histogram, Moments(functions, N_CHAINS), Trace(N_STEPS // thin, 64)]
        plan = Plan(N_STEPS, N_CHAINS, 0.001, thin=thin)
        loop.run(scheme, Increments(LevyNoise(ALPHA, BETA)), plan, 0.0, fed)

    return call


def main() -> None:
    """Print the table: nanoseconds per chain-step and the ratio to the bare draw, all interleaved."""
    gradient = GradientDrift(DoubleWell())
    fractional = FractionalDrift(FractionalForce(DoubleWell(), LevyNoise(ALPHA, BETA)))
    calls = {
        "bare draw": bare,
        "strang": chains("strang", gradient),
        "strang, every 10th step into a histogram": chains("strang", gradient, "tenth"),
        "strang, every step into a histogram": chains("strang", gradient, "every"),
        "strang, all that gni simulate-sde keeps": chains("strang", gradient, "command"),
        "euler": chains("euler", gradient),
        "tamed": chains("tamed", gradient),
        "implicit": chains("implicit", gradient),
        "strang, fractional drift": chains("strang", fractional),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(REPEATS + 1):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            if round_:
                times[name].append((time.perf_counter() - begin) * 1e9 / (N_CHAINS * N_STEPS))
    for name, values in times.items():
        ratio = statistics.median(v / b for v, b in zip(values, times["bare draw"], strict=True))
        best = min(values) / min(times["bare draw"])
        print(
            f"{name:42s} {min(values):7.1f} ns at best, {statistics.median(values):7.1f} median, "
            f"{best:5.2f} x bare at best, {ratio:5.2f} median"
        )
    begin = time.perf_counter()
    for _ in range(300):
        stats.levy_stable.rvs(ALPHA, BETA)
    scipy_ns = (time.perf_counter() - begin) / 300 * 1e9
    print(
        f"SciPy, one draw a step: {scipy_ns:.0f} ns, {scipy_ns / statistics.median(times['strang']):.0f} x a chain-step"
    )
    begin = time.perf_counter()
    stationary_law(DoubleWell(), LevyNoise(1.1, 0.9)).pdf(np.linspace(-10, 10, 1001))
    print(f"exact law at (1.1, .9): {time.perf_counter() - begin:.2f} s")


def billion() -> None:
    """1e9 chain-steps: error of the distribution function, and the largest memory of the process."""
    plan = Plan(100_000, 10_000, 0.01, burn_in=2000, thin=5)
    histogram = Histogram(-10.0, 10.0, 4000, 10_000, n_groups=50)
    begin = time.perf_counter()
    drift = GradientDrift(DoubleWell())
    loop.run(build("strang", drift), Increments(LevyNoise(ALPHA, BETA)), plan, 0.0, [histogram])
    found, se = histogram.cdf()
    error = np.abs(found - stationary_law(DoubleWell(), LevyNoise(ALPHA, BETA)).cdf(histogram.edges)).max()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = time.perf_counter() - begin
    print(f"1e9 chain-steps: {seconds:.0f} s, error {error:.1e} (stderr {se.max():.1e}), {peak:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--billion", action="store_true")
    with threadpool_limits(1):
        if parser.parse_args().billion:
            billion()
        else:
            main()
