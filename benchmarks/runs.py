"""How long it takes to list many run folders, some of them damaged: `python benchmarks/runs.py [--small]`.

5,000 folders of `gni train`, 50 of them damaged, are listed by `gni runs list` in a process of its own: once with an
empty cache, then several times with what it kept. Wanted: the latter in under a second.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GNI = str(Path(sys.executable).with_name("gni"))
DAMAGES = ("manifest.json", "results.json", "metrics.csv", ".hydra/config.yaml")
ROUNDS = 5


def one_run(root: Path) -> dict[str, bytes]:
    """The files of a run that say what it is."""
    words = ["train", "steps=20", "eval_every=1", f"run.dir={root / 'one'}"]
    subprocess.run([GNI, *words], check=True, capture_output=True)
    names = ("manifest.json", "results.json", "metrics.csv", ".hydra/config.yaml", ".hydra/overrides.yaml")
    return {name: (root / "one" / name).read_bytes() for name in names}


def fill(outputs: Path, files: dict[str, bytes], n_runs: int, n_damaged: int) -> None:
    """Folders as so many commands would have made them, whose losses differ; every k-th lacks the end of a file."""
    results = json.loads(files["results.json"])
    for number in range(n_runs):
        minute, day = divmod(number, 28)
        folder = outputs / "train" / f"2026-11-{day + 1:02d}" / f"10-00-00-{minute:06d}-{number:04x}"
        (folder / ".hydra").mkdir(parents=True)
        results["test_loss"]["value"] = number / n_runs
        own = files | {"results.json": json.dumps(results).encode()}
        if number % (n_runs // n_damaged) == 0:
            name = DAMAGES[number // (n_runs // n_damaged) % len(DAMAGES)]
            own[name] = own[name][: len(own[name]) // 2] + b"\xff"
        for name, content in own.items():
            (folder / name).write_bytes(content)


def seconds(outputs: Path, *words: str) -> tuple[float, str]:
    """The wall time of a listing, and what it printed."""
    begin = time.perf_counter()
    done = subprocess.run([GNI, "runs", "list", str(outputs), *words], check=True, capture_output=True, text=True)
    return time.perf_counter() - begin, done.stdout


def main() -> None:
    """Print the times, and their ratios to that of `gni --version`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="500 folders: whether the script works")
    n_runs = 500 if parser.parse_args().small else 5000
    n_damaged = n_runs // 100
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
        fill(root / "outputs", one_run(root), n_runs, n_damaged)
        time.sleep(3)  # what has just been written is not kept
        first, told = seconds(root / "outputs")
        if f"{n_damaged} damaged" not in told:
            sys.exit(f"{n_damaged} damaged ones were to be listed: {told[-200:]}")
        plain = [seconds(root / "outputs")[0] for _ in range(ROUNDS)]
        chosen = [
            seconds(root / "outputs", "noise=add", "test_loss<0.2", "--sort", "test_loss")[0] for _ in range(ROUNDS)
        ]
        starts = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            subprocess.run([GNI, "--version"], check=True, capture_output=True)
            starts.append(time.perf_counter() - begin)
    start, listed = statistics.median(starts), statistics.median(plain)
    print(f"gni --version: {start:.2f} s")
    print(f"{n_runs} runs, {n_damaged} of them damaged: {first:.1f} s at first, then {listed:.2f} s (under 1 s wanted)")
    print(f"  {first / listed:.0f} x less than at first, {listed / start:.1f} x a start of gni")
    print(f"  chosen by two conditions and sorted: {statistics.median(chosen):.2f} s")


if __name__ == "__main__":
    main()
