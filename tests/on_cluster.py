"""What the tests with a real Slurm and a real Ray share."""

import json
import os
import shutil
import time
from pathlib import Path


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
