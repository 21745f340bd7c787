"""The checkout that this source lies in: its commit, and whether tracked files differ from it.

No program that a checkout names is run: no hook, no filter, nothing else that a setting names.
"""

from __future__ import annotations

import functools
import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.engine.manifest import GitState
from gnicli.errors import DataError

_SECONDS = 5.0
_MOST_BYTES = 64 << 20
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REFERENCE = re.compile(r"refs/[^\0\s\\]+")
_MOST_STEPS = 5  # from one reference to another
# As it was before any configuration could change it, without folders that depend on where one stands.
_PATH = os.pathsep.join(part for part in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(part))


class _Places(NamedTuple):
    """Where git keeps what belongs to a checkout: its own folder, and the one that worktrees have in common."""

    own: Path
    common: Path


@functools.cache
def git_state() -> GitState:
    """Commit and dirty flag of the checkout that this source lies in; None where there is none, or no git."""
    return state_of(Path(__file__).resolve().parents[2])


def state_of(root: Path) -> GitState:
    """Commit and dirty flag of the checkout at `root`; None where there is none, it is broken, or git is absent."""
    try:
        places = _places(root)
        commit = _commit(places)
    except (OSError, ValueError, DataError):
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": None if commit is None else _is_dirty(root, places, commit)}


def _text(path: Path) -> str:
    # A pipe in place of a file would be waited for.
    return files.read_regular(path, _MOST_BYTES).decode()


def _places(root: Path) -> _Places:
    git = root / ".git"
    if git.is_file():  # a worktree: the path of its own folder, which names the common one
        git = root / _text(git).removeprefix("gitdir:").strip()
    common = git / _text(git / "commondir").strip() if files.require_file(git / "commondir") else git
    return _Places(git, common)


def _commit(places: _Places) -> str | None:
    """The commit of a checkout, read without git: from `HEAD` and the reference that it names."""
    head = _text(places.own / "HEAD").strip()
    for _ in range(_MOST_STEPS):
        if not head.startswith("ref:"):
            break
        name = head.removeprefix("ref:").strip()
        if not _REFERENCE.fullmatch(name) or ".." in name.split("/"):
            return None
        loose = [folder / name for folder in places if (folder / name).is_file()]
        head = _text(loose[0]).strip() if loose else _packed(places.common, name)
    return head if _HASH.fullmatch(head) else None


def _packed(common: Path, name: str) -> str:
    lines = _text(common / "packed-refs").splitlines()
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _is_dirty(root: Path, places: _Places, commit: str) -> bool | None:
    """Whether tracked files differ from the commit; None where git is absent, fails, or does not answer in time.

    git is the one that was found when Python started. It sees the checkout's index and objects through a folder made
    for this question, and none of its settings: filters, monitors, hooks and what else would name programs to run.
    """
    import shutil
    import subprocess

    git = shutil.which("git", path=_PATH)
    if git is None:
        return None
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LD_", "DYLD_"))}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ATTR_NOSYSTEM": "1", "PATH": _PATH}
    environment |= {
        "GIT_WORK_TREE": str(root),
        "GIT_INDEX_FILE": str((places.own / "index").absolute()),
        "GIT_OBJECT_DIRECTORY": str((places.common / "objects").absolute()),
    }
    asked = ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"]
    try:
        with tempfile.TemporaryDirectory(prefix="gni-git-", ignore_cleanup_errors=True) as folder:
            _make_bare(Path(folder), commit)
            said = subprocess.run(
                [git, "-C", str(root), *asked],
                env=environment | {"GIT_DIR": folder},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=_SECONDS,
            )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return bool(said.stdout.strip())


def _make_bare(folder: Path, commit: str) -> None:
    """Make `folder` what git takes for the folder of a repository, at `commit` and without settings."""
    (folder / "refs").mkdir()
    (folder / "objects").mkdir()
    kind = "sha256" if len(commit) == 64 else "sha1"
    extension = "" if kind == "sha1" else f"[extensions]\n\tobjectformat = {kind}\n"
    version = 0 if kind == "sha1" else 1
    (folder / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n{extension}")
    (folder / "HEAD").write_text(f"{commit}\n")
