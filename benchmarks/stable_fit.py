"""Speed of the stable fit, draws and density: every ratio that issue "The stable law" names, in one run, on one thread.

    python benchmarks/stable_fit.py  # against SciPy and a matrix product; benchmarks/peers.py has other packages

Every repetition fits fresh float32 samples ("cold"), the rivals interleaved on the same samples; a ratio is the median
over the repetitions of time / time of the rival. Tables are built beforehand, once per process, and their time printed.
`--read` also reads `log_likelihood`, which is worked out exactly when asked for and is no part of the search.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)  # a product is the yardstick: it runs on the kernel that is made for this machine

import argparse  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from functools import partial  # noqa: E402

import numpy as np  # noqa: E402
from scipy.stats import levy_stable  # noqa: E402

import gnicli.stable as gni  # noqa: E402

LAWS = ((1.9, 0.0), (1.5, 0.5), (1.1, 0.7), (1.7, -0.3))


def clock(function: Callable[[], object]) -> float:
    """Seconds of processor time that one call takes: what others run beside it counts less."""
    start = time.process_time()
    function()
    return time.process_time() - start


def line(name: str, ours: list[float], theirs: list[float], most: float | None, least: float | None = None) -> None:
    """Print the median ratio beside what is asked for, and the ratio of the shortest times."""
    ratio, shortest = np.median(np.array(ours) / np.array(theirs)), min(ours) / min(theirs)
    shown, target = (ratio, most) if most is not None else (1.0 / ratio, least)
    sign = "<=" if most is not None else ">="
    good = shown <= target if most is not None else shown >= target
    times = f"{np.median(ours) * 1e3:9.3f} ms / {np.median(theirs) * 1e3:10.3f} ms"
    print(f"{'ok  ' if good else 'MISS'} {name:64s} {times}  = {shown:10.3f}   ({sign} {target:g})", end="")
    print(f"   minima {shortest if most is not None else 1.0 / shortest:.3f}", flush=True)


def samples(alpha: float, beta: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Fresh draws as gradients come: float32, small."""
    return gni.StableLaw(alpha, beta, 3e-5, 1e-5).rvs(n, rng).astype(np.float32)


def bench_fit(repeats: int, rng: np.random.Generator, read: bool) -> None:
    """The fit against SciPy's quantile start and a 512³ float64 product."""
    square = rng.random((512, 512))

    def work(x: np.ndarray) -> object:
        found = gni.fit(x)
        return found.log_likelihood if read else found

    for alpha, beta in LAWS:
        for n, rival, most in ((10**4, "matmul", 0.15), (10**5, "_fitstart", 0.15), (10**6, "matmul", 0.6)):
            ours, theirs = [], []
            for _ in range(repeats):
                x = samples(alpha, beta, n, rng)
                ours.append(clock(lambda x=x: work(x)))
                against = (lambda: square @ square) if rival == "matmul" else (lambda x=x: levy_stable._fitstart(x))
                theirs.append(clock(against))
            line(f"fit ({alpha}, {beta}) n={n} / {rival}", ours, theirs, most)


def random_law(rng: np.random.Generator, low: float, high: float, edge: bool) -> tuple[float, float]:
    """alpha in [low, high) and beta in [-1, 1); at an edge one of them is beta -1 or 1, alpha 1 or 2."""
    alpha, beta = rng.uniform(low, high), rng.uniform(-1.0, 1.0)
    if edge:
        edges = [(alpha, -1.0), (alpha, 1.0)] + ([(1.0, beta), (2.0, beta)] if high == 2.0 else [])
        alpha, beta = edges[rng.integers(len(edges))]
    return float(alpha), float(beta)


def bench_random_laws(n_laws: int, seed: int) -> None:
    """Fits of 1e4 over laws that each run draws anew: the median and the worst, in each state of the caches.

    Each by a product before and after it (cold), and in a row after others by the median of products around the row, as
    the layers of a network and the samples of a bootstrap are fitted.
    """
    rng, square = np.random.default_rng(seed), np.random.default_rng(0).random((512, 512))

    def product() -> float:
        return clock(lambda: square @ square)

    def one(x: np.ndarray) -> float:
        return clock(lambda: gni.fit(x))

    for _ in range(40):  # the matrices of the contours, built once per process
        gni.fit(samples(*random_law(rng, 0.2, 2.0, False), 2000, rng))
    for low, high, most in ((0.5, 2.0, 2.0), (0.2, 0.5, 4.0)):
        laws = [random_law(rng, low, high, edge=k % 10 == 0) for k in range(n_laws)]
        drawn = [samples(*law, 10**4, rng) for law in laws]
        cold = [
            2.0 * ours / (before + after) for before, ours, after in ((product(), one(x), product()) for x in drawn)
        ]
        drawn = [samples(*law, 10**4, rng) for law in laws]
        products = [product() for _ in range(20)]
        times = [one(x) for x in drawn]
        products += [product() for _ in range(20)]
        row = [each / float(np.median(products)) for each in times]
        for state, ratios in (("each between products", cold), ("in a row", row)):
            order = np.argsort(ratios)
            median, worst = ratios[order[n_laws // 2]], ratios[order[-1]]
            good = "ok  " if worst <= most and (low < 0.5 or (worst <= 10.0 * median and median <= 0.15)) else "MISS"
            print(
                f"{good} fits of 1e4 of {n_laws} laws with alpha in [{low}, {high}], {state} / matmul: median "
                f"{median:.2f}, 95 % {ratios[order[int(0.95 * n_laws)]]:.2f}, worst {worst:.2f} at "
                f"{tuple(round(each, 4) for each in laws[order[-1]])}  (<= {most:g}, seed {seed})",
                flush=True,
            )


def kernel() -> str:
    """The BLAS that runs a product, and for which processor, as it says itself where threadpoolctl is installed."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return str(np.show_config(mode="dicts")["Build Dependencies"]["blas"].get("openblas configuration", "unknown"))
    return "; ".join(
        f"{each['internal_api']} {each.get('version')} {each.get('architecture', '')}" for each in threadpool_info()
    )


def bench_many(repeats: int, rng: np.random.Generator) -> None:
    """Eight layers at once against five single fits, in each state of the caches.

    Both in a row after others (warm), both after a product each (cold), and the hardest comparison: cold layers against
    single fits in a row. Then, in a row, eight layers of one law, and layers of float64.
    """
    square = rng.random((512, 512))

    def layers(laws: tuple[tuple[float, float], ...], dtype: type = np.float32) -> list[np.ndarray]:
        return [samples(*laws[k % len(laws)], 65_536, rng).astype(dtype, copy=False) for k in range(8)]

    def after_product(function: Callable[[], object]) -> float:
        _ = square @ square
        return clock(function)

    def cold() -> tuple[float, float]:
        """Seconds of `fit_many`, and of a single fit on average."""
        together, alone = layers(LAWS), layers(LAWS)
        many = after_product(lambda: gni.fit_many(together))
        return many, float(np.mean([after_product(partial(gni.fit, x)) for x in alone]))

    def in_row(laws: tuple[tuple[float, float], ...], dtype: type = np.float32) -> tuple[float, float]:
        """The same, each after its like."""
        before, together, alone = layers(laws, dtype), layers(laws, dtype), layers(laws, dtype)
        gni.fit_many(before)
        many = clock(lambda: gni.fit_many(together))
        gni.fit(before[0])
        return many, clock(lambda: [gni.fit(x) for x in alone]) / 8.0

    name = "fit_many of 8 x 65536 / a single fit"
    rounds = [(*in_row(LAWS), *cold()) for _ in range(repeats)]
    many, single, cold_many, cold_single = map(list, zip(*rounds, strict=True))
    line(f"{name}, in a row", many, single, 4.0)
    line(f"{name}, each after a product", cold_many, cold_single, 4.0)
    line(f"{name}, after a product / in a row", cold_many, single, 4.0)
    for what, laws, dtype in (*((law, (law,), np.float32) for law in LAWS), ("float64", LAWS, np.float64)):
        many, single = map(list, zip(*(in_row(laws, dtype) for _ in range(repeats)), strict=True))
        line(f"{name}, {what}", many, single, 4.0)


def bench_weights(repeats: int, rng: np.random.Generator) -> None:
    """A fit with weights against one without, each after a product."""
    square = rng.random((512, 512))
    for n in (10**4, 10**5, 10**6):
        ours, theirs = [], []
        for k in range(repeats):
            law, weights = LAWS[k % len(LAWS)], rng.gamma(1.0, 1.0, n)
            for times, given in ((theirs, None), (ours, weights)):
                x = samples(*law, n, rng)
                _ = square @ square
                times.append(clock(partial(gni.fit, x, weights=given)))
        line(f"fit with weights n={n} / without", ours, theirs, 1.5)


def bench_draws(repeats: int, rng: np.random.Generator) -> None:
    """Draws against SciPy's."""
    for alpha, beta in (*LAWS, (1.0, 0.3), (0.7, -0.3), (1.0, 0.0), (2.0, 0.0)):
        ours, theirs = [], []
        for _ in range(repeats):
            ours.append(clock(lambda: gni.StableLaw(alpha, beta).rvs(10**6, rng)))  # noqa: B023
            theirs.append(clock(lambda: levy_stable.rvs(alpha, beta, size=10**6, random_state=rng)))  # noqa: B023
        line(f"SciPy's rvs / rvs, ({alpha}, {beta}) n=1000000", ours, theirs, None, 4.0)


def bench_density(repeats: int, rng: np.random.Generator) -> None:
    """1e5 points of the density of a law not met before: the table is built within the time."""
    for alpha, beta in (*LAWS, (0.6, 0.4), (1.0, 1.0), (1.3, -1.0), (1.999, 0.2)):
        ours = []
        for k in range(repeats):
            law = gni.StableLaw(alpha + 1e-7 * k * (-1 if alpha > 1.99 else 1), beta)
            x = law.rvs(10**5, rng)
            ours.append(clock(lambda law=law, x=x: law.pdf(x)))
        line(f"density of 1e5 points ({alpha}, {beta}), cold / 1 ms", ours, [1e-3] * repeats, 30.0)


def bench_scipy_density(rng: np.random.Generator) -> None:
    """One pass of SciPy's density at 1e4 (its default, by quadrature), timed on a part and scaled."""
    part = 500
    for alpha, beta in LAWS:
        x = samples(alpha, beta, 10**4, rng)
        standard = (x[:part].astype(np.float64) - 3e-5) / 1e-5
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = clock(lambda s=standard: levy_stable.pdf(s, alpha, beta)) * (10**4 / part)  # noqa: B023
        fresh = [samples(alpha, beta, 10**4, rng) for _ in range(7)]
        ours = [clock(lambda x=x: gni.fit(x)) for x in fresh]
        line(f"SciPy's density (scaled from {part}) / fit ({alpha}, {beta}) n=10000", ours, [theirs] * 7, None, 1000.0)


def main() -> None:
    """Run everything and print one line per ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--read", action="store_true", help="read log_likelihood too in the timed fits")
    parser.add_argument("--laws", type=int, default=300, help="random laws in each range of alpha")
    parser.add_argument("--seed", type=int, default=None, help="of these; another at each run by default")
    arguments = parser.parse_args()
    seed = int(np.random.SeedSequence().entropy % 2**32) if arguments.seed is None else arguments.seed
    print(f"products by {kernel()}")
    rng = np.random.default_rng(20260101)
    warm = samples(1.4, 0.2, 10**4, rng)
    print(f"tables of the fit, built once per process: {clock(lambda: gni.fit(warm)) * 1e3:.0f} ms")
    levy_stable._fitstart(warm)
    bench_random_laws(arguments.laws, seed)
    bench_fit(arguments.repeats, rng, arguments.read)
    bench_many(arguments.repeats, rng)
    bench_weights(max(arguments.repeats, len(LAWS)), rng)
    bench_draws(max(arguments.repeats // 3, 3), rng)
    bench_density(max(arguments.repeats // 3, 3), rng)
    bench_scipy_density(rng)


if __name__ == "__main__":
    main()
