"""The experiments of the paper: the command that runs each, what it shows, and the settings that it takes.

An experiment is `conf/experiment/<name>.yaml`. The comment at its top says the command (`# gni train experiment=fig4`)
and what it shows; its defaults name its settings (`/budget: quick`, `override /protocol: learnable`), groups of YAML
files without a schema. They mean nothing elsewhere, but for `ALONE`. Nothing here imports hydra.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import NamedTuple

from gnicli.errors import UsageError
from gnicli.launch.arguments import Arguments
from gnicli.launch.components import GROUPS, NO_EXPERIMENT, NO_PROTOCOL, conf_folder
from gnicli.launch.did_you_mean import unknown

GROUP, NONE = NO_EXPERIMENT.split("/")  # NONE is the choice where no experiment is named
MEANINGS = {
    "protocol": "set-up: paper, the one of the authors (without an experiment too); learnable, one in which the "
    "networks learn",
    "budget": "size: quick, minutes on two cores; full, as large as in the paper",
    "arm": "variant to run, of those that the experiment compares",
}
# What a command takes of the settings where no experiment is named, by command, setting and value.
ALONE = {"train": {"protocol": (NO_PROTOCOL.split("/")[1], "paper")}}


class Setting(NamedTuple):
    """A setting of an experiment: its value unless one is typed, its values, whether the experiment sweeps them."""

    default: str
    choices: tuple[str, ...]
    swept: bool


class Experiment(NamedTuple):
    """An experiment that comes with gni."""

    name: str
    command: str
    meaning: str
    settings: dict[str, Setting]


@functools.cache
def _all() -> dict[str, Experiment]:
    files = sorted((conf_folder() / GROUP).glob("*.yaml"))
    return {path.stem: _read(path) for path in files}


def _comment(text: str) -> list[str]:
    """The lines of the comment at the top of a file, without the first one, which is Hydra's."""
    comment = re.match(r"(?:#.*\n)+", text)
    lines = [line.removeprefix("#").strip() for line in comment.group().splitlines()] if comment else []
    return [line for line in lines if line and not line.startswith("@package")]


def of_folder(folder: str, command: str) -> list[tuple[str, str]]:
    """The names of the experiments in a folder of a user's, and what their comments say they show.

    Without those whose comment names another command.
    """
    found = []
    for path in sorted(Path(folder, GROUP).glob("*.yaml")):
        try:
            lines = _comment(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue  # whoever runs it is told
        own = re.match(r"gni (\S+)", lines[0]) if lines else None
        if own is None or own[1] == command:
            found.append((path.stem, " ".join(lines[1:] if own else lines)))
    return found


def _read(path: Path) -> Experiment:
    import yaml

    text = path.read_text(encoding="utf-8")
    lines = _comment(text)
    content = yaml.safe_load(text) or {}
    swept = content.get("hydra", {}).get("sweeper", {}).get("params", {})
    found = {}
    for entry in content.get("defaults", ()):
        group, value = next(iter(entry.items())) if isinstance(entry, dict) else ("", "")
        name = group.removeprefix("override ").removeprefix("/")
        if name in settings():
            listed = tuple(str(swept[name]).split(",")) if name in swept else values(name)
            found[name] = Setting(value, listed, name in swept)
    in_order = {name: found[name] for name in (*MEANINGS, *found) if name in found}
    return Experiment(path.stem, lines[0].split()[1], " ".join(lines[1:]), in_order)


@functools.cache
def settings() -> tuple[str, ...]:
    """The groups of YAML files that only experiments have."""
    folders = sorted(path.name for path in conf_folder().iterdir() if any(path.glob("*.yaml")))
    return tuple(name for name in folders if name not in (*GROUPS, GROUP))


def values(setting: str) -> tuple[str, ...]:
    """The values of a setting."""
    return tuple(sorted(path.stem for path in (conf_folder() / setting).glob("*.yaml")))


def of_command(command: str) -> list[Experiment]:
    """The experiments of a command, by name."""
    return [experiment for experiment in _all().values() if experiment.command == command]


def owner(name: str) -> str | None:
    """The command that runs an experiment; None where gni has none of that name."""
    return _all()[name].command if name in _all() else None


def named(words: list[str]) -> list[str]:
    """The experiments that the words name, those of a sweep one by one."""
    return [name for word in words for name in _typed(word, GROUP)]


def taken(command: str, words: list[str]) -> dict[str, Setting]:
    """The settings of the experiments that the words name, or where they name none those that the command takes."""
    names = named(words)
    if not names or names == [NONE]:
        return {name: Setting(choices[0], choices, False) for name, choices in ALONE.get(command, {}).items()}
    return {key: value for name in names if name in _all() for key, value in _all()[name].settings.items()}


def without_null(words: list[str]) -> list[str]:
    """The words with `experiment=none` for `experiment=null`, in sweeps too: Hydra 1.4 knows no choice null."""
    return [re.sub(r"\bnull\b", NONE, word) if word.startswith(f"{GROUP}=") else word for word in words]


def _typed(word: str, group: str) -> list[str]:
    key, sign, value = word.partition("=")
    listed = value.removeprefix("choice(").removesuffix(")").split(",")
    return [part.strip(" '\"") for part in listed] if sign and key.lstrip("+") == group else []


def check(command: str, arguments: Arguments) -> None:
    """Refuse experiments of other commands, and settings that the experiments named do not take or values they lack.

    Whoever adds a folder of configurations may bring experiments and settings of their own: these are Hydra's to judge.
    """
    words = arguments.overrides
    if arguments.config_path or arguments.config_dir or any("hydra.searchpath=" in word for word in words):
        return
    names = named(words)
    for name in names:
        if owner(name) not in (None, command):
            raise UsageError(f"experiment={name} belongs to gni {owner(name)}: gni {owner(name)} experiment={name}")
    for word in words:
        for setting in settings():
            for value in _typed(word, setting):
                _check_setting(command, names, setting, value)


def _check_setting(command: str, names: list[str], setting: str, value: str) -> None:
    if not names or names == [NONE]:
        if value in ALONE.get(command, {}).get(setting, ()):
            return
        takers = [experiment.name for experiment in of_command(command) if setting in experiment.settings]
        choices = f"with one of {', '.join(takers)}" if takers else f"but no experiment of gni {command} takes one"
        raise UsageError(f"{setting} is a setting of an experiment: experiment=NAME {setting}={value}, {choices}")
    known = [_all()[name] for name in names if name in _all()]
    if known and not any(setting in experiment.settings for experiment in known):
        has = ", ".join(dict.fromkeys(name for experiment in known for name in experiment.settings)) or "none"
        raise UsageError(f"experiment={known[0].name} takes no {setting}; its settings: {has}")
    if value not in values(setting) and not re.search(r"[${}()]", value):
        raise UsageError(unknown(setting, value, values(setting)))
