"""The stable law of gni beside SciPy, PyLevy and AUB-HTP: measures, and writes the record that docs/peers.md shows.

    python benchmarks/peers.py [--tables FOLDER] [PART ...]      # parts: accuracy, tables, speed, fits; all by default

The peers are no dependencies of gni. `make peers` makes an environment for them and runs this in it.

The protocol was written after single trial calls and a first look at the public tables, and before the figures of the
record. One thing was changed after the first of these: reference points below 1e-60, which are rounding, are left out.

- Laws are in S0, location 0, scale 1. Each package is asked by its own documented interface with its defaults.
- accuracy: relative errors of density and smaller tail at the reference points beside the tests (mpmath and ball
  arithmetic), within the alpha that a package takes. "ordinary" points have alpha in [0.55, 1.95] but not within 0.01
  of 1, |beta| up to 0.95 and |x| up to 20; all others are edges and tails. AUB-HTP, which takes
  seconds for a law and integrates its density for each tail, is asked at every fourth point.
- tables: Nolan's quantiles and densities from FOLDER, a checkout of ragibson/levy-stable-benchmarks. Every row is
  compared with gni. A row that is off by more than 1e-4 of the smaller tail (or density), beyond what half a unit of
  the last digit of x explains, is worked out by a third method, Zolotarev's integral in mpmath, and is called wrong
  where that says so. Of laws drawn at random all packages are compared, at the rows that are right and whose rounding
  of x matters less than 1e-7.
- speed: seconds of single calls on one thread (of processor time from 0.1 s on, below that of the wall clock), of laws
  drawn at random, alpha in [0.55, 1.95), beta in [-0.95, 0.95), where all packages have values. Every call is for a law
  of its own, and tasks and packages take turns. "new law" is the first call with a law, after other laws warmed the
  process; "again" is the second call of that kind, with the same law and other points, the shortest of five where that
  takes less than 0.1 s. The page shows medians over laws. A package of which a call takes more than 10 s is asked no
  more.
- fits: all four parameters of fresh samples, on one thread, every package on the same ones. A package whose fit takes
  more than 60 s of processor time is asked no more, at that size and larger ones. The nats by which a fit is below the
  best of all say how good it is.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is imported

import argparse  # noqa: E402
import csv  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import re  # noqa: E402
import secrets  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from peer_accuracy import at_reference_points, at_tables, public_rows, wrong_rows  # noqa: E402
from peer_packages import Package, packages  # noqa: E402
from peer_speed import fits, times  # noqa: E402

DOCS = Path(__file__).parents[1] / "docs"
RECORD, WRONG = DOCS / "peers.json", DOCS / "peers-tables.csv"
_CPU_INFO = Path("/proc/cpuinfo")


def about(seed: int, all_packages: list[Package]) -> dict[str, object]:
    """What a reader needs to know of a part: when, with what, on what."""
    model = re.search(r"model name\s*:\s*(.*)", _CPU_INFO.read_text()) if _CPU_INFO.exists() else None
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}", "seed": seed,
        "versions": {each.name: each.version for each in all_packages}
        | {"NumPy": np.__version__, "Python": platform.python_version()},
        "cores": os.cpu_count(), "cpu": model[1] if model else platform.machine(),
    }  # fmt: skip


def tables(folder: Path, all_packages: list[Package], n_laws: int, rng: np.random.Generator) -> dict[str, object]:
    """The public tables: what is wrong in them, in a file of its own, and what each package makes of the rest."""
    rows = public_rows(folder)
    wrong = wrong_rows(all_packages[0], rows)
    with WRONG.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(wrong[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(wrong)
    counted = {name: sum(row.table == name for row in rows) for name in ("quantiles", "densities")}
    return {"rows_of_tables": counted, "doubted": len(wrong)} | at_tables(all_packages, rows, wrong, n_laws, rng)


def main() -> None:
    """Measure the parts asked for, and put them into the record in place of the old ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="accuracy, tables, speed, fits; all by default")
    parser.add_argument("--tables", metavar="FOLDER", type=Path, help="a checkout of ragibson/levy-stable-benchmarks")
    parser.add_argument(
        "--laws", type=int, default=15, help="laws drawn at random for the speeds; a third for the fits"
    )
    parser.add_argument("--seed", type=int, default=None, help="of these; another at each run by default")
    arguments = parser.parse_args()
    all_packages = packages()
    parts: dict[str, Callable[[np.random.Generator], object]] = {
        "accuracy": lambda rng: {each.name: at_reference_points(each) for each in all_packages},
        "tables": lambda rng: tables(arguments.tables, all_packages, 60, rng),
        "speed": lambda rng: times(all_packages, arguments.laws, rng),
        "fits": lambda rng: fits(all_packages, max(arguments.laws // 3, 1), rng),
    }
    wanted = arguments.parts or [name for name in parts if name != "tables" or arguments.tables]
    if unknown := set(wanted) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; choose from {', '.join(parts)}")
    if "tables" in wanted and arguments.tables is None:
        parser.error("the part tables needs --tables FOLDER")
    for name in wanted:
        seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
        sys.stdout.write(f"{name}, seed {seed}\n")
        sys.stdout.flush()
        start = time.time()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # quadratures of the peers that are unsure
            found = parts[name](np.random.default_rng(seed))
        record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
        record[name] = {"about": about(seed, all_packages), "found": found}
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        sys.stdout.write(f"{name}: {(time.time() - start) / 60.0:.1f} minutes\n")


if __name__ == "__main__":
    main()
