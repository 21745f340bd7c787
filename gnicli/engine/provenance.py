"""Where a result comes from: the config's fingerprint, the source's commit, versions and host."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnicli.errors import ConflictError

if TYPE_CHECKING:
    from omegaconf import DictConfig

# Keys that decide where and how a run is computed, not what: a resumed run may change them.
INCIDENTAL = ("run", "device", "threads")
PACKAGES = ("gni", "torch", "numpy", "scipy", "hydra-core", "omegaconf")
_GIT_SECONDS = 5
# As it was before any configuration could change it, without folders that depend on where one stands.
_PATH = os.pathsep.join(part for part in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(part))


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The config as nested dicts, lists and scalars that JSON can hold, interpolations resolved."""
    from omegaconf import OmegaConf

    container = OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)
    return json.loads(json.dumps(container, default=str))


def essential(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a plain config that decides the result."""
    return {key: value for key, value in config.items() if key not in INCIDENTAL}


def fingerprint(config: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that name the essential config; the order of keys does not matter."""
    text = json.dumps(essential(config), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _leaves(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(config, Mapping) and config:
        for key, value in config.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, config


def differences(config: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Dotted essential keys in which two plain configs differ, with both values (None where a key is absent)."""
    left, right = dict(_leaves(essential(config))), dict(_leaves(essential(other)))
    keys = list(left) + [key for key in right if key not in left]
    return {key: (left.get(key), right.get(key)) for key in keys if _text(left, key) != _text(right, key)}


def refuse_edited(folder: Path, config: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Refuse to go on with a run whose saved config is no longer the one that it began with.

    Raises `ConflictError`, which names the key where the command line of the run (`manifest`) tells.
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


def _against_overrides(config: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    leaves = dict(_leaves(essential(config)))
    for override in manifest.get("overrides") or ():
        key, _, text = override.partition("=")
        if key in leaves and not isinstance(leaves[key], list | dict):
            now = leaves[key]
            try:
                same = float(now) == float(text)
            except (TypeError, ValueError):
                same = json.dumps(now).strip('"').lower() == text.strip("'\"").lower()
            if not same:
                yield key, now, text


def _text(leaves: Mapping[str, Any], key: str) -> str | None:
    # As text a NaN equals itself, and 1 is not True.
    return json.dumps(leaves[key]) if key in leaves else None


@functools.cache
def git_state() -> dict[str, Any]:
    """Commit and dirty flag of the checkout that this source lies in; None where there is none, or no git."""
    root = Path(__file__).resolve().parents[2]
    commit = _commit(root)
    return {"commit": commit, "dirty": None if commit is None else _is_dirty(root)}


def _commit(root: Path) -> str | None:
    """The commit of a checkout, read without git: from `.git/HEAD` and the reference that it names."""
    try:
        git = root / ".git"
        if git.is_file():  # a worktree: the path of its own folder, which names the common one
            git = root / git.read_text().removeprefix("gitdir:").strip()
        common = git / (git / "commondir").read_text().strip() if (git / "commondir").exists() else git
        head = (git / "HEAD").read_text().strip()
        if head.startswith("ref:"):
            name = head.removeprefix("ref:").strip()
            loose = [folder / name for folder in (git, common) if (folder / name).is_file()]
            head = loose[0].read_text().strip() if loose else _packed(common, name)
    except (OSError, ValueError):
        return None
    return head if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", head) else None


def _packed(common: Path, name: str) -> str:
    lines = (common / "packed-refs").read_text().splitlines()
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _is_dirty(root: Path) -> bool | None:
    """Whether tracked files differ from the commit; None where git is absent or does not answer in time.

    git is the one that was found when Python started, and runs no program that a setting names: neither hooks nor a
    file system monitor.
    """
    import shutil
    import subprocess

    git = shutil.which("git", path=_PATH)
    if git is None:
        return None
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LD_", "DYLD_"))}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "PATH": _PATH}
    settings = ["-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", f"safe.directory={root}"]
    asked = ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"]
    try:
        said = subprocess.run(
            [git, *settings, "-C", str(root), *asked],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_SECONDS,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return bool(said.stdout.strip())


@functools.cache
def _installed() -> dict[str, str | None]:
    import importlib.metadata

    found: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def versions(cfg: DictConfig | None = None) -> dict[str, str | None]:
    """Versions of Python and of the packages that numbers depend on, without importing them.

    With a merged `cfg` also those of the packages that its components are from.
    """
    known = {"python": ".".join(map(str, sys.version_info[:3])), **_installed()}
    return known | ({} if cfg is None else _foreign(cfg))


def _foreign(cfg: DictConfig) -> dict[str, str | None]:
    """The packages whose schemas a config has, this one aside; None where a module belongs to no installed package."""
    import importlib.metadata

    from omegaconf import OmegaConf

    schemas = [OmegaConf.get_type(cfg, str(name)) for name in cfg]
    modules = {schema.__module__.partition(".")[0] for schema in schemas if dataclasses.is_dataclass(schema)}
    modules.discard("gnicli")
    if not modules:
        return {}
    owners = importlib.metadata.packages_distributions()
    packages = sorted({package for module in modules for package in owners.get(module, [module])})
    found: dict[str, str | None] = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def host() -> str:
    """The name of this machine."""
    import socket

    return socket.gethostname()


def process_mark(pid: int) -> str | None:
    """What tells a process from a later one of the same number: its start in clock ticks; None where unknown."""
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
