"""Time the binned density estimate against scikit-learn's exact tree, on one thread: `python benchmarks/kde.py`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from gnicli.kde import bandwidth, binned, estimation
from gnicli.kde.binned import Window

WINDOW = Window(-10.0, 10.0, 1001)


def samples(n: int) -> np.ndarray:
    """Two unequal heavy-tailed wells."""
    rng = np.random.default_rng(0)
    return 0.5 * rng.standard_cauchy(n) + np.where(rng.random(n) < 0.3, 2.0, -1.0)


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call, after one to warm up."""
    call()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    """Print one line per sample size, then the comparison at 1e5."""
    for n in (10**4, 10**5, 10**6, 10**7):
        x = samples(n)
        h = bandwidth.choose("isj", x)
        estimate = seconds(lambda x=x, h=h: binned.estimate(x, WINDOW, h), 7 if n < 10**7 else 3)
        rule = seconds(lambda x=x: bandwidth.choose("isj", x), 3)
        where = slice(None, None, 1 if n <= 10**5 else 100)
        exact = binned.exact_sum(x, WINDOW.points[where], h)
        error = np.abs(binned.estimate(x, WINDOW, h)[where] - exact).max() / exact.max()
        print(f"n = {n:>8}: {1e3 * estimate:9.3f} ms, isj {1e3 * rule:7.1f} ms, error {error:.1e} of the peak")
    x = samples(10**5)
    h = bandwidth.choose("isj", x)
    ours = seconds(lambda: binned.estimate(x, WINDOW, h), 9)
    begin = time.perf_counter()
    estimation.by_tree(x, WINDOW.points, h)
    tree = time.perf_counter() - begin
    print(f"scikit-learn at 1e5: {tree:.2f} s, binned {1e3 * ours:.3f} ms: {tree / ours:.0f} times faster")


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
