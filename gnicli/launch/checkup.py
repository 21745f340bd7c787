"""What `gni doctor` looks at: versions, devices, folders, data sets, plug-ins; and what mends each thing that is wrong.

Nothing is fetched and nothing is left behind.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gnicli import memory, registry
from gnicli.errors import GniError

OK, MISSING, WRONG = "ok", "missing", "wrong"  # what is missing is not needed by everybody
LEAST_FREE = 1e9  # bytes on the disk of the output folder: some hundred runs
PACKAGES = (
    "torch", "hydra-core", "omegaconf", "numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "rich", "typer",
    "safetensors", "filelock", "jinja2",
)  # fmt: skip
_INSTALL = "install gni anew, which installs what it needs: pip install --force-reinstall PATH-OR-WHEEL-OF-GNI"


class Finding(NamedTuple):
    """One thing that was looked at: its state (`OK`, `MISSING`, `WRONG`), what it is, and what mends it."""

    name: str
    state: str
    said: str
    mend: str = ""


def findings() -> Iterator[Finding]:
    """Look at one thing after another."""
    yield versions()
    yield device()
    yield outputs()
    yield space()
    yield cache()
    yield from data_sets()
    yield from plugins()


def versions() -> Finding:
    """Python, gni and the packages that it needs."""
    from gnicli import __version__

    told, lacking = [f"python {'.'.join(map(str, sys.version_info[:3]))}", f"gni {__version__}"], []
    for package in PACKAGES:
        try:
            told.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            lacking.append(package)
    if lacking:
        return Finding("versions", WRONG, f"not installed: {', '.join(lacking)}", _INSTALL)
    return Finding("versions", OK, ", ".join(told))


def device() -> Finding:
    """Whether torch can be imported, and what it computes on."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Finding("device", WRONG, f"torch cannot be imported: {' '.join(str(error).split())}", _INSTALL)
    room = memory.available()
    told = f"cpu with {os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads"
    told += "" if room is None else f", {room / 1e9:.3g} GB of memory are free"
    if not torch.cuda.is_available():
        return Finding("device", OK, f"{told}; no CUDA device")
    names = ", ".join(f"cuda:{n} {torch.cuda.get_device_name(n)}" for n in range(torch.cuda.device_count()))
    return Finding("device", OK, f"{told}; {names}")


def _output_folder() -> Path:
    from gnicli.engine.folders import output_root

    return output_root().absolute()


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _not_writable(folder: Path) -> str:
    """Why no file can be made in a folder, or in the one that it would be made in; "" where one can."""
    place = _existing(folder)
    if not place.is_dir():
        return f"{place} is a file, not a folder"
    try:
        with tempfile.TemporaryFile(dir=place):
            return ""
    except OSError as error:
        return f"{place} cannot be written: {(error.strerror or str(error)).lower()}"


def outputs() -> Finding:
    """Whether runs can be written."""
    folder = _output_folder()
    reason = _not_writable(folder)
    if reason:
        return Finding("outputs", WRONG, reason, "choose another folder: export GNI_OUTPUTS=FOLDER, or run.root=FOLDER")
    return Finding("outputs", OK, f"{folder} can be written")


def space() -> Finding:
    """Whether the disk of the output folder has room."""
    place = _existing(_output_folder())
    free = shutil.disk_usage(place).free
    if free < LEAST_FREE:
        mend = "remove runs that are no longer needed, or choose another disk: export GNI_OUTPUTS=FOLDER"
        return Finding("space", WRONG, f"{free / 1e6:.0f} MB are free for runs", mend)
    return Finding("space", OK, f"{free / 1e9:.3g} GB are free for runs")


def cache() -> Finding:
    """Whether data sets can be kept; those that lie in it are read all the same."""
    from gnicli.dataset.store import cache_folder

    folder = cache_folder()
    reason = _not_writable(folder)
    if reason:
        return Finding("data folder", WRONG, reason, "choose another folder: export GNI_DATA_DIR=FOLDER")
    return Finding("data folder", OK, f"{folder} can be written")


def data_sets() -> Iterator[Finding]:
    """Each data set: built in, there, or what gets it."""
    from gnicli.dataset.store import WITHOUT_NETWORK, condition, offline, size_text

    for name in registry.own_names("dataset"):
        component = registry.find("dataset", name)
        if not hasattr(component, "everything"):
            yield Finding(f"dataset={name}", OK, "built in")
            continue
        files = component().needed()
        states = {wanted.name: condition(wanted) for wanted in files}
        lacking = [file for file, state in states.items() if state in ("absent", "partial")]
        if not lacking:
            yield Finding(f"dataset={name}", OK, f"{len(files)} files in {files[0].folder}")
            continue
        size = size_text(sum(wanted.size or 0 for wanted in files if wanted.name in lacking))
        fetch = f"gni data fetch {name}"
        if offline():
            fetch = f"GNI_OFFLINE is set; on a machine with network run: {fetch}; {WITHOUT_NETWORK}"
        yield Finding(f"dataset={name}", MISSING, f"{len(lacking)} of {len(files)} files are not here ({size})", fetch)


def plugins() -> Iterator[Finding]:
    """Each component that another package brings: whether it loads."""
    for group in registry.GROUPS:
        for member in registry.members(group).values():
            if member.built_in:
                continue
            name = f"{group}={member.name}"
            try:
                member.load()
            except GniError as error:
                mend = f"repair that package, or remove it: pip uninstall {member.origin}"
                yield Finding(name, WRONG, str(error), mend)
            else:
                yield Finding(name, OK, f"from the package {member.origin}")
