"""Where a result comes from: the config's fingerprint, versions and host."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.engine.manifest import Manifest
from gnicli.errors import ConflictError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Keys that decide where and how a run is computed and followed, not what: a resumed run may change them.
INCIDENTAL = ("run", "device", "threads", "logger")
PACKAGES = ("gni", "torch", "numpy", "scipy", "hydra-core", "omegaconf")


def essential(config: Mapping[str, object]) -> dict[str, object]:
    """The part of a plain config that decides the result."""
    return {key: value for key, value in config.items() if key not in INCIDENTAL}


def fingerprint(config: Mapping[str, object]) -> str:
    """16 hexadecimal digits that name the essential config; the order of keys does not matter."""
    text = json.dumps(essential(config), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def leaves(config: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """The keys of a plain config as the command line spells them, with their values."""
    if isinstance(config, Mapping) and config:
        for key, value in config.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, config


def differences(config: Mapping[str, object], other: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Dotted essential keys in which two plain configs differ, with both values (None where a key is absent)."""
    left, right = dict(leaves(essential(config))), dict(leaves(essential(other)))
    keys = list(left) + [key for key in right if key not in left]
    return {key: (left.get(key), right.get(key)) for key in keys if _text(left, key) != _text(right, key)}


def refuse_edited(folder: Path, config: Mapping[str, object], manifest: Manifest) -> None:
    """Refuse to go on with a run whose saved config is no longer the one that it began with.

    Raises `ConflictError`, which names the key where the command line of the run, in its `manifest`, shows it.
    """
    begun = manifest.get("fingerprint")
    if begun is None or begun == fingerprint(config):
        return
    edited = [f"{key} is {now!r}, begun with {then!r}" for key, now, then in _against_overrides(config, manifest)]
    raise ConflictError(
        f"{folder} began with another config (fingerprint {begun}, now {fingerprint(config)}"
        f"{'; ' if edited else ''}{', '.join(edited[:3])}): its .hydra/config.yaml was edited, or another version of "
        "gni wrote it; restore it, or use a new run.dir"
    )


def _against_overrides(config: Mapping[str, object], manifest: Manifest) -> Iterator[tuple[str, object, str]]:
    found = dict(leaves(essential(config)))
    for override in manifest.get("overrides") or ():
        key, _, text = override.partition("=")
        if key in found and not isinstance(found[key], list | dict):
            now = found[key]
            same = json.dumps(now).strip('"').lower() == text.strip("'\"").lower()
            if isinstance(now, str | int | float):
                with contextlib.suppress(ValueError):  # no number: the texts have been compared
                    same = float(now) == float(text)
            if not same:
                yield key, now, text


def _text(leaves: Mapping[str, object], key: str) -> str | None:
    # As text a NaN equals itself, and 1 is not True.
    return json.dumps(leaves[key]) if key in leaves else None


@functools.cache
def _installed() -> dict[str, str | None]:
    return {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def versions(config: DataclassInstance | None = None) -> dict[str, str | None]:
    """Versions of Python and of the packages that numbers depend on, without importing them.

    With a `config`, a dataclass, also those of the packages that its components are from.
    """
    known = {"python": ".".join(map(str, sys.version_info[:3])), **_installed()}
    return known | ({} if config is None else _foreign(config))


@functools.cache
def source() -> str:
    """16 hexadecimal digits that name gni's own source: the text of its modules and of its configuration files."""
    import importlib

    digest = hashlib.sha256()
    conf = Path(importlib.import_module("gnicli.conf").__path__[0])
    for root, pattern in ((Path(__file__).parents[1], "*.py"), (conf, "*.yaml")):
        # conf/ lies within the package of a wheel and beside it in a checkout; it has no module that says anything.
        for path in sorted(path for path in root.rglob(pattern) if root == conf or conf not in path.parents):
            digest.update(f"{path.relative_to(root)}\0".encode(errors="surrogateescape"))
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def code() -> dict[str, str | None]:
    """What results depend on besides their configuration: gni's own source and the versions of Python and packages."""
    return {**versions(), "code": source()}


def _foreign(config: DataclassInstance) -> dict[str, str | None]:
    """The packages whose components a config has, this one aside; None where a module is of no installed package."""
    import importlib.metadata

    parts = [getattr(config, field.name) for field in dataclasses.fields(config)]
    modules = {type(part).__module__.partition(".")[0] for part in parts if dataclasses.is_dataclass(part)}
    modules.discard("gnicli")
    if not modules:
        return {}
    owners = importlib.metadata.packages_distributions()
    packages = sorted({package for module in modules for package in owners.get(module, [module])})
    return {package: _version(package) for package in packages}


def host() -> str:
    """The name of this machine."""
    import socket

    return socket.gethostname()


def process_mark(pid: int) -> str | None:
    """The start of a process in clock ticks, which a later process of the same number has not; None where unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def is_alive(pid: int, mark: str | None) -> bool:
    """Whether process `pid` of this machine runs and is the one that was marked."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return mark is None or process_mark(pid) in (None, mark)
