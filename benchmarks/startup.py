"""How long `gni` takes to start, against an empty Python, and to import `gnicli.stable`, against NumPy.

Medians of interleaved runs.

python benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

GNI = str(Path(sys.executable).with_name("gni"))
EMPTY = "python -c pass"
NUMPY = "import numpy"
STABLE = "from gnicli.stable import StableLaw"
COMMANDS = {
    EMPTY: [sys.executable, "-c", "pass"],
    "gni --help": [GNI, "--help"],
    "gni train --help": [GNI, "train", "--help"],
    "gni train --cfg job": [GNI, "train", "--cfg", "job"],
    "completion of dataset=sv": [GNI],
    NUMPY: [sys.executable, "-c", NUMPY],
    STABLE: [sys.executable, "-c", STABLE],
}
LIMITS = {"gni --help": 6.0, "gni train --cfg job": 30.0, STABLE: 2.5}
COMPLETION = {
    "_GNI_COMPLETE": "complete_bash",
    "COMP_WORDS": "gni\ntrain\ndataset\n=\nsv",
    "COMP_CWORD": "4",
}


def seconds(name: str) -> float:
    """Wall time of one run."""
    environment = os.environ | (COMPLETION if name.startswith("completion") else {})
    begin = time.perf_counter()
    subprocess.run(COMMANDS[name], stdout=subprocess.DEVNULL, check=True, env=environment)
    return time.perf_counter() - begin


def measure(rounds: int) -> dict[str, float]:
    """The median wall time of each command over `rounds` interleaved runs, after one that warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_number in range(rounds + 1):
        for name, taken in times.items():
            spent = seconds(name)
            if round_number:
                taken.append(spent)
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> int:
    """Print the table; 1 if a limit is passed."""
    medians = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
    passed = True
    print(f"{'command':<28}{'median ms':>10}{'ratio':>8}{'limit':>8}")
    for name, median in medians.items():
        ratio = median / medians[NUMPY if name == STABLE else EMPTY]
        limit = LIMITS.get(name)
        passed &= limit is None or ratio <= limit
        print(f"{name:<28}{median * 1e3:>10.1f}{ratio:>8.1f}{'' if limit is None else f'{limit:g}':>8}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
