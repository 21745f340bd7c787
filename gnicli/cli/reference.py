"""`docs/reference.md`: every command, choice and key, from the same schemas as the help.

`python -m gnicli.cli.reference FILE` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gnicli.launch import commands, components, paper_experiments, schema_keys
from gnicli.launch.arguments import FLAGS, OWN_FLAGS, Flag
from gnicli.launch.schema_keys import Key


def text() -> str:
    """The whole page, in Markdown. Members of other packages are left out: the page is about gni."""
    parts = [
        "# Reference",
        "Made from the schemas by `make docs`; `gni COMMAND --help` prints the same. "
        "Type a key as `key=value`. The value `null` means none.",
    ]
    for command, meaning in commands.COMMANDS.items():
        parts += [f"## gni {command}", meaning, "### Choices", _choices(command)]
        parts += ["### Keys", _table(schema_keys.of_command(command))]
        parts += _experiments(command)
        for group in commands.groups(command):
            for name, member in components.members(group).items():
                if member.built_in:
                    parts += [f"### {group}={name}", *_member(group, name)]
    parts += ["## Options", "Every command above takes these options of gni and Hydra.", _flags((*OWN_FLAGS, *FLAGS))]
    return "\n\n".join(parts) + "\n"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _choices(command: str) -> str:
    rows = ["| group | what it decides | choices (the default in bold) |", "| --- | --- | --- |"]
    for group, default in schema_keys.default_members(command).items():
        names = [name for name, member in components.members(group).items() if member.built_in]
        shown = ", ".join(f"**{name}**" if name == default else name for name in names)
        rows.append(f"| `{group}` | {_cell(schema_keys.group_meaning(command, group))} | {shown} |")
    return "\n".join(rows)


def _experiments(command: str) -> list[str]:
    """The experiments of a command and their settings, as two tables."""
    own = paper_experiments.of_command(command)
    if not own:
        return []
    names = list(dict.fromkeys(name for experiment in own for name in experiment.settings))
    rows = [
        f"| experiment | what it shows |{''.join(f' {name} |' for name in names)}",
        "| --- " * (2 + len(names)) + "|",
    ]
    for experiment in own:
        cells = [f"`experiment={experiment.name}`", _cell(experiment.meaning)]
        rows.append(f"| {' | '.join([*cells, *(_setting(experiment, name) for name in names)])} |")
    parts = ["### Experiments", "\n".join(rows)]
    if names:
        meanings = "\n".join(f"- `{name}=`: {paper_experiments.MEANINGS[name]}." for name in names)
        parts += ["In bold: the default, or what the experiment sweeps over.", meanings]
    return parts


def _setting(experiment: paper_experiments.Experiment, name: str) -> str:
    setting = experiment.settings.get(name)
    if setting is None:
        return "-"
    bold = setting.choices if setting.swept else (setting.default,)
    return ", ".join(f"**{value}**" if value in bold else value for value in setting.choices)


def _member(group: str, name: str) -> list[str]:
    found = schema_keys.of_member(group, name)
    summary = _summary(components.schema(group, name))
    return [summary, _table(found)] if found else [summary]


def _summary(schema: type) -> str:
    """The first paragraph of a schema's docstring."""
    return " ".join((schema.__doc__ or "").strip().split("\n\n")[0].split())


def _table(found: list[Key]) -> str:
    rows = ["| key | default | takes | meaning |", "| --- | --- | --- | --- |"]
    for key in found:
        takes = ", ".join(key.choices) or key.type
        rows.append(f"| `{key.name}` | `{_cell(key.default)}` | {_cell(takes)} | {_cell(key.meaning)} |")
    return "\n".join(rows)


def _flags(flags: tuple[Flag, ...]) -> str:
    rows = ["| option | meaning |", "| --- | --- |"]
    for flag in flags:
        value = f" {flag.value}" if flag.value else ""
        rows.append(f"| `{_cell(', '.join(flag.names) + value)}` | {_cell(flag.meaning)} |")
    return "\n".join(rows)


def main() -> None:
    """Write the page to the file named on the command line."""
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
