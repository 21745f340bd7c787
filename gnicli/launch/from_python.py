"""`gnicli.run`: a command from Python. The words are those of the command line, and so is what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnicli.errors import Interrupted, UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import commands, expressions, newcomer_words, path_shorthand, spelling
from gnicli.launch.did_you_mean import hint

if TYPE_CHECKING:
    from gnicli.engine.run import Run
    from gnicli.engine.runs import Runs

_NO_RUNS = "{0} shows something and runs nothing; type it on the command line: gni {1} {0}"


def run(command: str, *words: str, multirun: bool | None = None, show: bool = False, **given: object) -> Run | Runs:
    """Do what `gni COMMAND WORDS` does, in this process, and return what came out.

    Keys are given as words of the command line (`"dataset=digits"`), or as arguments: `M=4`, `dataset="digits"`,
    `noise={"name": "mult", "std": 0.5}`, `**{"noise.std": 0.5}`. The run folder is that of the command; its results,
    metrics and arrays have the same bytes. Nothing is printed unless `show`.

    A word that lists values (`"M=1,2,4"`) makes a sweep, for which `Runs` is returned, one `Run` for each job; a job
    that failed is among them with its status and message. With `multirun=True` lists, tuples and ranges among the
    arguments are swept as well; without, they are the value of their key. `multirun=False` refuses a sweep.

    A run that diverged is a result, with the status "diverged". Everything else that ends a run is raised: `UsageError`
    for words, keys and values, and the other errors of `gnicli.errors`; `Interrupted` after Ctrl-C, when the state is
    saved and `gni resume` goes on. Calls from several threads run one after another.

    >>> import gnicli
    >>> done = gnicli.run("train", "dataset=digits", "M=4", steps=3, batch_size=32)
    >>> done.status, done.results["steps"].value, done.config["noise"]["name"]
    ('completed', 3.0, 'add')
    >>> done.metrics.columns.tolist()
    ['step', 'name', 'value']
    """
    if command not in commands.COMMANDS:
        raise UsageError(f"no command {command!r}{hint(command, commands.COMMANDS)}; there are {_listed()}")
    typed = [*map(str, words), *spelling.words_of(command, given, swept=bool(multirun))]
    typed = _with_flag(command, typed, multirun)

    from gnicli.engine import runs
    from gnicli.engine.caller import Caller
    from gnicli.engine.sweep import SweepOutcome
    from gnicli.launch import run_hydra

    ended = run_hydra.perform(command, typed, Caller(shows=show, owns_process=False))
    if isinstance(ended, int):
        raise UsageError(_NO_RUNS.format(" ".join(typed), command))
    if not isinstance(ended, SweepOutcome):
        return runs.load_run(ended.folder)
    if ended.status == "interrupted":
        raise Interrupted(
            f"the sweep was stopped; its jobs are in {ended.folder}",
            by_keyboard=ended.exit_code != Interrupted.exit_code,
        )
    return runs.load_runs(ended.folder)


def _listed() -> str:
    return ", ".join(commands.COMMANDS)


def _with_flag(command: str, words: list[str], multirun: bool | None) -> list[str]:
    """The words, with the flag of a sweep where they list values; `UsageError` for what runs nothing."""
    for word in words:
        if word in argument_reader.HELP_FLAGS:
            raise UsageError(_NO_RUNS.format(word, command))
    arguments = argument_reader.split(newcomer_words.read(command, words)[0])
    if arguments.shows_only:
        raise UsageError(_NO_RUNS.format(" ".join(words), command))
    read = arguments._replace(overrides=expressions.quote(path_shorthand.expand(command, arguments.overrides)))
    is_sweep = arguments.multirun or argument_reader.check(read) > 1
    if multirun is False and is_sweep:
        raise UsageError("these words make a sweep, and multirun=False refuses one; give one value for each key")
    return ["-m", *words] if (multirun or is_sweep) and not arguments.multirun else words
