"""What the laws of `gnicli.laws` compute themselves against the same from SciPy: the figures beside their lines.

    python benchmarks/laws.py

Each is the shortest of several calls at 20 000 samples on one thread, in microseconds.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402

import numpy as np  # noqa: E402

from gnicli import laws  # noqa: E402

LAWS = (
    laws.Normal(0.5, 2.0),
    laws.StudentT(3.3, 0.5, 2.0),
    laws.Laplace(0.5, 2.0),
    laws.SubWeibull(1.3, 2.0),
    laws.HalfNormal(3.0),
    laws.HalfCauchy(2.0),
    laws.LogNormal(0.3, 0.7),
    laws.Gamma(0.7, 2.0),
    laws.Weibull(1.3, 2.0),
    laws.Pareto(1.5, 2.0),
)


def shortest(function: Callable[[], object], repeats: int) -> float:
    """Microseconds of the shortest call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


def main() -> None:
    """Print a line for each law and function."""
    warnings.simplefilter("ignore")
    for law in LAWS:
        x = law.rvs(20_000, np.random.default_rng(0))
        # The location of a sub-Weibull law is no part of the search.
        has_loc = law.support == "real" and not isinstance(law, laws.SubWeibull)
        theirs, fixed = law.scipy, {} if has_loc else {"floc": 0.0}
        rows = {
            "fit": (lambda law=law, x=x: law.fit(x), lambda t=theirs, x=x, fixed=fixed: t.dist.fit(x, **fixed), 3),
            "logpdf": (lambda law=law, x=x: law.logpdf(x), lambda t=theirs, x=x: t.logpdf(x), 30),
            "tails": (lambda law=law, x=x: law.log_tails(x), lambda t=theirs, x=x: (t.logcdf(x), t.logsf(x)), 30),
        }
        for name, (ours, scipys, repeats) in rows.items():
            a, b = shortest(ours, repeats), shortest(scipys, repeats)
            print(f"{law.name:12s} {name:7s} {a:9.0f} µs   SciPy {b:9.0f} µs   ratio {b / a:6.1f}")


if __name__ == "__main__":
    main()
