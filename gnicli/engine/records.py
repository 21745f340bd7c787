"""What the JSON and YAML of a run folder may hold: each file is checked whole, right after it was parsed.

A run folder may come from a stranger, or from a disk that failed. Whatever is wrong with it is told as one `DataError`
that names the file and the key.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from gnicli import files
from gnicli.errors import DataError

MAX_DEPTH = 64
MAX_JSON_BYTES = 64 << 20
# Saved configurations have some kilobytes; the parser is slow, so that a large file would seem to hang.
MAX_CONFIG_BYTES = 256 << 10
MAX_COUNT = 2**53
_MAX_JOBS = 1_000_000
_MAX_SECONDS = 1e12
_STATUSES = ("running", "completed", "failed", "interrupted", "diverged")

Check = Callable[[Any], bool]


def parse_json(path: Path, content: bytes | str) -> Any:
    """The JSON text of `path`. Raises `DataError` where it is none, or nested deeper than `MAX_DEPTH`."""
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise damaged(path, f"nested more than {MAX_DEPTH} deep") from error
    except ValueError as error:
        raise damaged(path, str(error).splitlines()[0]) from error
    if _is_deeper(value, MAX_DEPTH):
        raise damaged(path, f"nested more than {MAX_DEPTH} deep")
    return value


def read_json(path: Path) -> Any:
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


def _is_deeper(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return False
    return True


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


# ------------------------------------------------------------------------------------------------------------ manifest


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _is_integer(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_SECONDS


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _table_of(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _steps(value: Any) -> bool:
    return isinstance(value, list) and all(step is None or _is_integer(step, 0, MAX_COUNT) for step in value)


def _array_note(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    shape = value.get("shape", [])
    sizes = isinstance(shape, list) and all(_is_integer(size, 0, MAX_COUNT) for size in shape)
    return sizes and _text(value.get("dtype", "")) and _text(value.get("meaning", ""))


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


_MANIFEST: dict[str, Check] = {
    "status": lambda value: _text(value) and value in _STATUSES,
    "kind": lambda value: value in ("run", "sweep"),
    "command": _text,
    "command_line": _text,
    "argv": _texts,
    "overrides": _texts,
    "fingerprint": _text,
    "seed": _scalar,
    "git": _table_of(_scalar),
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
    "n_jobs": _or_none(lambda value: _is_integer(value, 0, _MAX_JOBS)),
}


def check_manifest(path: Path, manifest: Any) -> dict[str, Any]:
    """The content of a manifest, if its known keys hold what gni writes there; keys that it does not know may stay."""
    if not isinstance(manifest, dict) or "status" not in manifest:
        raise damaged(path, "no status in it")
    _check(path, manifest, _MANIFEST)
    return manifest


def require_told(path: Path, manifest: Mapping[str, Any]) -> None:
    """Raise `DataError` where a run that is to go on does not say what it is."""
    for key in ("command", "command_line"):
        if key not in manifest:
            raise damaged(path, f"{key} is missing")


def _check(path: Path, found: Mapping[str, Any], checks: Mapping[str, Check]) -> None:
    for key, check in checks.items():
        if key in found and not check(found[key]):
            raise damaged(path, f"{key} is {_shown(found[key])}")


def _shown(value: Any) -> str:
    if isinstance(value, int) and not -(10**20) < value < 10**20:  # Python does not print the largest ones
        return "a number of too many digits"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


_HEADER: dict[str, Check] = {
    "format": lambda value: _is_integer(value, 0, MAX_COUNT),
    "step": lambda value: _is_integer(value, 0, MAX_COUNT),
    "values": lambda value: isinstance(value, dict),
    "config": lambda value: isinstance(value, dict),
    "metrics_bytes": lambda value: _is_integer(value, 0, 2**62),
}


def check_header(path: Path, header: Any) -> dict[str, Any]:
    """The header of a checkpoint, which must have each of its keys."""
    if not isinstance(header, dict):
        raise damaged(path, "its header is no table")
    for key in _HEADER:
        if key not in header:
            raise damaged(path, f"{key} is missing in its header")
    _check(path, header, _HEADER)
    return header


# ------------------------------------------------------------------------------------------------- saved configuration

_MAX_EVENTS = 50_000
_MAX_SCALAR = 20_000


def read_config(folder: Path) -> dict[str, Any]:
    """The configuration that a run saved: nested tables, lists and scalars, as `.hydra/config.yaml` has them.

    References (`${…}`) stay text. Raises `DataError` where it cannot be read; an alias counts as damage, since gni
    writes none and a few of them unfold to any size.
    """
    path = Path(folder) / ".hydra" / "config.yaml"
    try:
        files.require_folder(path.parent)
        content = files.read_regular(path, MAX_CONFIG_BYTES).decode()
    except FileNotFoundError as error:
        raise DataError(f"{path}: the saved configuration is missing; start the run anew") from error
    except DataError as error:
        raise DataError(f"the saved configuration cannot be read: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise DataError(f"{path}: the saved configuration cannot be read: {reason}") from error
    return _parse_config(path, content)


def _parse_config(path: Path, content: str) -> dict[str, Any]:
    import yaml
    from omegaconf import DictConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        _vet_yaml(path, content)
        loaded: Any = OmegaConf.load(io.StringIO(content))
        if not isinstance(loaded, DictConfig):
            raise DataError(f"{path}: the saved configuration is damaged: not a mapping of keys")
        plain: Any = OmegaConf.to_container(loaded)
        _refuse_references(path, plain)
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        RecursionError,
        AttributeError,
        OSError,
        OmegaConfBaseException,
    ) as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise DataError(f"{path}: the saved configuration cannot be read: {reason[:200]}") from error
    return {str(key): value for key, value in plain.items()}


def _vet_yaml(path: Path, content: str) -> None:
    import yaml

    depth = 0
    for number, event in enumerate(yaml.parse(content, Loader=yaml.SafeLoader)):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DataError(f"{path}:{event.start_mark.line + 1}: the saved configuration is damaged: an alias in it")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise DataError(f"{path}: the saved configuration is damaged: nested more than {MAX_DEPTH} deep")
        too_long = isinstance(event, yaml.ScalarEvent) and len(event.value) > _MAX_SCALAR
        if too_long or number > _MAX_EVENTS:
            raise DataError(f"{path}:{event.start_mark.line + 1}: the saved configuration is damaged: far too long")


def _refuse_references(path: Path, value: Any, key: str = "") -> None:
    """What gni saves is resolved. A reference would be resolved here, on another machine: it could read its secrets."""
    if isinstance(value, str) and re.search(r"(?<!\\)\$\{", value):
        raise DataError(f"{path}: the saved configuration is damaged: {key} refers to something else ({value[:60]})")
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in entries:
        _refuse_references(path, part, f"{key}.{name}" if key else str(name))
