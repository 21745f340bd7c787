"""Jobs that do nothing but end, for tests of the processes that they end in. Each takes a note of its start."""

import os
import signal
import sys
import time
from pathlib import Path


def die(how: str) -> None:
    """End in the way `how`, if it is one of raise, exit, kill, hang and memory."""
    if how == "raise":
        raise ZeroDivisionError("a bug for this test")
    if how == "exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    if how == "memory":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (1 << 32, resource.getrlimit(resource.RLIMIT_AS)[1]))
        _ = bytearray(1 << 34)


def job(folder: str, number: int, how: str) -> int:
    """End in the way `how`."""
    with (Path(folder) / "starts").open("a") as starts:
        starts.write(f"{number} {os.getpid()} {os.getsid(0)}\n")
    print(f"job {number} says {how}", flush=True)
    die(how)
    if how.startswith("sleep"):
        time.sleep(float(how.partition(" ")[2]))
    sys.stderr.write("done\n")
    return 0


class Told:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.ends = {}
        self.most = self.now = 0

    def began(self, job):
        self.now += 1
        self.most = max(self.most, self.now)

    def ended(self, job, how):
        self.now -= 1
        self.ends[job] = how

    def waits(self, job):
        pass

    def stopping(self):
        pass

    def tick(self):
        pass


def main(folder: str, n_at_once: int, timeout_s: float, *hows: str) -> None:
    """Run a job for each word of `hows` and print how each ended, and how many ran at once at most."""
    from gnicli.engine.jobs import processes

    processes.PATIENCE_SECONDS, processes.GRACE_SECONDS = 0.5, 0.5
    processes.warm_up(["breaks_when_imported", "no_such_module"])
    told = Told()
    try:
        processes.run(
            range(len(hows)),
            job,
            lambda number: (folder, number, hows[number]),
            n_at_once=n_at_once,
            timeout_s=timeout_s,
            log=lambda number: Path(folder) / f"{number}.log",
            held=lambda number: False,
            watcher=told,
        )
    except processes.StopNow as stop:
        print(f"stopped {stop.exit_code}")
    for number, how in sorted(told.ends.items()):
        print(number, how.exit_code, how.timed_out, how.stopped, how.what_happened())
    print("at once", told.most, flush=True)
