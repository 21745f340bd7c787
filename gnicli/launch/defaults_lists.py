"""The defaults lists of files from elsewhere: what an entry may say, and what Hydra's refusal of one means.

Hydra reads such a list long after it read the file, and its messages name neither file nor line. So the entries are
kept with both, and a refusal is told of the entry that it is about. `guard` calls these functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from gnicli.engine import yaml_files
from gnicli.errors import UsageError
from gnicli.launch.components import SCHEMA_SUFFIX, members
from gnicli.launch.did_you_mean import NOUNS, hint, unknown
from gnicli.registry import GROUPS

if TYPE_CHECKING:
    import yaml

_NAME = re.compile(r"[\w.+ -]*")
_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*(?:[./]\w+)*)\}")
_PACKAGE = re.compile(r"(?:_global_|_group_|_here_|[A-Za-z]\w*)(?:\.[A-Za-z]\w*)*|")
_EXAMPLE = "an entry names a group and a choice, such as 'override /noise: mult'"
_OURS = sorted({*GROUPS, *NOUNS})


class Entry(NamedTuple):
    """One entry of the list of the file that Hydra calls `config_path`.

    `group` is counted from the folder of all configuration files, and None where the entry names a file. `names` are
    the choices; of an entry that names a file, its path from that folder.
    """

    where: str
    written: str
    config_path: str
    is_override: bool
    group: str | None
    names: tuple[str, ...]
    is_list: bool = False

    def refusal(self, why: str) -> UsageError:
        """The error that names the file, the line, the entry and why it is refused."""
        return UsageError(f"{self.where}: {self.written!r}: {why}")

    def is_self(self) -> bool:
        """Whether it stands for the file itself."""
        return self.written == "_self_" or (self.group is not None and self.names == ("_self_",) and not self.is_list)

    def paths(self) -> list[str]:
        """The files that it chooses, as Hydra calls them."""
        return [name if self.group is None else f"{self.group}/{name}" for name in self.names]

    def chooses(self, path: str) -> bool:
        """Whether it may be what chooses this file; a reference may stand for any name."""
        return any(re.fullmatch(_pattern(each), path) for each in self.paths())


def _pattern(path: str) -> str:
    """A regular expression of the paths that one with references may stand for."""
    parts = _REFERENCE.split(path)
    return "[^/]*".join(re.escape(part) for part in parts[::2])


# ------------------------------------------------------------------------------------------------- what a list may say


def read(document: yaml_files.Document, config_path: str) -> list[Entry]:
    """The entries of a file's list; `UsageError` for one that leads out of the folders or to Hydra's own keys."""
    pairs = document.tree.value if document.tree else ()
    node = next((value for key, value in pairs if key.value == "defaults"), None)
    if node is None:
        return []
    values = document.content["defaults"]
    if not isinstance(values, list):
        line = node.start_mark.line + 1
        raise UsageError(f"{document.path}:{line}: defaults: expected a list, such as '- override /noise: mult'")
    entries = [_read(document, config_path, *pair) for pair in zip(node.value, values, strict=True)]
    others = [place for place, entry in enumerate(entries) if not (entry.is_override or entry.is_self())]
    for entry in entries[: max(others, default=0)]:
        if entry.is_override and not entry.is_self():
            raise entry.refusal("overrides stand at the end of the list; move it there")
    return entries


def _read(document: yaml_files.Document, config_path: str, node: yaml.Node, value: object) -> Entry:
    where = f"{document.path}:{node.start_mark.line + 1}"
    if isinstance(value, dict) and len(value) > 1:
        raise UsageError(f"{where}: an entry has one group; begin each of {', '.join(map(str, value))} with a dash")
    key, chosen = next(iter(value.items())) if isinstance(value, dict) and value else (value, None)
    names = chosen if isinstance(chosen, list) else [] if chosen is None else [chosen]
    written = f"{key}: {', '.join(map(str, names))}" if names else str(key)
    if not isinstance(key, str) or not key.split():
        raise UsageError(f"{where}: {written!r}: {_EXAMPLE}")
    for name in names:
        if not isinstance(name, str):
            why = _EXAMPLE if isinstance(name, list | dict) else "a choice is the name of a file; put it in quotes"
            raise UsageError(f"{where}: {written!r}: {why}")
    is_group = isinstance(value, dict)
    # Hydra reads "optional" and "override" before a group alone; before a file they are a part of its name.
    *keywords, placed = key.split() if is_group else [key]
    target = placed.partition("@")[0]
    _check(where, written, key.partition("@")[0], placed, names)
    parent = config_path.rpartition("/")[0]
    path = target.removeprefix("/") if target.startswith("/") or not parent else f"{parent}/{target}"
    return Entry(
        where, written, config_path, "override" in keywords, path if is_group else None,
        tuple(names) if is_group else (path,), isinstance(chosen, list),
    )  # fmt: skip


def _check(where: str, written: str, key: str, placed: str, names: list[str]) -> None:
    target, at, package = placed.partition("@")
    if re.split(r"\W+", target.lstrip("/"))[0] == "hydra":
        raise UsageError(
            f"{where}: {written!r}: a file may not choose Hydra's own settings; type {target.lstrip('/')}=…"
        )
    if "hydra" in re.split(r"\W+", package):
        raise UsageError(f"{where}: {written!r}: a file may not place keys among Hydra's own")
    if at and (target == "_self_" or not _PACKAGE.fullmatch(package)):
        raise UsageError(f"{where}: {written!r}: after @ stands where keys are placed, such as network or _global_")
    for text in (key, *names):
        parts = _REFERENCE.sub("", text).split("/")
        if ".." in parts or not all(_NAME.fullmatch(part) for part in parts) or not target.strip("/"):
            raise UsageError(f"{where}: {written!r}: {_EXAMPLE}")
        if "hydra" in [part for found in _REFERENCE.findall(text) for part in re.split(r"\W+", found)]:
            raise UsageError(f"{where}: {written!r}: a file may not refer to Hydra's own keys; name the choice")
    if any(name.startswith("/") for name in names):
        raise UsageError(f"{where}: {written!r}: a choice is a name, not a path")


# ------------------------------------------------------------------------------------------------ what a refusal means


def explained(error: Exception, entries: Iterable[Entry], typed: Iterable[str]) -> UsageError | None:
    """The error for what Hydra raised, where it is about one of the entries; None where it is not.

    `typed` are the words of the command line: a group that one of them chooses is no longer chosen by an entry.
    """
    from hydra.errors import MissingConfigException

    words = {word.partition("=")[0].lstrip("+") for word in typed}
    known = list(entries)
    due = [entry for entry in known if entry.group not in words]
    if isinstance(error, MissingConfigException):
        return _missing(str(error.missing_cfg_file or ""), list(error.options or ()), due)
    for pattern, explain in _KINDS:
        if found := re.search(pattern, str(error)):
            return explain(known if explain is _twice else due, *found.groups())
    if isinstance(error, AssertionError):  # Hydra follows a reference to a group whose choice is null
        entry = next((each for each in due if any(map(_REFERENCE.fullmatch, each.names))), None)
        return entry and entry.refusal("refers to a group whose choice is null; name the choice")
    return None


def _missing(path: str, options: list[str], due: list[Entry]) -> UsageError | None:
    """A file that is not there. A member of another package that did not load has an error of its own."""
    group, _, name = path.rpartition("/")
    for each in due:  # Hydra looks for what such an entry names below the folder of its file once more
        above = f"{each.config_path.rpartition('/')[0]}/"
        if each.group is None and _REFERENCE.search(each.names[0]) and each.chooses(path.removeprefix(above)):
            return each.refusal("a reference stands for the choice of a group alone, as in 'group: ${experiment}'")
    entry = next((each for each in due if each.chooses(path)), None)
    if entry is None or (group in GROUPS and name in members(group)):
        return None
    if entry.group is None:
        if re.match(r"(optional|override)\s", entry.written):
            return entry.refusal(
                "'optional' and 'override' stand before a group and its choice: 'override /noise: mult'"
            )
        return entry.refusal(f"there is no file {path}.yaml in the folders of configurations")
    if options:
        known = [option for option in options if not option.endswith(SCHEMA_SUFFIX)]
        return entry.refusal(unknown(group, name, known))
    last = group.rpartition("/")[2]
    if last != group and last in _OURS:
        return entry.refusal(f"there is no folder {group}; for gni's own group write /{last}")
    near = "" if last != group else hint(group, _OURS)
    return entry.refusal(f"there is no group {group}{near or f' and no file {path}.yaml'}")


def _unresolved(due: list[Entry], text: str, known: str | None) -> UsageError | None:
    """A reference to what is not known: in a file of the user's, or in gni's own to a group that such a file chose."""
    choices = [each for each in (known or "").split(", ") if each and "@" not in each]
    unknown_names = [name for name in _REFERENCE.findall(text) if name not in choices]
    for entry in due:
        if text in (*entry.names, *entry.paths()) and unknown_names:
            name = unknown_names[0]
            if name not in _OURS and "/" not in name and (near := hint(name, _OURS)):
                return entry.refusal(f"${{{name}}} is not the choice of a group{near}")
            where = f"known is {', '.join(choices)}" if choices else "none is known"
            return entry.refusal(f"no choice of {name} is known where this file is read ({where}); name the choice")
    for entry in due:
        if entry.group in unknown_names:
            if entry.is_list:
                return entry.refusal("a group takes one choice; name one, as in noise=mult")
            return entry.refusal(
                f"other files are chosen by {entry.group}, so no reference can choose it; name the choice"
            )
    return None


def _unused(due: list[Entry], config_path: str, key: str) -> UsageError | None:
    """An override of what no list chooses, or what was chosen before the file was read."""
    group = key.partition("@")[0]
    entry = next((each for each in due if each.config_path == config_path and each.group == group), None)
    if entry is None:
        return None
    last = group.rpartition("/")[2]
    if last != group and last in _OURS:
        return entry.refusal(f"{group} is not chosen; for gni's own group write override /{last}")
    if "@" in key:
        if group in _OURS and config_path.partition("/")[0] in GROUPS:
            place = config_path.partition("/")[0]
            return entry.refusal(f"a file of {place} cannot choose {group}; a file of experiment can")
        return entry.refusal(f"no entry before places {group} there; leave out what follows the @")
    if group in _OURS:
        return entry.refusal(f"there is no choice of {group} to override here; leave it out")
    return entry.refusal(f"there is no group {group} to override{hint(group, _OURS)}")


def _twice(due: list[Entry], key: str) -> UsageError | None:
    group = key.partition("@")[0]
    entry = next((each for each in due if not each.is_override and each.group == group), None)
    if entry is None:
        return None
    if key in _OURS:
        return entry.refusal(f"{key} is chosen already; write 'override /{key}: …', or leave it out")
    return entry.refusal(f"{group} is chosen twice; leave one out, or choose both in one list: [one, two]")


def _self_twice(due: list[Entry], config_path: str) -> UsageError | None:
    found = [each for each in due if each.config_path == config_path and each.is_self()]
    return found[-1].refusal("is given twice") if found else None


def _reference_in_list(due: list[Entry], config_path: str) -> UsageError | None:
    for entry in due:
        if entry.config_path == config_path and entry.is_list and any(map(_REFERENCE.search, entry.names)):
            return entry.refusal("a list of choices takes no reference; name the choices")
    return None


def _override_by_reference(due: list[Entry], config_path: str) -> UsageError | None:
    found = [each for each in due if each.config_path == config_path and each.is_override]
    return (
        found[0].refusal("a file that a reference chose may not override; move it to the file before")
        if found
        else None
    )


def _merged(due: list[Entry], path: str) -> UsageError | None:
    """Two choices whose keys are of different kinds, placed in one group."""
    entry = next((each for each in due if each.chooses(path)), None)
    if entry is None or entry.is_list:
        return entry and entry.refusal("a group takes one choice; name one, as in noise=mult")
    return entry.refusal("its keys are placed where those of another choice are; a group takes one choice")


_KINDS: list[tuple[str, Callable[..., UsageError | None]]] = [
    (r"Error resolving interpolation '(.*)'(?:, possible interpolation keys: (.*))?", _unresolved),
    (r"^In '(.*)': Could not override '(.*?)'", _unused),
    (r"^Multiple values for (\S+)\. ", _twice),
    (r"^(\S+) appears more than once in the final defaults list", _twice),
    (r"^Duplicate _self_ defined in (.*)", _self_twice),
    (r"^In '(.*)': Defaults List interpolation is not supported in options", _reference_in_list),
    (r"^(\S+): Default List Overrides are not allowed in the subtree", _override_by_reference),
    (r"^In '(.*)': ValidationError raised while composing config:\s*Merge error", _merged),
]
