"""Checkpoints: one safetensors file each, with a sum over all it holds, replaced atomically.

`checkpoint.safetensors` is the newest state and `checkpoint.prev` the one before. Each holds the arrays of a `State`
and, as one JSON text in the header, its step and values, the essential config, and the length of metrics.csv at that
step. Nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gnicli import files, memory
from gnicli.contracts.observer import State
from gnicli.engine import provenance, records
from gnicli.errors import ConflictError, DataError, ResourceError

CURRENT = "checkpoint.safetensors"
PREVIOUS = "checkpoint.prev"
DAMAGED = "checkpoint.damaged"
FORMAT = 1
_HEADER_KEY = "gni"  # one key: safetensors writes several in no fixed order, and equal states must have equal bytes


class Checkpoint(NamedTuple):
    """A state that was read, and the length of metrics.csv when it was saved."""

    state: State
    metrics_bytes: int


def _sum(header: Mapping[str, object], arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).data.cast("B") if array.size else b"")
    return digest.hexdigest()


def encode(state: State, config: Mapping[str, object], metrics_bytes: int) -> bytes:
    """The bytes of a checkpoint; equal states of equal configs have equal bytes."""
    from safetensors.numpy import save as to_bytes

    # order="C" and not ascontiguousarray: that one gives 0-dimensional arrays a dimension.
    arrays = {name: np.asarray(array, order="C") for name, array in state.arrays.items()}
    header = {
        "format": FORMAT,
        "step": int(state.step),
        "values": dict(state.values),
        "fingerprint": provenance.fingerprint(config),
        "config": provenance.essential(config),
        "metrics_bytes": int(metrics_bytes),
    }
    header = json.loads(json.dumps(header))  # what is summed is what will be read
    return to_bytes(arrays, {_HEADER_KEY: json.dumps({**header, "sha256": _sum(header, arrays)})})


def save(folder: Path, content: bytes, last_good: int | None) -> None:
    """Make `content` the newest checkpoint and the newest the previous one.

    Raises `ResourceError` when the machine cannot hold it; the last good state then still loads.
    """
    try:
        files.replace(folder / CURRENT, content, keep=folder / PREVIOUS)
    except ResourceError as error:
        kept = "none was saved before" if last_good is None else f"last good: step {last_good}"
        raise ResourceError(f"cannot save checkpoint: {_reason(folder, error, len(content))}; {kept}") from error


def _reason(folder: Path, error: ResourceError, n_bytes: int) -> str:
    cause = error.__cause__
    number = cause.errno if isinstance(cause, OSError) else None
    text = os.strerror(number).lower() if number else "failed"
    if number not in (errno.ENOSPC, errno.EDQUOT):
        return f"{text} on {folder}"
    free = 0
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
    return f"no space on {folder} (need {n_bytes / 1e6:.3g} MB, {free / 1e6:.3g} free)"


# ------------------------------------------------------------------------------------------------------------- reading


def decode(path: Path) -> tuple[records.Header, dict[str, np.ndarray]]:
    """The verified header and arrays of a checkpoint file.

    Raises `DataError` when it is damaged or no checkpoint, `ResourceError` when a later gni wrote it.
    """
    from safetensors import SafetensorError, safe_open

    _refuse_size(path)
    try:
        with safe_open(path, framework="numpy") as stream:
            header = records.parse_json(path, (stream.metadata() or {})[_HEADER_KEY])
            if not isinstance(header, dict):
                raise ValueError("no table")
            # Copies: what safe_open gives is a view of a mapped file that may be replaced.
            arrays = {name: np.array(stream.get_tensor(name)) for name in stream.keys()}  # noqa: SIM118
        expected = header.pop("sha256")
        if _sum(header, arrays) != expected:
            raise ValueError("sha256 differs")
    except (FileNotFoundError, DataError):
        raise
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        if _looks_pickled(path):
            raise DataError(f"{path} is not a gni checkpoint; pickle files are never loaded") from error
        detail = "sha256 differs" if "sha256" in str(error) else "not a whole checkpoint"
        raise DataError(f"{path} is damaged ({detail})") from error
    # The sum is checked first, so that a flipped bit is not taken for a later format.
    version = header.get("format")
    if isinstance(version, int) and FORMAT < version <= records.MAX_COUNT:
        raise ResourceError(f"{path}: format {version}, this gni reads <= {FORMAT}: upgrade gni")
    return records.check_header(path, header), arrays


def _refuse_size(path: Path) -> None:
    """Refuse what is no plain file, and one that memory cannot hold (a sparse file of a terabyte takes no disk)."""
    handle = files.open_regular(path)
    try:
        size, free = os.fstat(handle).st_size, memory.available()
    finally:
        os.close(handle)
    if free is not None and size > free:
        raise ResourceError(f"{path} has {size / 1e9:.3g} GB, and {free / 1e9:.3g} GB of memory are free")


def _looks_pickled(path: Path) -> bool:
    try:
        with os.fdopen(files.open_regular(path), "rb") as stream:
            head = stream.read(4)
    except (OSError, DataError):
        return False
    # A zip file (torch.save) or a bare pickle; 80 0x 00 00 would be the length of a safetensors header.
    return head == b"PK\x03\x04" or (head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5" and head[2:] != b"\0\0")


def load(folder: Path, config: Mapping[str, object], note: Callable[[str], object]) -> Checkpoint | None:
    """The newest state that is whole, or None where the run has saved none.

    A damaged newest one is moved aside, the previous one is taken, and `note` gets a sentence on it. Raises `DataError`
    when none is whole, or a pickle lies in its place; `ConflictError`, naming the first key, when it belongs to another
    config; `ResourceError` when a later gni wrote it.
    """
    troubles: list[str] = []
    for name in (CURRENT, PREVIOUS):
        path = folder / name
        try:
            header, arrays = decode(path)
        except FileNotFoundError:
            continue
        except DataError as error:
            if _looks_pickled(path) or files.kind_of(path) != "a file":
                raise
            troubles.append(str(error))
            continue
        _refuse_other_config(path, header["config"], config)
        length = header["metrics_bytes"]
        if _size(folder / "metrics.csv") < length:
            troubles.append(f"{folder / 'metrics.csv'} is shorter than the {length} bytes that {name} records")
            continue
        if troubles:
            note(f"{troubles[0]}; falling back to the previous, step {header['step']}")
            with contextlib.suppress(OSError):
                # Out of the way, so that the next save does not rotate it over the good one.
                os.replace(folder / CURRENT, folder / DAMAGED)
        return Checkpoint(State(header["step"], arrays, header["values"]), length)
    if troubles:
        raise DataError(f"{troubles[0]}, and there is no previous one that is whole; start a new run")
    return None


def _size(path: Path) -> int:
    return os.lstat(path).st_size if files.require_file(path) else 0


def _refuse_other_config(path: Path, saved: Mapping[str, object], config: Mapping[str, object]) -> None:
    for key, (theirs, ours) in provenance.differences(saved, json.loads(json.dumps(config))).items():
        absent = theirs is None and ours is None
        how = "only one of them has it: another version of gni wrote it" if absent else f"{theirs!r} vs {ours!r}"
        raise ConflictError(f"{path} is of another config: it differs in {key} ({how}); use a new run.dir")


def read_state(folder: Path) -> State | None:
    """The newest whole state of a run, whatever its config, to look at trained weights; None where there is none."""
    found = read_state_and_config(folder)
    return None if found is None else found[0]


def read_state_and_config(folder: Path) -> tuple[State, dict[str, object]] | None:
    """The newest whole state of a run and the essential config that it was saved with; None where there is none.

    Raises `DataError` where a file is whole but not of this form.
    """
    for name in (CURRENT, PREVIOUS):
        path = Path(folder) / name
        try:
            header, arrays = decode(path)
        except (FileNotFoundError, DataError):
            continue
        step, values, config = (header.get(part) for part in ("step", "values", "config"))
        if type(step) is not int or not isinstance(values, dict) or not isinstance(config, dict):
            raise DataError(f"{path} is damaged: its step, values or config are not of their kind")
        return State(step, arrays, values), config
    return None
