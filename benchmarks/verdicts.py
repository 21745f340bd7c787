"""How often the verdicts of `gni fit-stable` are right: samples of known laws, judged with the default keys.

    python benchmarks/verdicts.py OUT.jsonl                         # 40 seeds of every law at n = 2 000 and 20 000
    python benchmarks/verdicts.py OUT.jsonl --seeds 5 --first 1000  # other seeds, as for trying a rule
    python benchmarks/verdicts.py OUT.jsonl --table                 # the table of what OUT.jsonl holds

One line of OUT.jsonl a sample; what is there already is not done again, so a stopped run goes on. Seeds are first …
first + seeds − 1; sample s of a law comes from NumPy's default generator seeded with (n, s, crc32 of the law's name),
and is judged with `seed=s`. Intervals are Clopper and Pearson's, 95 %.

What is counted:
  truth            right                              wrong                                           undecided
  stable           stable preferred                   stable rejected, another law is better          all else
  normal           Gaussian not rejected              rejected, another law, or a Gaussian excluded   all else
  any other law    stable rejected, another is better stable preferred                                all else

The bootstrap is left out where another law is better without it: it could only turn that into a rejection, which
counts alike. It stops after 6 exceedances of every statistic in place of 10: the p-value of all tests together is then
above 2 · 7/200 > 5 % however it would go on, so the verdict is the same.
"""

import argparse
import json
import os
import sys
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

from gnicli.evidence import goodness  # noqa: E402
from gnicli.evidence.finding import Look, Plan  # noqa: E402
from gnicli.evidence.verdict import Outcome, decide  # noqa: E402
from gnicli.stable import StableLaw  # noqa: E402

Draw = Callable[[int, np.random.Generator], np.ndarray]
SIZES = (2000, 20000)
ONE_SIDED = ((0.5, 1.0), (0.7, 1.0), (0.9, 1.0))  # alpha and beta of stable laws on x > 0
NOT_STABLE = (Outcome.REJECTED, Outcome.BETTER)


def mixture(spread: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussians whose standard deviations are log-normal."""
    return rng.standard_normal(n) * np.exp(spread * rng.standard_normal(n))


def laws() -> dict[str, Draw]:
    """Every law by its name; the first word says what is counted."""
    found: dict[str, Draw] = {}
    for alpha, beta in ((0.7, 0.5), (1.0, 0.0), (1.2, -0.8), (1.5, 0.5), (1.8, 0.0), (1.95, 0.5), *ONE_SIDED):
        found[f"stable alpha={alpha:g} beta={beta:g}"] = StableLaw(alpha, beta).rvs
    for df in (2, 3, 5, 10):
        found[f"Student df={df}"] = lambda n, rng, df=df: rng.standard_t(df, n)  # type: ignore[misc]
    found["Laplace"] = lambda n, rng: rng.laplace(0.0, 1.0, n)
    for spread in (0.5, 1.0):
        found[f"log-normal std={spread:g}"] = lambda n, rng, s=spread: rng.lognormal(0.0, s, n)  # type: ignore[misc]
    for spread in (0.5, 1.0):
        found[f"Gaussians with log-normal scales std={spread:g}"] = partial(mixture, spread)
    for mean in (5, 15):
        found[f"normal mean={mean} std=1"] = lambda n, rng, mean=mean: rng.normal(mean, 1.0, n)  # type: ignore[misc]
    for shape in (0.5, 3):
        found[f"gamma shape={shape:g}"] = lambda n, rng, k=shape: rng.gamma(k, 1.0, n)  # type: ignore[misc]
    for shape in (0.7, 1.5):
        found[f"Weibull shape={shape:g}"] = lambda n, rng, k=shape: rng.weibull(k, n)  # type: ignore[misc]
    for alpha in (0.8, 1.5, 3):
        found[f"Pareto alpha={alpha:g}"] = lambda n, rng, a=alpha: 1.0 + rng.pareto(a, n)  # type: ignore[misc]
    found["normal"] = lambda n, rng: rng.standard_normal(n)
    return found


def judge(law: str, outcome: Outcome, excludes_gaussian: bool) -> str:
    """Right, wrong or undecided."""
    kind = law.split()[0]
    if kind == "stable":
        is_right, is_wrong = outcome is Outcome.PREFERRED, outcome in NOT_STABLE
    elif kind == "normal":
        is_wrong = excludes_gaussian or outcome in (*NOT_STABLE, Outcome.PREFERRED)
        is_right = outcome is Outcome.GAUSSIAN
    else:
        is_right, is_wrong = outcome in NOT_STABLE, outcome is Outcome.PREFERRED
    return "wrong" if is_wrong else "right" if is_right else "undecided"


def one(law: str, n: int, seed: int) -> dict[str, object]:
    """One sample drawn and judged."""
    goodness.ENOUGH = 6
    start = time.process_time()
    x = laws()[law](n, np.random.default_rng([n, seed, zlib.crc32(law.encode())]))
    look = Look(x, Plan(seed=seed))
    evidence = look.evidence(None)
    outcome, _ = decide(evidence)
    together = None
    if outcome is not Outcome.BETTER:
        tests = look.test()
        evidence = look.evidence(tests)
        outcome, _ = decide(evidence)
        together = tests.together
    verdict = judge(law, outcome, evidence.ratio is not None and not evidence.allows_gaussian)
    best = max(look.rivals, key=lambda name: look.rivals[name].over_stable.nats)
    said = {"law": law, "n": n, "seed": seed, "outcome": outcome.value, "verdict": verdict, "p": together, "best": best}
    return said | {"alpha": look.stable.alpha, "seconds": round(time.process_time() - start, 2)}


def table(rows: list[dict]) -> list[str]:
    """Markdown: rates with intervals for each law and size."""
    from scipy.stats import beta

    lines = ["| law | n | seeds | right | wrong | undecided |", "| --- | ---: | ---: | --- | --- | --- |"]
    for n in sorted({row["n"] for row in rows}):
        for law in laws():
            here = [row["verdict"] for row in rows if row["law"] == law and row["n"] == n]
            total = len(here)
            if not total:
                continue
            cells = []
            for verdict in ("right", "wrong", "undecided"):
                k = here.count(verdict)
                low = beta.ppf(0.025, k, total - k + 1) if k else 0.0
                high = beta.ppf(0.975, k + 1, total - k) if k < total else 1.0
                cells.append(f"{100 * k / total:.0f} % ({100 * low:.0f} … {100 * high:.0f})")
            lines.append(f"| {law} | {n:,} | {total} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Judge what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--laws", nargs="+", default=list(laws()))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="only print the table")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    if not options.table:
        known = {(row["law"], row["n"], row["seed"]) for row in rows}
        seeds = range(options.first, options.first + options.seeds)
        todo = [(law, n, seed) for seed in seeds for n in options.sizes for law in options.laws]
        todo = [each for each in todo if each not in known]
        print(f"seeds {seeds.start} … {seeds.stop - 1}; {len(todo)} samples to judge", file=sys.stderr, flush=True)
        with ProcessPoolExecutor(options.processes) as pool, options.out.open("a") as stream:
            for done in as_completed([pool.submit(one, *each) for each in todo]):
                rows.append(done.result())
                print(json.dumps(rows[-1]), file=stream, flush=True)
    print("\n".join(table(rows)))
    print(f"{sum(row['seconds'] for row in rows):.0f} s of one core", file=sys.stderr)


if __name__ == "__main__":
    main()
