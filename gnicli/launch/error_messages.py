"""What Hydra, OmegaConf and YAML raise, put into the one line that helps.

`translate` knows their exceptions; whatever it does not know is a bug of gni and stays as it is.
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gnicli import checks, memory
from gnicli.engine.yaml_files import explain
from gnicli.errors import GniError, ResourceError, UsageError
from gnicli.launch import commands, paper_experiments, schema_keys
from gnicli.launch.components import GROUPS, SCHEMA_SUFFIX, members
from gnicli.launch.did_you_mean import hint, nearest, unknown
from gnicli.launch.validation import OBJECTS_REFUSED

if TYPE_CHECKING:
    from hydra.errors import MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

# What other texts and libraries call a key that is called otherwise here.
_OTHER_NAMES = {
    "theta": ("beta",),
    "sigma": ("noise.std", "epsilon"),
    "std": ("noise.std",),
    "learning_rate": ("lr",),
    "batch": ("batch_size",),
    "dt": ("eta",),
    "step_size": ("eta", "lr"),
    "h": ("eta",),
    "n_epochs": ("epochs",),
    "n_steps": ("steps",),
}
_QUOTED = re.compile(r"'([^']*)'")
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_EXPECTED = (
    ("Integer", "an integer"),
    ("Float", "a number"),
    ("bool", "true or false"),
    ("not Optional", "a value"),
    ("to Enum", "one of its choices"),
)

# An integer that Python does not read, or that no float holds.
_TOO_LONG = ("integer string conversion", "int too large to convert to float")


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from, also where that is hidden, as OmegaConf does with a resolver's error."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def one_line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def translate(error: Exception, command: str, broken: dict[tuple[str, str], UsageError]) -> GniError | None:
    """The error for the user, or None for a bug. `broken` are members of other packages that did not load."""
    import yaml
    from hydra.errors import HydraException, MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

    error = memory.explained(error)
    causes = list(causes_of(error))
    ours = [cause for cause in causes if isinstance(cause, GniError)]
    if ours:
        return ours[0]  # the outermost: whoever caught the others knew more
    for cause in causes:
        if isinstance(cause, MissingConfigException):
            return _missing(cause, command, broken)
        if isinstance(cause, OmegaConfBaseException):
            return _omegaconf(cause, command)
        if isinstance(cause, yaml.YAMLError):
            return UsageError(explain(cause))
    if isinstance(error, OSError) and error.filename is None and error.errno in _DISK:  # written by a library
        return ResourceError(f"cannot write: {(error.strerror or str(error)).lower()}")
    if isinstance(error, OSError) and error.filename is not None:
        reason = (error.strerror or str(error)).lower()
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return ResourceError(f"cannot open {error.filename}: {reason}; close some or raise the limit (ulimit -n)")
        return ResourceError(
            f"cannot write {error.filename}: {reason}; choose another place with run.root= or run.dir="
        )
    if any(sign in str(cause) for cause in causes for sign in _TOO_LONG):
        return UsageError("an integer of too many digits; no key takes more than 16, seed no more than 19")
    if isinstance(error, HydraException):
        return UsageError(_hydra(str(error), command))
    if isinstance(error, ValueError) and "Config group override must be" in str(error):
        return UsageError("a group takes the name of one of its choices, as in noise=mult")
    return None


def as_bug(error: BaseException) -> GniError:
    """The error as a bug of gni, with the request to report it."""
    what = one_line(str(error))
    kind = type(error).__name__
    return GniError(f"unexpected {kind}{': ' if what else ''}{what}; --debug shows where, please report it")


def describe(error: Exception, command: str) -> str:
    """One line for any error."""
    return str(translate(error, command, {}) or as_bug(error))


def _missing(error: MissingConfigException, command: str, broken: dict[tuple[str, str], UsageError]) -> UsageError:
    """A choice or a file that is not there."""
    asked = str(error.missing_cfg_file or "")
    group, _, name = asked.rpartition("/")
    if (group, name) in broken:
        return broken[group, name]
    options = [option for option in error.options or () if not option.endswith(SCHEMA_SUFFIX)]
    if group == paper_experiments.GROUP:
        options = [option for option in options if paper_experiments.owner(option) in (None, command)]
    if not group:
        return UsageError(f"no configuration file {name!r}; --info searchpath shows where Hydra looks")
    return UsageError(unknown(group, name, options))


_ONE_CHOICE = "a group takes one choice; name one, as in noise=mult"


def _omegaconf(error: OmegaConfBaseException, command: str) -> UsageError:
    """A key that does not exist or a value that a key cannot take."""
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError, InterpolationResolutionError, ValidationError

    key = str(error.full_key or error.key or "")
    text = one_line(str(error.msg or error))
    if isinstance(error, InterpolationResolutionError):
        if key == "_dummy_":  # the defaults choose files by the choice of this group
            return UsageError(_ONE_CHOICE)
        return UsageError(f"{key}: {text}" if key else text)
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        return UsageError(unknown_key(key, command, error.parent_node))
    if isinstance(error, ValidationError):
        if key == "seed":
            try:
                checks.seed("seed", error.value)
            except UsageError as refusal:
                return refusal
        if text.startswith("Merge error"):
            return UsageError(_ONE_CHOICE)
        if "is not a subclass of" in text:
            return UsageError(_not_a_value(key, command))
        expected = next((words for sign, words in _EXPECTED if sign in text), None)
        if expected:
            return UsageError(f"{key}: expected {expected}, got {schema_keys.typed(error.value)!r}")
    return UsageError(f"{key}: {text}" if key else text)


def _not_a_value(key: str, command: str) -> str:
    members = [known.name for known in schema_keys.of_command(command) if known.name.startswith(f"{key}.")]
    return f"{key}: is a group of keys; set one of {', '.join(members)}" if members else f"{key}: takes no single value"


def unknown_key(key: str, command: str, parent: object = None) -> str:
    """The message for a key that no schema has: the nearest of its neighbors, or the same name elsewhere."""
    prefix, _, last = key.rpartition(".")
    if last == "_target_":
        return OBJECTS_REFUSED.format(key)
    if prefix.partition(".")[0] == "hydra" or key.startswith("hydra"):
        return f"unknown key {key}; --hydra-help and --cfg hydra show Hydra's own"
    declared = {entry.name: entry for entry in schema_keys.all_of(command, [])}
    if not prefix and last in _OTHER_NAMES and (meant := [name for name in _OTHER_NAMES[last] if name in declared]):
        return f"unknown key {key}; here it is called {meant[0]}"
    siblings = [str(name) for name in parent] if isinstance(parent, Mapping) else []
    near = nearest(last, siblings)
    if near:
        return f"unknown key {key}; did you mean {prefix + '.' if prefix else ''}{near}?"
    if prefix in commands.groups(command) and (elsewhere := _of_other_choices(prefix, last)):
        chosen = str(parent.get("name")) if isinstance(parent, Mapping) else "this choice"
        return f"unknown key {key}: {prefix}={chosen} has none; {' and '.join(elsewhere)} {_have(elsewhere)}"
    if prefix in declared:
        return f"unknown key {key}; {prefix} is one key: {declared[prefix].meaning}"
    known = list(declared)
    if paper_experiments.of_command(command):
        known += [paper_experiments.GROUP, *paper_experiments.settings()]
    elsewhere = [name for name in known if name.rpartition(".")[2] == last]
    if elsewhere:
        return f"unknown key {key}; did you mean {elsewhere[0]}?"
    if not prefix and (
        elsewhere := [word for group in commands.groups(command) for word in _of_other_choices(group, last)]
    ):
        keys = dict.fromkeys(f"{word.partition('=')[0]}.{last}" for word in elsewhere)
        return f"unknown key {key}; {_all(elsewhere)} {_have(elsewhere)}, as {_all(list(keys))}"
    if command not in (owners := schema_keys.owners(key)) and owners:
        return f"unknown key {key}; {_all([f'gni {owner}' for owner in owners])} {_have(owners)}"
    if prefix in GROUPS and siblings:
        others = [f"{prefix}.{name}" for name in siblings if name != "name"]
        return f"unknown key {key}; this choice of {prefix} has {', '.join(others) or 'no keys'}"
    by_last_part = {name.rpartition(".")[2]: name for name in declared}
    if not (told := hint(key, known)) and not prefix and (near := nearest(last, by_last_part)):
        told = f"; did you mean {by_last_part[near]}?"
    return f"unknown key {key}{told or f'; gni {command} --help lists all keys'}"


def _of_other_choices(group: str, last: str) -> list[str]:
    """The members of a group that have a key, as they are typed; those that do not load are passed over."""
    found = []
    for name in members(group):
        with contextlib.suppress(UsageError):
            if any(entry.name == f"{group}.{last}" for entry in schema_keys.of_member(group, name)):
                found.append(f"{group}={name}")
    return found


def _all(names: list[str]) -> str:
    """Names one after another: "a, b and c"."""
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), *names[-1:]])


def _have(names: list[str]) -> str:
    return "have it" if len(names) > 1 else "has it"


def _hydra(text: str, command: str) -> str:
    """The message for one of Hydra's own errors."""
    first = one_line(text)
    if first.startswith("Ambiguous value for argument"):
        word = first.removeprefix("Ambiguous value for argument").strip().strip("'")
        name, _, values = word.partition("=")
        return f"{word} lists several values: add -m to run one after another, or write a list as {name}=[{values}]"
    if first.startswith("Could not override"):
        return unknown_key(_QUOTED.findall(first)[0], command)
    if first.startswith("Multiple values for"):
        group = first.removeprefix("Multiple values for").split(".")[0].strip()
        return f"+{group}= gives {group} twice; write {group}= without the +"
    return first
