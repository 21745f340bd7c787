"""What is kept of runs so that their folders need not be read again: one JSON file for each folder of runs.

The files lie in the user's own cache, not among the runs: who lists a folder does not write into it, and need not be
allowed to. They may be deleted at any time. What is kept of a run counts only as long as no file of it has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gnicli import files
from gnicli.dataset import store
from gnicli.engine import folders, provenance, tables
from gnicli.engine.manifest import Manifest
from gnicli.engine.run import PARTS, Run
from gnicli.engine.run_index.parts import Parts
from gnicli.errors import GniError

WORTH = 20  # so many runs that had to be read are worth a new file
# A file that was changed so shortly before it was read may be changed again within the same tick of its clock.
SETTLED_NS = 2_000_000_000
_MAX_BYTES = 1 << 30
# Of the manifest a listing needs these alone; the rest is most of it.
_OF_MANIFEST = ("status", "kind", "command", "overrides", "seed", "error", "start", "end", "host", "pid", "process",
                "wall_seconds", "warnings", "n_jobs")  # fmt: skip


class Signature(NamedTuple):
    """What changes when a file of a run does, in short, and the time (ns) of the last change."""

    digest: str
    newest: int

    def is_settled(self, now: int) -> bool:
        """Whether a change after `now` (ns) would show in the digest, whatever clock the disk has."""
        return self.newest < now - SETTLED_NS


def sign(folder: str) -> Signature:
    """The signature of the files that say what a run is; nothing is opened."""
    newest = 0
    found: list[tuple[int | None, ...]] = []
    for name in PARTS:
        try:
            status = os.lstat(f"{folder}/{name}")
        except OSError as error:
            found.append((error.errno,))
            continue
        newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
        found.append((status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
    return Signature(hashlib.blake2b(repr(found).encode(), digest_size=12).hexdigest(), newest)


def pack(run: Run, parts: Parts) -> dict[str, Any]:
    """What is kept of a run, as JSON holds it, with its configuration in `parts`."""
    kept = {key: run.manifest[key] for key in _OF_MANIFEST if key in run.manifest}  # type: ignore[literal-required]
    return {
        "status": run.status,
        "message": run.message,
        "manifest": kept,
        "config": parts.numbers(run.config),
        "results": tables.plain_results(run.results),
        "last": {name: str(value) for name, value in run.last.items()},
    }


def unpack(folder: Path, kept: Mapping[str, Any], parts: Parts) -> Run:
    """The inverse of `pack`; whether a running process is still there is looked up. Raises where nothing fits."""
    manifest: Manifest = kept["manifest"]
    status, message = kept["status"], kept["message"]
    if manifest.get("status") == "running" and status in ("running", "lost"):
        status = folders.status_now(manifest)
    run = Run(
        folder,
        status,
        manifest.get("command", ""),
        message,
        parts.config(kept["config"]),
        tables.results_of(kept["results"]),
        manifest,
    )
    vars(run)["last"] = {name: float(value) for name, value in kept["last"].items()}  # the file is not read for it
    return run


class Store:
    """What is kept of the runs below one folder, by their paths from there."""

    def __init__(self, root: Path) -> None:
        """Read what there is: nothing of a damaged file, or of one by other code, which may judge runs otherwise."""
        self._root = os.fspath(root)
        name = hashlib.blake2b(os.fsencode(self._root), digest_size=8).hexdigest()
        self._path = store.user_cache() / "runs" / f"{name}.json"
        self._kept, self._parts = self._read()
        self._now: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._n_new = 0
        self._begin = time.time_ns()

    def _read(self) -> tuple[dict[str, Any], Parts]:
        try:
            found: Any = json.loads(files.read_regular(self._path, _MAX_BYTES))
            fits = found["code"] == provenance.source() and found["root"] == os.fsencode(self._root).hex()
            return (dict(found["runs"]), Parts(found["parts"])) if fits else ({}, Parts())
        except (GniError, OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}, Parts()

    def get(self, path: str, signature: Signature) -> Run | None:
        """The run at a path from the root, if it is kept and its signature is still this one."""
        try:
            digest, kept = self._kept[path]
            if digest != signature.digest:
                return None
            run = unpack(Path(self._root, path), kept, self._parts)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
            return None
        self._now[path] = (digest, kept)
        return run

    def put(self, path: str, signature: Signature, run: Run) -> None:
        """Keep a run that was read after it was signed, if a later change of its files is sure to be seen."""
        if signature.is_settled(self._begin):
            self._now[path] = (signature.digest, pack(run, self._parts))
            self._n_new += 1

    def save(self) -> None:
        """Replace the file, where enough is new. A cache that cannot be written is none."""
        if self._n_new < WORTH:
            return
        parts, numbered = self._parts.used(kept["config"] for _, kept in self._now.values())
        runs = {
            path: (digest, {**kept, "config": config})
            for (path, (digest, kept)), config in zip(self._now.items(), numbered, strict=True)
        }
        head = {
            "code": provenance.source(),
            "root": os.fsencode(self._root).hex(),
            "parts": parts.entries,
            "runs": runs,
        }
        with contextlib.suppress(GniError, OSError, ValueError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.replace(self._path, json.dumps(head).encode())
