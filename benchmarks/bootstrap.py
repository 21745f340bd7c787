"""What one bootstrap sample of `gni fit-stable` costs, beside what it cost with a table and full fits for each.

    python benchmarks/bootstrap.py

Milliseconds of one thread for each sample, and their ratio within this run. The slow way is what the quick one is held
to in tests/evidence/test_bootstrap_speed_ups.py: one fit after another, the distribution function by inversion, every
rival fitted from scratch.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import time  # noqa: E402

import numpy as np  # noqa: E402

from gnicli.evidence import goodness  # noqa: E402
from gnicli.evidence.families import OTHERS, stable_family  # noqa: E402
from gnicli.laws import Law, StudentT  # noqa: E402
from gnicli.stable import StableLaw  # noqa: E402
from gnicli.stable.fitting import node_distribution  # noqa: E402

CASES = (
    (StableLaw(1.5, 0.5), 2000),
    (StableLaw(1.5, 0.5), 20_000),
    (StableLaw(1.65, 0.0), 2500),
    (StableLaw(0.96, 1.0), 5000),
)
N_BOOTSTRAP = 40
RIVALS = ("student", "laplace", "subweibull")


def cost(x: np.ndarray, *, is_quick: bool) -> float:
    """Milliseconds of processor time for a bootstrap sample."""
    serves, together, refit = node_distribution.serves, goodness._TOGETHER, StudentT.refit
    rivals = [OTHERS[name] for name in RIVALS]
    if not is_quick:
        node_distribution.serves = lambda law: False
        goodness._TOGETHER = 1
        StudentT.refit = Law.refit
    start = time.process_time()
    try:
        goodness.assess(
            x,
            stable_family(exact=False),
            seed=0,
            n_bootstrap=N_BOOTSTRAP,
            with_blocks=True,
            is_short=False,
            rivals=rivals,
        )
    finally:
        node_distribution.serves, goodness._TOGETHER, StudentT.refit = serves, together, refit
    return 1e3 * (time.process_time() - start) / (N_BOOTSTRAP + 1)


def main() -> None:
    """Print a line for each case."""
    for law, n in CASES:
        x = law.rvs(n, np.random.default_rng(0))
        cost(x, is_quick=True)  # tables that are built once
        slow, quick = cost(x, is_quick=False), cost(x, is_quick=True)
        name = f"alpha={law.alpha:g} beta={law.beta:g} n={n:,}"
        print(f"{name}: {slow:.1f} ms, now {quick:.1f} ms, {slow / quick:.1f} times")


if __name__ == "__main__":
    main()
