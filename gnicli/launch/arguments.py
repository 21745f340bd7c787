"""The words behind a Hydra command, sorted into flags and overrides before Hydra sees them.

Hydra's parser takes overrides only in one block, prints its usage where a line would do and offers to load a pickle;
so the words are read here, and `hydra_calls` does what they ask for.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from typing import NamedTuple, NoReturn

from gnicli.errors import UsageError
from gnicli.launch.did_you_mean import nearest
from gnicli.launch.validation import OBJECTS_REFUSED

MAX_JOBS = 10_000
HELP_FLAGS = ("--help", "-h")
# What may be typed of Hydra's own keys: the rest belongs to gni, as folders do, or changes the process around a run.
HYDRA_KEYS = (
    "hydra.run.dir", "hydra.sweep.dir", "hydra.searchpath", "hydra.mode", "hydra.verbose", "hydra.job.name",
    "hydra.launcher.", "hydra.sweeper.",
)  # fmt: skip


class Flag(NamedTuple):
    """A flag of Hydra: its spellings, what its value is called (None for a switch), its choices and its meaning."""

    names: tuple[str, ...]
    meaning: str
    value: str | None = None
    choices: tuple[str, ...] = ()
    default_value: str | None = None


FLAGS = (
    Flag(("--multirun", "-m"), "run every combination of the listed values (a sweep)"),
    Flag(("--cfg", "-c"), "print the configuration and run nothing", "job|hydra|all", ("job", "hydra", "all")),
    Flag(("--resolve",), "with --cfg: replace references to other keys by their values"),
    Flag(("--package", "-p"), "with --cfg: print only KEY and the keys below it", "KEY"),
    Flag(
        ("--info", "-i"),
        "print information from Hydra: all, config, defaults, defaults-tree, plugins, searchpath",
        "WHAT",
        ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
        "all",
    ),
    Flag(("--config-dir", "-cd"), "add a folder of configuration files, such as experiment/mine.yaml", "FOLDER"),
    Flag(("--config-name", "-cn"), "use another main file, from the folder of --config-path", "NAME"),
    Flag(("--config-path", "-cp"), "use another folder in place of gni's conf/", "FOLDER"),
    Flag(("--run", "-r"), "run once (the default)"),
    Flag(("--hydra-help",), "print Hydra's own help"),
    Flag(("--shell-completion", "-sc"), "Hydra's own completion; gni --install-completion offers more"),
)
OWN_FLAGS = (
    Flag(("--latex",), "also write every table as LaTeX into tables/ of the run's folder (run.latex=true)"),
    Flag(("--yes",), f"allow a sweep of more than {MAX_JOBS:,} jobs"),
    Flag(("--retry-failed",), "with -m and the run.dir of a sweep: run its failed jobs again"),
    Flag(("--force",), "with -m and the run.dir of a sweep: run all of its jobs again"),
    Flag(("--any-version",), "with -m and the run.dir of a sweep: let stand what another version of gni finished"),
    Flag(
        ("--allow-env",),
        "let ${oc.env:NAME} on the command line read an environment variable; its value is saved in the run folder",
    ),
    Flag(("--debug",), "show the traceback of an error"),
    Flag(("--help", "-h"), "print this help; after a choice such as noise=mult, with the keys of that choice"),
)
_OF_SWEEPS = ("--retry-failed", "--force", "--any-version")
# Of these one can be given. Those after the first two print something and run nothing.
_ACTIONS = ("run", "multirun", "cfg", "info", "hydra_help", "shell_completion")


class Arguments(NamedTuple):
    """What was typed: the overrides, and the value of each flag (None or False where it was not given)."""

    overrides: list[str]
    multirun: bool = False
    cfg: str | None = None
    resolve: bool = False
    package: str | None = None
    info: str | None = None
    hydra_help: bool = False
    shell_completion: bool = False
    config_dir: str | None = None
    config_path: str | None = None
    config_name: str | None = None
    yes: bool = False
    allow_env: bool = False
    retry_failed: bool = False
    force: bool = False
    any_version: bool = False

    @property
    def shows_only(self) -> bool:
        """Whether something is printed and nothing is run."""
        return any(getattr(self, name) for name in _ACTIONS[2:])


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # "argument --cfg/-c: invalid choice: 'x' (choose from …)" reads well without the first word.
        raise UsageError(message.removeprefix("argument "))


def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    for flag in FLAGS:
        if flag.value is None:
            parser.add_argument(*flag.names, action="store_true")
        else:
            optional = {"nargs": "?", "const": flag.default_value} if flag.default_value else {}
            parser.add_argument(*flag.names, choices=flag.choices or None, **optional)  # type: ignore[arg-type]
    for name in ("--latex", "--yes", "--allow-env", *_OF_SWEEPS):
        parser.add_argument(name, action="store_true")
    return parser


def folders(words: list[str]) -> list[str]:
    """The folders of configuration files that the words name, whatever else is wrong with them."""
    try:
        read, rest = _parser().parse_known_args(words)
    except UsageError:
        return []
    return [*([read.config_dir] if read.config_dir else []), *typed_folders(rest)]


def typed_folders(overrides: list[str]) -> list[str]:
    """The folders that a typed `hydra.searchpath` names, packages aside."""
    entries = (typed(overrides, "hydra.searchpath") or "").strip("[]").split(",")
    names = [entry.strip().strip("'\"") for entry in entries]
    return [name.removeprefix("file://") for name in names if name and not name.startswith("pkg://")]


def split(words: list[str], keys: Callable[[], Iterable[str]] = tuple) -> Arguments:
    """Sort the words; `UsageError` for an unknown flag or a bad value of one.

    `keys` returns the keys of the command: an unknown flag may be one of them, misspelled.
    """
    read, rest = _parser().parse_known_args(words)
    overrides = [word for word in rest if not word.startswith("-")]
    for word in rest:
        if word.startswith("-"):
            raise UsageError(_unknown_option(word, keys()))
    if read.latex:
        overrides.append("run.latex=true")
    if read.config_path:  # Hydra would take a relative one from the folder of a module
        read.config_path = os.path.abspath(read.config_path)
    given = [name for name in _ACTIONS if getattr(read, name)]
    if len(given) > 1:
        raise UsageError(f"only one of {' and '.join('--' + name.replace('_', '-') for name in given)} can be given")
    if read.resolve and not (read.cfg or read.hydra_help):
        raise UsageError("--resolve belongs to --cfg; add --cfg job")
    for word in _OF_SWEEPS:
        if word in words and not read.multirun:
            raise UsageError(f"{word} belongs to a sweep; add -m, and the folder of the sweep as run.dir=FOLDER")
    values = {name: getattr(read, name) for name in Arguments._fields if name != "overrides"}
    return Arguments(overrides, **values)


def _unknown_option(word: str, keys: Iterable[str]) -> str:
    """The message for an option that there is not; keys are often typed like one."""
    name, _, value = word.partition("=")
    key = name.lstrip("-")
    flags = {flag.names[0].lstrip("-"): flag.names[0] for flag in (*FLAGS, *OWN_FLAGS)}
    near = nearest(key.replace("-", "_"), [*(flag.replace("-", "_") for flag in flags), *keys]) if key else None
    flag = flags.get(near.replace("_", "-")) if near else None
    if flag:
        return f"unknown option {word}; did you mean {flag}?"
    if near == key and key:
        return f"unknown option {word}; keys are written without dashes: {key}={value or 'VALUE'}"
    if near:
        return f"unknown option {word}; did you mean {near}={value or 'VALUE'}?"
    return f"unknown option {word}; --help lists the keys and options that there are"


def typed(overrides: list[str], key: str) -> str | None:
    """The value that the last override of `key` gives it, None if there is none; quotes around it are removed."""
    found = None
    for override in overrides:
        name, sign, value = override.partition("=")
        if sign and name.lstrip("+") == key:
            found = value
    if found is not None and len(found) >= 2 and found[0] == found[-1] and found[0] in "'\"":
        found = found[1:-1]
    return found


def check(arguments: Arguments) -> int:
    """Refuse overrides that Hydra would take and gni must not: deletions, Python objects, absurd or repeated sweeps.

    Returns the number of jobs that the overrides make.
    """
    if not arguments.overrides:
        return 1
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    parser = OverridesParser.create()
    n_jobs = 1
    words: dict[str, tuple[str, bool]] = {}
    for word in arguments.overrides:
        try:
            (override,) = parser.parse_overrides([word])
        except OverrideParseException as error:
            raise UsageError(_explain_grammar(word, error.message)) from error
        except ValueError as error:  # Python reads no integer of more than 4300 digits
            raise UsageError(f"{word[:40]}…: an integer of too many digits; no key takes more than 16") from error
        key = override.key_or_group
        if not key:
            raise UsageError(f"{word}: a key is missing before '='; write key=value, for instance M=16")
        if "_target_" in key.split("."):
            raise UsageError(OBJECTS_REFUSED.format(key))
        if key.startswith("hydra."):
            _check_hydra_key(key)
        if override.is_delete():
            raise UsageError(f"{word}: keys cannot be deleted; give another value, as in key=null")
        _refuse_swept_twice(words, key, word, override.is_sweep_override())
        if override.is_sweep_override():
            n_jobs *= _sweep_size(word, key, override)
    if arguments.multirun and n_jobs > MAX_JOBS and not arguments.yes:
        raise UsageError(f"this sweep has {n_jobs:,} jobs; give --yes to run more than {MAX_JOBS:,}")
    return n_jobs


def check_config_name(arguments: Arguments, own: str, command: str) -> None:
    """Refuse `--config-name` of a file that is not read, and say how its keys are: the main file `own` is gni's.

    Hydra looks for the main file before it adds a folder. A folder of `--config-path` is in place of gni's own.
    """
    if arguments.config_name is None or arguments.config_path is not None:
        return
    name = arguments.config_name.removesuffix(".yaml")
    if name != own:
        folder = arguments.config_dir or "FOLDER"
        raise UsageError(
            f"--config-name {name}: the main file of gni {command} is its own; put the keys into "
            f"{os.path.join(folder, 'experiment', name)}.yaml, whose first line is '# @package _global_', and type "
            f"gni {command} --config-dir {folder} experiment={name}"
        )


def takes(key: str) -> bool:
    """Whether a key of Hydra's own may be typed."""
    return any(key.startswith(known) if known.endswith(".") else key == known for known in HYDRA_KEYS)


def _check_hydra_key(key: str) -> None:
    if key.startswith("hydra.sweeper.params"):
        raise UsageError(f"{key} cannot be typed; list the values of a key themselves, as in -m seed=0,1,2")
    if key in ("hydra.launcher", "hydra.sweeper"):
        raise UsageError(f"{key}: choose one by name, as in {key.replace('.', '/')}=basic")
    if not takes(key):
        names = ", ".join(known + "*" if known.endswith(".") else known for known in HYDRA_KEYS)
        raise UsageError(f"{key} cannot be set; of Hydra's own keys gni takes {names}")


def _refuse_swept_twice(seen: dict[str, tuple[str, bool]], key: str, word: str, is_sweep: bool) -> None:
    """Refuse a key given twice where one word is a sweep: the last word wins, and jobs would be lost silently."""
    before, was_sweep = seen.get(key, ("", False))
    if before and (is_sweep or was_sweep):
        raise UsageError(f"{key} is given twice ({before} and {word}); give all its values in one word")
    seen[key] = (word, is_sweep)


def _sweep_size(word: str, key: str, override: object) -> int:
    """How many values a sweep gives a key; `UsageError` where two are equal, since their runs would be identical."""
    from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep

    assert isinstance(override, Override)
    if key == "run.dir":
        raise UsageError("run.dir takes one folder, for a sweep too; quote a comma in it: \"run.dir='a,b'\"")
    value = override.value()
    if isinstance(value, RangeSweep):
        assert value.start is not None
        assert value.stop is not None
        if not value.step:
            raise UsageError(f"{word}: a range needs a step that is not 0, as in {key}=range(0,10,2)")
        n = max(0, -int(-(value.stop - value.start) // value.step))
        if not n:
            raise UsageError(f"{word}: this range is empty; write {key}=range(FIRST,END) with END beyond FIRST")
        return n
    if not isinstance(value, ChoiceSweep):
        return 1  # globs and intervals: only the sweeper knows
    seen: dict[object, str] = {}
    for text in map(str, override.sweep_string_iterator()):
        same = _as_number(text)
        if same in seen:
            how = f"{text} appears twice" if seen[same] == text else f"{seen[same]} and {text} are equal"
            raise UsageError(f"{word}: {how}; runs would be identical")
        seen[same] = text
    return len(seen)


def _as_number(text: str) -> object:
    """What two values are compared by: 1 and 01 are one seed, .1 and 1e-1 one learning rate."""
    try:
        return float(text)
    except ValueError:
        return text


def _explain_grammar(word: str, message: str) -> str:
    """One line for what Hydra's grammar says about a word."""
    if "=" not in word:
        from gnicli.launch.components import GROUPS, members

        for group in GROUPS:
            if word in members(group):
                return f"{word!r} is not key=value; did you mean {group}={word}?"
        return f"{word!r} is not key=value; write for instance seed=1"
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    reason = next((line for line in lines if not line.startswith(("See http", "Error parsing override"))), "")
    return (
        f"cannot read {word!r}: {reason}; quote special characters for the shell and for Hydra, as in 'key=\"value\"'"
    )
