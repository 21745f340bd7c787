"""The help of a command that Hydra configures, generated from the schemas."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable

from gnicli.launch import arguments, commands, components, paper_experiments, schema_keys
from gnicli.launch.arguments import FLAGS, OWN_FLAGS, Flag
from gnicli.launch.schema_keys import Key

PAPER = (
    "The paper, whose equations, figures and theorems are named here: Camuto et al., Asymmetric Heavy Tails and "
    "Implicit Bias in Gaussian Noise Injections, ICML 2021."
)
_OF_THE_PAPER = re.compile(r"\b(paper|equation|figure|theorem|remark|appendix)\b", re.IGNORECASE)
_WIDE = 68  # narrower than this, the meaning goes below the key
_MOST = 110  # wider lines read badly
_EXAMPLES = {
    "train": (
        ("", "the defaults: slow sine waves, a small network, added noise; some 10 s"),
        ("protocol=paper", "the paper's set-up, which takes tens of thousands of steps"),
        ("dataset=digits noise=mult M=16", "multiplied noise, 16 draws per step"),
        ("-m M=1,2,4 'seed=range(3)'", "a sweep of 9 runs, with a table and a figure"),
        ("network=conv dataset=svhn batch_size=64", "a convolutional network in minibatches"),
        ("noise=mult --help", "the keys of multiplied noise"),
        ("dataset=digits --cfg job", "print the configuration of this run"),
    ),
    "gradient-noise": (
        ("", "the defaults: an untrained network, every population, every layer"),
        ("noise=mult M=4 batch_size=20", "multiplied noise, 4 draws averaged, a minibatch"),
        ("source=outputs/train/DAY/RUN", "the trained network of a run"),
        ("-m 'seed=range(5)'", "confidence intervals over five networks"),
        ("experiment=fig2", "figure 2 of the paper"),
    ),
    "fit-stable": (
        ("samples=noise.csv samples.column=value", "a column of a file"),
        ("samples=noise.csv samples.column=value samples.group=layer", "one fit for each label of another column"),
        ("samples=-", "numbers from a pipe"),
        ("samples=run samples.path=outputs/train/DAY/RUN samples.array=parameter/*", "arrays of another run"),
        ("samples=subweibull samples.r=2 law=subweibull", "draws from a sub-Weibull law; report its fit"),
        ("experiment=fig3", "figure 3 of the paper"),
    ),
    "simulate-sde": (
        ("", "the double well under asymmetric heavy-tailed noise"),
        ("scheme=euler eta=0.05", "the paper's scheme; its chains explode"),
        ("potential=quadratic epsilon=0.05 basin=[-1,2]", "first exits from a basin against theory"),
        ("potential=network scheme=euler epsilon=0.01 eta=0.05 n_chains=64", "chains on the loss of a small network"),
        ("experiment=training_noise", "the noise of a network as the noise of the model, beside training itself"),
        ("drift=fractional n_steps=4000", "the fractional drift, which restores the Gibbs law"),
        ("experiment=exit_times", "exits for three tail indices and three skewnesses"),
    ),
    "kde-stationary": (
        ("alpha=1.1 beta=0.5", "simulate, estimate the density, compare with the exact one"),
        ("-m beta=-0.5,0,0.5", "three densities in one figure"),
        ("source=outputs/simulate-sde/DATE/RUN", "use the chains of an earlier run"),
        ("experiment=fig6", "figure 6 of the paper, beside a longer simulation"),
    ),
}


def page(command: str, words: list[str], width: int | None = None) -> str:
    """The help of `gni <command>`: choices, keys (of the choices named in `words`), flags, examples."""
    if width is None:
        width = min(_MOST, shutil.get_terminal_size((80, 24)).columns)
    chosen = schema_keys.chosen(command, words)
    parts = [
        _wrap(f"Usage: gni {command} [KEY=VALUE ...] [OPTIONS]", width, 0, 4),
        _wrap(commands.COMMANDS[command], width, 0, 0),
        _heading("Choices (* = default)", width),
        *(_group(command, group, member, width) for group, member in chosen.items()),
        _heading("Keys", width),
        _rows(map(_key_row, schema_keys.of_command(command)), width),
    ]
    for group, member in chosen.items():
        members_keys = schema_keys.of_member(group, member)
        if members_keys:
            parts += [_heading(f"Keys of {group}={member}", width), _rows(map(_key_row, members_keys), width)]
    parts += [
        *_experiments(command, width),
        *_added(command, words, width),
        _heading("Options", width),
        _rows(map(_flag_row, (*OWN_FLAGS, *FLAGS)), width),
        _heading("Examples", width),
        _rows(((f"gni {command} {words}".strip(), meaning) for words, meaning in _EXAMPLES.get(command, ())), width),
    ]
    text = "\n".join(parts) + "\n"
    return f"{text}\n{_wrap(PAPER, width, 0, 0)}\n" if _OF_THE_PAPER.search(text) else text


def _heading(text: str, width: int) -> str:
    return "\n" + _wrap(text + ":", width, 0, 0)


def _wrap(text: str, width: int, first: int, rest: int) -> str:
    return textwrap.fill(
        text,
        max(width, 20),
        initial_indent=" " * first,
        subsequent_indent=" " * rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _group(command: str, group: str, chosen: str, width: int) -> str:
    """A group, what it is for and its choices."""
    default = schema_keys.default_members(command)[group]
    names = " ".join(("*" if name == default else "") + name for name in components.members(group))
    return _rows([(f"{group}=", f"{schema_keys.group_meaning(command, group)}: {names}")], width)


def _experiments(command: str, width: int) -> list[str]:
    """The experiments of a command and the settings that they take."""
    own = paper_experiments.of_command(command)
    if not own:
        return []
    rows = [(f"experiment={experiment.name}", experiment.meaning + _settings(experiment)) for experiment in own]
    parts = [_heading("Experiments of the paper", width), _rows(rows, width)]
    names = dict.fromkeys(name for experiment in own for name in experiment.settings)
    if names:
        rows = [(f"{name}=", f"{paper_experiments.MEANINGS[name]}") for name in names]
        parts += [_heading("Settings of experiments", width), _rows(rows, width)]
    return parts


def _added(command: str, words: list[str], width: int) -> list[str]:
    """The experiments of the folders of configuration files that the words name."""
    parts = []
    for folder in arguments.folders(words):
        rows = [(f"experiment={name}", meaning) for name, meaning in paper_experiments.of_folder(folder, command)]
        if rows:
            parts += [_heading(f"Experiments of {folder}", width), _rows(rows, width)]
    return parts


def _settings(experiment: paper_experiments.Experiment) -> str:
    """The values of each setting, its default with a star, and all of them starred where the experiment sweeps."""
    told = []
    for name, setting in experiment.settings.items():
        listed = [("*" if setting.swept or value == setting.default else "") + value for value in setting.choices]
        told.append(f"{name}: {' '.join(listed)}")
    return f" ({'; '.join(told)})" if told else ""


def _key_row(key: Key) -> tuple[str, str]:
    choices = f" ({' | '.join(key.choices)})" if key.choices else f" ({key.type})"
    return f"{key.name}={key.default}", key.meaning + choices


def _flag_row(flag: Flag) -> tuple[str, str]:
    value = "" if flag.value is None else f" {flag.value}" if flag.default_value is None else f" [{flag.value}]"
    return f"{', '.join(reversed(flag.names))}{value}", flag.meaning


def _rows(rows: Iterable[tuple[str, str]], width: int) -> str:
    """Pairs in two columns where there is room, else one below the other."""
    column = 34
    lines = []
    for left, right in rows:
        if width < _WIDE:
            lines += ["  " + left, _wrap(right, width, 6, 6)]
        elif len(left) + 3 > column:
            lines += ["  " + left, _wrap(right, width, column, column)]
        else:
            lines.append(_wrap(f"{left:<{column - 2}}".replace(" ", "\0") + right, width - 2, 0, column - 2))
            lines[-1] = textwrap.indent(lines[-1].replace("\0", " "), "  ")
    return "\n".join(lines)
