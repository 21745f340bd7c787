"""Accuracy and speed of the stable law's functions: the worst error by region, and milliseconds for 1e5 points.

    python benchmarks/stable_law.py

Errors are relative above 1e-12 and in units of 1e-12 below, against tests/stable/data (see the README there): once for
the exact inversion (few points) and once for the table (many points).
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import csv  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from gnicli.stable import StableLaw  # noqa: E402
from gnicli.stable.density.interpolation import table  # noqa: E402

DATA = Path(__file__).parents[1] / "tests" / "stable" / "data"
REGIONS = (("alpha < .95", 0.0, 0.95), ("near 1", 0.95, 1.05), ("1.05 to 1.9", 1.05, 1.9), ("above 1.9", 1.9, 2.01))


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table."""
    with open(DATA / name) as file:
        return list(csv.DictReader(file))


def reference() -> list[tuple[StableLaw, float, float, float]]:
    """Law, x, pdf and nearer tail of both tables."""
    points = []
    for row in rows("oracle.csv"):
        law = StableLaw(float(row["alpha"]), float(row["beta"]), parameterization="S0")
        points.append((law, float(row["x"]), float(row["pdf"]), float(row["tail"])))
    for row in rows("stable_law.csv"):
        law = StableLaw(float(row["alpha"]), float(row["beta"]), parameterization=row["param"])
        x = float(row["x"])
        if law._standard(np.array([x]))[0] < 0.0:  # the tail that `points` wants is the lower one
            points.append((law, x, float(row["pdf"]), float(row["cdf"])))
    return points


def accuracy() -> None:
    """Worst errors."""
    points = reference()
    for name, low, high in REGIONS:
        worst = np.zeros(4)
        chosen = [p for p in points if low <= p[0].alpha < high]
        for law, x, pdf, tail in chosen:
            for k, many in enumerate((1, 200)):
                grid = np.full(many, x)
                near = law.sf(grid) if law._standard(grid[:1])[0] >= 0.0 else law.cdf(grid)
                worst[k] = max(worst[k], abs(law.pdf(grid)[0] - pdf) / max(pdf, 1e-12))
                worst[2 + k] = max(worst[2 + k], abs(near[0] - tail) / max(tail, 1e-12))
        print(f"{name:12s} {len(chosen):4d} points   pdf: inversion {worst[0]:.1e}, table {worst[1]:.1e}", end="")
        print(f"   tail: inversion {worst[2]:.1e}, table {worst[3]:.1e}", flush=True)


def speed() -> None:
    """Milliseconds for 1e5 points, with the table built (cold) and kept (warm)."""
    rng = np.random.default_rng(0)
    for alpha, beta in ((0.5, 0.3), (0.8, 1.0), (1.0, 0.5), (1.3, -1.0), (1.5, 0.5), (1.9, 0.0), (1.9999, 0.4)):
        law = StableLaw(alpha, beta)
        x, q = law.rvs(100_000, rng), rng.random(100_000)
        times = {}
        for name, function, argument in (("pdf", law.pdf, x), ("cdf", law.cdf, x), ("ppf", law.ppf, q)):
            for state in ("cold", "warm"):
                if state == "cold":
                    table.cache_clear()
                start = time.perf_counter()
                function(argument)
                times[f"{name} {state}"] = 1e3 * (time.perf_counter() - start)
        print(f"({alpha}, {beta})  " + "  ".join(f"{name} {value:.1f} ms" for name, value in times.items()), flush=True)


if __name__ == "__main__":
    accuracy()
    speed()
