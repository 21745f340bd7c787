"""What a sweep of many jobs costs: `python benchmarks/sweep.py [--small]`, on an idle machine.

- 40 trainings of about a second: their time in the sweep, over that of the same jobs in one process divided among the
  cores, plus the start of the server. Wanted: at most 1.25.
- The overhead of a job: what its process takes from its start to its end beyond the run itself. Wanted: < 0.2 s.
- 2,000 jobs that do nothing: the memory of the process of the sweep after 10 % and at the end. Wanted: flat.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from gnicli.engine.jobs import processes
from gnicli.engine.jobs.processes import Ended
from gnicli.launch.jobs import preload, unit

TRAIN = ("dataset=digits", "noise=mult", "M=2", "network.depth=2", "network.width=64", "batch_size=100", "threads=1")


class Clock:
    """A watcher that keeps when each job began and ended, and the memory of this process."""

    def __init__(self) -> None:
        self.began_at: dict[int, float] = {}
        self.seconds: dict[int, float] = {}
        self.codes: set[int] = set()
        self.memory: list[int] = []

    def began(self, job: int) -> None:
        """Note the time."""
        self.began_at[job] = time.perf_counter()

    def ended(self, job: int, how: Ended) -> None:
        """Note the time and the memory."""
        self.seconds[job] = time.perf_counter() - self.began_at.pop(job)
        self.codes.add(how.exit_code)
        self.memory.append(_memory())

    def waits(self, job: int) -> None:
        """Nothing waits here."""

    def tick(self) -> None:
        """Nothing is shown."""


def _memory() -> int:
    """Resident bytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def nothing(_: int) -> int:
    """A job that does nothing."""
    return 0


def many(n_jobs: int, n_at_once: int, folder: Path) -> None:
    """Jobs that do nothing: their rate, and the memory of this process."""
    clock, begin = Clock(), time.perf_counter()
    processes.run(
        range(n_jobs), nothing, lambda job: (job,), n_at_once=n_at_once, timeout_s=0.0,
        log=lambda job: folder / "log", held=lambda job: False, watcher=clock,
    )  # fmt: skip
    each = (time.perf_counter() - begin) / n_jobs * n_at_once
    early, late = clock.memory[n_jobs // 10], clock.memory[-1]
    print(f"{n_jobs} jobs that do nothing, {n_at_once} at once: {each * 1e3:.0f} ms of a core each")
    print(f"  memory after a tenth {early / 1e6:.1f} MB, at the end {late / 1e6:.1f} MB ({late / early:.3f} x)")


def trainings(n_jobs: int, n_at_once: int, steps: int, root: Path) -> None:
    """The same trainings in one process and in a sweep, and what a process adds to a run."""
    from gnicli.launch.run_hydra import launch

    words = ["-m", f"seed=range({n_jobs})", *TRAIN, f"steps={steps}"]
    launch("train", [*TRAIN, "steps=1", f"run.dir={root / 'warm'}"])
    launch("train", [*words, "hydra/launcher=basic", f"run.dir={root / 'basic'}"])
    alone = sum(_wall_seconds(root / "basic" / str(job)) for job in range(n_jobs))
    begin = time.perf_counter()
    preload.start("train", 1)
    first = Clock()
    processes.run(
        [0], nothing, lambda job: (job,), n_at_once=1, timeout_s=0.0,
        log=lambda job: root / "log", held=lambda job: False, watcher=first,
    )  # fmt: skip
    server = time.perf_counter() - begin
    # What `gni -m` does besides, composing every job beforehand above all, is in the time of the sweep.
    begin = time.perf_counter()
    launch("train", [*words, f"hydra.launcher.n_jobs={n_at_once}", f"run.dir={root / 'local'}"])
    whole = time.perf_counter() - begin
    each = f"{n_jobs} trainings of {alone / n_jobs:.2f} s, {n_at_once} at once"
    print(f"{each}: {whole:.1f} s after {server:.1f} s for the server")
    print(f"  over (sum of the times)/{n_at_once}: {whole / (alone / n_at_once):.2f} (at most 1.25 wanted)")
    again, clock = root / "local", Clock()
    for job in range(n_jobs):  # begun anew, one at a time: what a process adds to a run
        for path in (again / str(job)).glob("manifest.json"):
            path.unlink()
        for name in ("metrics.csv", "results.json", "report.md", "report.html", "run.log", "checkpoint.safetensors"):
            (again / str(job) / name).unlink(missing_ok=True)
        _remove(again / str(job) / "figures")
    processes.run(
        range(n_jobs), unit.run_job, lambda job: (str(again), job), n_at_once=1, timeout_s=0.0,
        log=lambda job: root / "log", held=lambda job: False, watcher=clock,
    )  # fmt: skip
    if clock.codes != {0}:
        sys.exit(f"jobs failed: {(root / 'log').read_text()[-500:]}")
    over = sorted(clock.seconds[job] - _wall_seconds(again / str(job)) for job in range(n_jobs))
    print(f"  a process adds {over[len(over) // 2]:.2f} s to its run (median; < 0.2 wanted)")


def _remove(folder: Path) -> None:
    if folder.exists():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _wall_seconds(folder: Path) -> float:
    return float(json.loads((folder / "manifest.json").read_text())["wall_seconds"])


def main() -> None:
    """Print the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a few jobs: whether the script works")
    small = parser.parse_args().small
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        trainings(4 if small else 40, 2, 20 if small else 400, Path(folder))
        many(20 if small else 2000, 2, Path(folder))


if __name__ == "__main__":
    main()
