"""What the tests with a real Slurm and a real Ray share."""

import json
import os
import shutil
import time
from pathlib import Path

from gnicli.engine.jobs import standing
from gnicli.engine.sweep_records import NOT_STARTED
from gnicli.errors import GniError


def program(name):
    """Where a program is, those of the system included; None where it is not."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def manifest(folder):
    """The manifest in a folder, empty where there is none."""
    try:
        return json.loads((Path(folder) / "manifest.json").read_text())
    except FileNotFoundError:
        return {}


def wait_for(what, condition, seconds=300):
    """Wait until `condition` is true, and return its value."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


def logs_without_run(place):
    """What is known of the jobs that have no run, with what they printed, for each sweep in a folder of sweeps."""
    parts = []
    for plan in sorted(Path(place).glob("*/jobs.json")):
        try:
            jobs = [job for job in standing.read(plan.parent).jobs if job.status == NOT_STARTED]
        except GniError as error:
            parts.append(f"{plan.parent}: {error}")
            continue
        for job in jobs:
            printed = job.log.read_text(errors="replace") if job.log.exists() else ""
            parts.append(f"{plan.parent}, job {job.number}: {job.what_is_known()}\n{printed}".rstrip())
    return "\n".join(parts)
