"""The jobs of a sweep in Slurm's queue: which of Slurm's jobs each is, and what `squeue` says of it.

How a job stands is read from its folder. `squeue` is asked what a folder cannot know: whether a job waits in the queue,
and whether a process on another machine is gone. `sacct` is never asked: few clusters keep its records at hand.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.engine import provenance, records
from gnicli.engine.content import LOGS
from gnicli.engine.manifest import Manifest
from gnicli.errors import DataError, ResourceError

FORMAT = 1
FOLDER = "slurm"  # within `logs`: what submitit writes
FILE = "slurm.json"  # within `logs`: Slurm's number of each job
KEPT_SECONDS = 10.0  # for which an answer of squeue is used again by `known`
_TIMEOUT_SECONDS = 30.0
_ID = re.compile(r"[0-9]{1,18}(_[0-9]{1,9})?")
# States from which Slurm starts no job again. PREEMPTED is one of them: a job that is requeued is PENDING.
OVER = frozenset({
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED",
    "TIMEOUT", "",
})  # fmt: skip
# States in which a job waits for its start, and has no process.
_WAITING = frozenset({"PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"})


class Entry(NamedTuple):
    """A line of squeue: the state of one of Slurm's jobs, and why it waits or how it ended."""

    state: str
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Whether Slurm will not start it any more. A state that is not known may be anything, and is not over."""
        return self.state in OVER

    @property
    def may_run(self) -> bool:
        """Whether it may have a process now: not where it is over, or waits in the queue."""
        return self.state not in OVER and self.state not in _WAITING

    def words(self) -> str:
        """As in `PENDING (Priority)`."""
        return self.state + (f" ({self.reason})" if self.reason not in ("", "None") else "")


GONE = Entry("")  # squeue forgets a job some minutes after its end


class Queue(NamedTuple):
    """Slurm's numbers of the jobs of a sweep, and the answer of squeue; `entries` is None where there is none."""

    ids: Mapping[int, str]
    entries: Mapping[str, Entry] | None

    def of(self, job: int) -> Entry | None:
        """What Slurm knows of a job; None where it was not submitted, or squeue did not answer."""
        if job not in self.ids or self.entries is None:
            return None
        return self.entries.get(self.ids[job], GONE)

    def holds(self, job: int) -> bool:
        """Whether the job is in the queue, or runs."""
        entry = self.of(job)
        return entry is not None and not entry.is_over

    def is_over(self, job: int) -> bool:
        """Whether the job was submitted and has ended, as squeue says or by not knowing it any more."""
        entry = self.of(job)
        return entry is not None and entry.is_over

    def lost(self, sweep: Path, job: int, manifest: Manifest) -> bool:
        """Whether a run whose manifest says `running` was a process of Slurm's that is gone, on whatever machine."""
        entry = self.of(job)
        if entry is None or entry.may_run:
            return False
        mark = _read_mark(sweep, job)
        return mark is not None and mark == [manifest.get("host"), manifest.get("pid"), self.ids[job]]

    def words(self, job: int) -> str:
        """What Slurm knows of a job in words; "" where that is nothing."""
        entry = self.of(job)
        if entry is None or entry is GONE:
            return "" if entry is None else f"Slurm's job {self.ids[job]} is over"
        return f"Slurm's job {self.ids[job]}: {entry.words()}"


NOTHING = Queue({}, None)


# ------------------------------------------------------------------------------------------------- what was submitted


def record(sweep: Path, ids: Mapping[int, str]) -> None:
    """Write down which of Slurm's jobs each job of the sweep is; those submitted before stay where they are not in it.

    Errors as of `files.replace`.
    """
    everything = {**ids_of(sweep), **ids}
    known = {str(job): everything[job] for job in sorted(everything)}
    files.replace(sweep / LOGS / FILE, (json.dumps({"format": FORMAT, "jobs": known}, indent=1) + "\n").encode())


def ids_of(sweep: Path) -> dict[int, str]:
    """Slurm's number of each job that was submitted, as in `{0: "12_0"}`; empty where none was.

    Raises `DataError` where the file is damaged, `ResourceError` where a newer gni wrote it.
    """
    path = sweep / LOGS / FILE
    try:
        found = records.read_json(path)
    except FileNotFoundError:
        return {}
    version = found.get("format") if isinstance(found, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise ResourceError(f"{path}: format {version}, this gni reads <= {FORMAT}: upgrade gni")
    jobs = found.get("jobs") if isinstance(found, dict) else None
    if not isinstance(jobs, dict) or not all(map(_is_pair, jobs.items())):
        raise records.damaged(path, "its jobs are no numbers of Slurm's")
    return {int(job): number for job, number in jobs.items()}


def _is_pair(pair: tuple[object, object]) -> bool:
    job, number = pair
    return (
        isinstance(job, str)
        and re.fullmatch("0|[1-9][0-9]{0,6}", job) is not None
        and isinstance(number, str)
        and _ID.fullmatch(number) is not None
    )


def log_of(sweep: Path, number: str) -> Path:
    """The file that Slurm writes for its job `number`: what was printed before the job had a log of its own."""
    return sweep / LOGS / FOLDER / f"{number}_0_log.out"


def mark(sweep: Path, job: int, number: str) -> None:
    """Write down that this process runs the job as Slurm's job `number`."""
    known = [provenance.host(), os.getpid(), number]
    files.replace(_mark_of(sweep, job), json.dumps(known).encode())


def _mark_of(sweep: Path, job: int) -> Path:
    return sweep / LOGS / f"{job}.slurm"


def _read_mark(sweep: Path, job: int) -> object:
    try:
        return records.read_json(_mark_of(sweep, job))
    except (OSError, DataError):
        return None


# ----------------------------------------------------------------------------------------------------------- asking


def look(sweep: Path) -> Queue:
    """Ask squeue once about the jobs of a sweep. Errors as of `ids_of`; nothing is asked where none was submitted."""
    ids = ids_of(sweep)
    return Queue(ids, ask(ids.values())) if ids else NOTHING


_kept: dict[Path, tuple[float, Queue]] = {}


def known(sweep: Path) -> Queue:
    """As `look`, with an answer that may be `KEPT_SECONDS` old."""
    when, answer = _kept.get(sweep, (float("-inf"), NOTHING))
    if time.monotonic() > when + KEPT_SECONDS:
        answer = look(sweep)
        _kept[sweep] = (time.monotonic(), answer)
    return answer


def ask(numbers: Iterable[str]) -> dict[str, Entry] | None:
    """What squeue says of Slurm's jobs `numbers`, those aside that it has forgotten; None where it does not answer."""
    of_arrays = sorted({number.partition("_")[0] for number in numbers})
    command = ["squeue", "--noheader", "--array", "--states=all", "--format=%i|%T|%r", f"--jobs={','.join(of_arrays)}"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode and "Invalid job id" not in done.stderr:  # all of them are over, and forgotten
        return None
    return parse(done.stdout)


def parse(text: str) -> dict[str, Entry]:
    """The lines of `squeue --format=%i|%T|%r` by Slurm's number; others, as of a plug-in that prints, are left out.

    The state may come with flags (`RUNNING+`) or an explanation (`CANCELLED by 1000`). Of tasks that wait and are not
    told apart (`12_[3-5,8%2]`), each has a line.
    """
    found: dict[str, Entry] = {}
    for line in text.splitlines():
        number, *rest = (part.strip() for part in line.split("|"))
        words = rest[0].split() if rest else []
        if not words or not re.fullmatch("[A-Z_]+[+]?", words[0]):
            continue
        entry = Entry(words[0].rstrip("+"), rest[1] if len(rest) > 1 else "")
        found |= dict.fromkeys(_numbers(number), entry)
    return found


def _numbers(text: str) -> list[str]:
    """Slurm's numbers in `12`, `12_3` or `12_[3-5,8%2]`."""
    if _ID.fullmatch(text):
        return [text]
    match = re.fullmatch(r"([0-9]{1,18})_\[([0-9,-]{1,4096})(%[0-9]+)?\]", text)
    if match is None:
        return []
    found = []
    for part in match[2].split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (not last or last.isdecimal()) and len(last) < 8:
            found += [f"{match[1]}_{index}" for index in range(int(first), int(last or first) + 1)]
    return found
