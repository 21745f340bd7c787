"""What the JSON and YAML of a run folder may hold: each file is checked whole, right after it was parsed.

A run folder may come from a stranger, or from a disk that failed. Whatever is wrong with it becomes one `DataError`
that names the file and the key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypedDict, TypeGuard

from gnicli import files
from gnicli.engine import yaml_files
from gnicli.engine.manifest import Manifest
from gnicli.errors import DataError

MAX_DEPTH = 64
MAX_JSON_BYTES = 64 << 20
MAX_COUNT = 2**53
_MAX_JOBS = 1_000_000
_MAX_SECONDS = 1e12
_STATUSES = ("running", "completed", "failed", "interrupted", "diverged", "submitted")

Check = Callable[[object], bool]


def parse_json(path: Path, content: bytes | str) -> object:
    """The JSON text of `path`. Raises `DataError` where it is none, or nested deeper than `MAX_DEPTH`."""
    try:
        value: object = json.loads(content)
    except RecursionError as error:
        raise damaged(path, f"nested more than {MAX_DEPTH} deep") from error
    except ValueError as error:
        raise damaged(path, str(error).splitlines()[0]) from error
    if _is_deeper(value, MAX_DEPTH):
        raise damaged(path, f"nested more than {MAX_DEPTH} deep")
    return value


def read_json(path: Path) -> object:
    """The JSON file at `path`. Raises `FileNotFoundError`, or `DataError` where it is damaged or no file."""
    try:
        return parse_json(path, files.read_regular(path, MAX_JSON_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} cannot be read: {reason.lower()}") from error


def damaged(path: Path, how: str) -> DataError:
    """The error for a file that does not hold what it must."""
    return DataError(f"{path} is damaged: {how}")


def _is_deeper(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return False
    return True


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


# ------------------------------------------------------------------------------------------------------------ manifest


def _text(value: object) -> bool:
    return isinstance(value, str)


def _is_integer(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_SECONDS


def _scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def is_texts(value: object) -> TypeGuard[list[str]]:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(map(_text, value))


def _table_of(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _steps(value: object) -> bool:
    return isinstance(value, list) and all(step is None or _is_integer(step, 0, MAX_COUNT) for step in value)


def _array_note(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    shape = value.get("shape", [])
    sizes = isinstance(shape, list) and all(_is_integer(size, 0, MAX_COUNT) for size in shape)
    return sizes and _text(value.get("dtype", "")) and _text(value.get("meaning", ""))


def _about(value: object) -> bool:
    conditions = value.get("conditions", {}) if isinstance(value, dict) else None
    return isinstance(value, dict) and _text(value.get("title", "")) and _table_of(_text)(conditions)


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


_MANIFEST: dict[str, Check] = {
    "status": lambda value: _text(value) and value in _STATUSES,
    "kind": lambda value: value in ("run", "sweep"),
    "command": _text,
    "command_line": _text,
    "argv": is_texts,
    "overrides": is_texts,
    "fingerprint": _text,
    "seed": _scalar,
    "git": _table_of(_scalar),
    "code": _text,
    "versions": _table_of(_scalar),
    "error": _text,
    "start": _text,
    "end": _or_none(_text),
    "resumed": _or_none(_text),
    "host": _text,
    "pid": lambda value: _is_integer(value, 1, 2**31 - 1),
    "process": _or_none(_text),
    "wall_seconds": _seconds,
    "engine_seconds": _seconds,
    "part_seconds": _table_of(_seconds),
    "resumed_from": _steps,
    "device": _text,
    "threads": _or_none(lambda value: _is_integer(value, 1, 2**31 - 1)),
    "arrays": _table_of(_array_note),
    "about": _about,
    "warnings": is_texts,
    "n_jobs": _or_none(lambda value: _is_integer(value, 0, _MAX_JOBS)),
}


def check_manifest(path: Path, manifest: object) -> Manifest:
    """The content of a manifest, if its known keys hold what gni writes there; keys that it does not know may stay."""
    if not _has_status(manifest):
        raise damaged(path, "no status in it")
    _check(path, manifest, _MANIFEST)
    return manifest


def _has_status(manifest: object) -> TypeGuard[Manifest]:
    return isinstance(manifest, dict) and "status" in manifest


def require_described(path: Path, manifest: Manifest) -> None:
    """Raise `DataError` where a run that is to go on does not say what it is."""
    for key in ("command", "command_line"):
        if key not in manifest:
            raise damaged(path, f"{key} is missing")


def _check(path: Path, found: Mapping[str, object], checks: Mapping[str, Check]) -> None:
    for key, check in checks.items():
        if key in found and not check(found[key]):
            raise damaged(path, f"{key} is {_shown(found[key])}")


def _shown(value: object) -> str:
    if isinstance(value, int) and not -(10**20) < value < 10**20:  # Python does not print the largest ones
        return "a number of too many digits"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


class Header(TypedDict):
    """The header of a checkpoint; `metrics_bytes` is the length of metrics.csv when it was saved."""

    format: int
    step: int
    values: dict[str, object]
    config: dict[str, object]
    metrics_bytes: int


_HEADER: dict[str, Check] = {
    "format": lambda value: _is_integer(value, 0, MAX_COUNT),
    "step": lambda value: _is_integer(value, 0, MAX_COUNT),
    "values": lambda value: isinstance(value, dict),
    "config": lambda value: isinstance(value, dict),
    "metrics_bytes": lambda value: _is_integer(value, 0, 2**62),
}


def check_header(path: Path, header: object) -> Header:
    """The header of a checkpoint, which must have each of its keys."""
    if not _is_table(header):
        raise damaged(path, "its header is no table")
    for key in _HEADER:
        if key not in header:
            raise damaged(path, f"{key} is missing in its header")
    _check(path, header, _HEADER)
    return header


def _is_table(header: object) -> TypeGuard[Header]:
    return isinstance(header, dict)


# ------------------------------------------------------------------------------------------------- saved configuration


def read_config(folder: Path) -> dict[str, object]:
    """The configuration that a run saved: nested tables, lists and scalars, as `.hydra/config.yaml` has them.

    References (`${…}`) stay text, since what gni saves is resolved. Raises `DataError` where it cannot be read.
    """
    path = Path(folder) / ".hydra" / "config.yaml"
    try:
        files.require_folder(path.parent)
        content = yaml_files.parse(str(path), files.read_regular(path, yaml_files.MAX_BYTES)).content
    except FileNotFoundError as error:
        raise DataError(f"{path}: the saved configuration is missing; start the run anew") from error
    except (OSError, DataError, yaml_files.Malformed) as error:
        reason = (getattr(error, "strerror", None) or str(error)).removeprefix(f"{path}:").strip()
        raise DataError(f"{path}: the saved configuration cannot be read: {reason}") from error
    return {str(key): value for key, value in content.items()}
