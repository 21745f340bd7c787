"""What a sweep of many jobs costs: `python benchmarks/sweep.py [--small] [--jobs N]`, on an idle machine.

- 40 trainings of about a second, two at once. Each has its time from the request for its process to the end of it. The
  time of the whole sweep, without that in which the server starts, is compared with half of the sum of these.
  Wanted: at most 1.25.
- The overhead of a job: that time of a job that trains for one step, without what of it the run itself takes (from its
  folder to its last file: training, figures, reports), which it takes outside of a sweep too. Wanted: < 0.2 s.
- N (2,000) such jobs: the memory of the process of the sweep and of the server after a tenth of them and at the end
  (wanted: flat), and the time that `gni sweep status` takes then (wanted: < 2 s).

Others who use the machine lengthen all of these, so the time on a core (user and system) of the jobs is printed too.
"""

import argparse
import contextlib
import io
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import NamedTuple

from gnicli.cli import main as gni
from gnicli.engine.jobs import board, processes
from gnicli.engine.jobs.processes import Ended
from gnicli.launch.jobs import preload

TRAIN = ("dataset=digits", "noise=mult", "M=2", "network.depth=2", "network.width=64", "batch_size=100", "threads=1")


class Clock:
    """A watcher that keeps nothing: it waits for the first process, for which the server must be ready."""

    def began(self, job: int) -> None:
        """Nothing is kept."""

    def ended(self, job: int, how: Ended) -> None:
        """Nothing is kept."""

    def waits(self, job: int) -> None:
        """Nothing waits here."""

    def stopping(self) -> None:
        """Nothing is stopped."""

    def tick(self) -> None:
        """Nothing is shown."""


class Seen(NamedTuple):
    """What was seen when a job ended: how long its process took, and the memory (bytes) of sweep and server."""

    seconds: float
    sweep: int
    server: int


@contextlib.contextmanager
def watched() -> Iterator[list[Seen]]:
    """Within it, what is seen of the jobs that end."""
    seen: list[Seen] = []
    ended = board.Board.ended

    def kept(self: board.Board, job: int, how: Ended) -> None:
        seen.append(Seen(how.seconds, _memory(os.getpid()), _memory(_server())))
        ended(self, job, how)

    board.Board.ended = kept  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        board.Board.ended = ended  # type: ignore[method-assign]


def _server() -> int:
    return forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined,no-any-return]


def _memory(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def start_server(root: Path) -> float:
    """Start the server; returns the seconds until it has made its first process."""
    begin = time.perf_counter()
    preload.start("train", 1)
    processes.run(
        [0], int, lambda job: (job,), n_at_once=1, timeout_s=0.0,
        log=lambda job: root / "log", held=lambda job: False, watcher=Clock(),
    )  # fmt: skip
    return time.perf_counter() - begin


def _cores_seconds() -> float:
    """Seconds of a core that the processes of jobs have used, those that have ended: they are the server's children."""
    fields = Path(f"/proc/{_server()}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def sweep(folder: Path, n_jobs: int, steps: int, n_at_once: int) -> tuple[float, list[Seen], float]:
    """A sweep of trainings: its seconds, what was seen of its jobs, and the seconds of a core that they used."""
    before, begin = _cores_seconds(), time.perf_counter()
    words = ["train", "-m", f"seed=range({n_jobs})", *TRAIN, f"steps={steps}", f"run.dir={folder}"]
    with watched() as seen, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if gni([*words, f"hydra.launcher.n_jobs={n_at_once}"]):
            sys.exit(f"the sweep in {folder} failed")
    return time.perf_counter() - begin, seen, _cores_seconds() - before


def _of_runs(folder: Path, n_jobs: int) -> list[float]:
    """The seconds of each run, from its folder to its last file, as its manifest has them."""
    manifests = (json.loads((folder / str(job) / "manifest.json").read_text()) for job in range(n_jobs))
    return [float(manifest["wall_seconds"]) for manifest in manifests]


def overhead(n_jobs: int, folder: Path) -> None:
    """Jobs of one step, one at a time: what each takes, and what of it the sweep adds to its run."""
    _, seen, used = sweep(folder, n_jobs, 1, 1)
    whole = statistics.median(each.seconds for each in seen)
    own = statistics.median(_of_runs(folder, n_jobs))
    print(f"a job of one step: {whole:.2f} s ({used / n_jobs:.2f} s of a core)")
    print(f"  of these its run, from its folder to its last file with figures and reports: {own:.2f} s")
    print(f"  and what the sweep adds, its process: {whole - own:.2f} s (< 0.2 wanted)")


def trainings(n_jobs: int, n_at_once: int, steps: int, folder: Path) -> None:
    """The time of a sweep beside the times of its jobs."""
    whole, seen, used = sweep(folder, n_jobs, steps, n_at_once)
    alone = sum(each.seconds for each in seen)
    runs = sum(_of_runs(folder, n_jobs))
    print(f"{n_jobs} trainings, {n_at_once} at once: {whole:.1f} s; a job {alone / n_jobs:.2f} s "
          f"({used / n_jobs:.2f} s of a core), its run {runs / n_jobs:.2f} s")  # fmt: skip
    print(f"  over (sum of the jobs)/{n_at_once}: {whole / (alone / n_at_once):.2f} (at most 1.25 wanted); "
          f"over (sum of the runs)/{n_at_once}: {whole / (runs / n_at_once):.2f}")  # fmt: skip


def many(n_jobs: int, n_at_once: int, folder: Path) -> None:
    """Many jobs of one step: memory, and the time of the table."""
    whole, seen, used = sweep(folder, n_jobs, 1, n_at_once)
    early, late = seen[n_jobs // 10], seen[-1]
    ended = statistics.mean(each.seconds for each in seen)
    print(f"{n_jobs} jobs of one step, {n_at_once} at once: {whole:.0f} s, a job {ended:.2f} s "
          f"({used / n_jobs:.2f} s of a core)")  # fmt: skip
    for name, one, other in (("sweep", early.sweep, late.sweep), ("server", early.server, late.server)):
        print(f"  memory of the {name} after a tenth {one / 1e6:.1f} MB, at the end {other / 1e6:.1f} MB")
    with contextlib.redirect_stdout(io.StringIO()):
        begin, used = time.perf_counter(), time.process_time()
        gni(["sweep", "status", str(folder)])
        begin, used = time.perf_counter() - begin, time.process_time() - used
    print(f"  gni sweep status: {begin:.2f} s ({used:.2f} s of a core; < 2 wanted)")


def main() -> None:
    """Print the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a few jobs: whether the script works")
    parser.add_argument("--jobs", type=int, default=2000, help="jobs of the last part; 0 leaves it out")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"the server: {start_server(root):.1f} s")
        overhead(3 if given.small else 20, root / "one")
        trainings(4 if given.small else 40, 2, 20 if given.small else 1000, root / "forty")
        n_jobs = min(given.jobs, 20) if given.small else given.jobs
        if n_jobs:
            many(n_jobs, 2, root / "many")


if __name__ == "__main__":
    main()
