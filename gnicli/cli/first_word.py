"""What is said where the first word is no command: the command that does what was meant."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence

_LISTS = "gni runs lists runs, gni data list lists data sets, gni --help lists commands"
_OF_RUNS = "write gni runs {} RUN; gni runs --help lists what can be done with runs"
_MEANT = {
    "list": _LISTS,
    "ls": _LISTS,
    **{word: _OF_RUNS.format(word) for word in ("show", "diff", "compare", "rerun", "export", "rm")},
    "remove": _OF_RUNS.format("rm"),
    "delete": _OF_RUNS.format("rm"),
    "run": "say what to run, as in gni train; gni --help lists the commands",
    "start": "say what to run, as in gni train; gni --help lists the commands",
    "test": "gni doctor looks at the installation; gni quickstart runs each command once",
    "check": "gni doctor looks at the installation",
    "init": "nothing has to be set up: gni quickstart runs each command once",
    "fetch": "write gni data fetch NAME",
    "download": "write gni data fetch NAME",
    "datasets": "gni data list lists the data sets",
    "fit": "write gni fit-stable FILE",
    "simulate": "write gni simulate-sde",
    "kde": "write gni kde-stationary",
    "continue": "write gni resume RUN",
    "status": "write gni sweep status SWEEP; gni runs lists runs with their status",
    "evaluate": "gni train records the losses on training and test data; gni runs lists them",
}


def refusal(word: str, known: Collection[str]) -> str:
    """One line about a first word that is none of the commands `known`."""
    from gnicli.launch.did_you_mean import nearest

    meant = _MEANT.get(word) or _as_argument(word)
    if meant is None:
        near = nearest(word.replace("_", "-"), known)
        meant = f"did you mean {near}? gni --help lists the commands" if near else "gni --help lists the commands"
    return f"no command {word!r}; {meant}"


def option_refusal(words: Sequence[str], known: Collection[str], options: Collection[str]) -> str:
    """One line about words that begin with an option which is none of `options`: it needs a command before it."""
    from gnicli.launch import commands, newcomer_words
    from gnicli.launch.did_you_mean import nearest

    told = f"no option {words[0]!r} before a command"
    if command := next((word for word in words if word in known), None):
        return f"{told}; write gni {command} {shlex.join(word for word in words if word != command)}"
    by_command = {command: newcomer_words.read(command, words, of_others=False) for command in commands.COMMANDS}
    meant = [f"gni {command} {shlex.join(read)}" for command, (read, changed) in by_command.items() if changed]
    if meant:  # a key that a command has as it was typed makes the shortest
        return f"{told}; write {min(meant, key=len)}"
    if near := nearest(words[0], options):
        return f"no option {words[0]!r}; did you mean {near}?"
    return f"{told}; write gni COMMAND {shlex.join(words)}; gni --help lists the commands"


def _as_argument(word: str) -> str | None:
    """The command for a word that belongs behind one: an experiment, a choice, a key, a file."""
    from gnicli.launch import commands, components, newcomer_words, paper_experiments, schema_keys

    name, sign, value = word.partition("=")
    experiment = value if name == paper_experiments.GROUP else word
    if owner := paper_experiments.owner(experiment):
        return f"write gni {owner} experiment={experiment}"
    for command in commands.COMMANDS:
        groups = commands.groups(command)
        if sign and name in (*groups, *(key.name for key in schema_keys.of_command(command))):
            return f"a command comes first, as in gni {command} {word}"
        for group in groups if not sign else ():
            if word in components.members(group):
                return f"write gni {command} {group}={word}"
    for command in commands.COMMANDS if not sign else ():
        read, told = newcomer_words.read(command, [word])
        if told:
            return f"write gni {command} {' '.join(read)}"
    return None
