"""`gni sweep submit`: a new sweep, or what is left of one, goes to Slurm, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from gnicli.engine.display import Display
from gnicli.engine.jobs import due
from gnicli.engine.jobs.due import Wishes
from gnicli.engine.sweep import Sweep
from gnicli.engine.table_text import print_path
from gnicli.errors import ConflictError, UsageError
from gnicli.launch import commands, run_hydra
from gnicli.launch.jobs import again, keys, slurm
from gnicli.launch.jobs.handing_over import hand_over
from gnicli.launch.jobs.slurm import SlurmConf

FLAGS = ("--failed", "--force", "--any-version", "--allow-env", "--yes")


def submit(words: Sequence[str]) -> int:
    """`gni sweep submit`: submit a new sweep (a command and its words) or what is left of one (its folder, first).

    Returns the exit code. Raises as `run_hydra.launch` and `again.resume_sweep` do, and `ResourceError` without Slurm.
    """
    if not words:
        raise UsageError("say what to submit: the folder of a sweep, or a command with its words, as in train seed=0,1")
    first, rest = words[0], list(words[1:])
    if first not in commands.COMMANDS:
        return _submit_folder(first, rest)
    for word in rest:
        if word.startswith(("hydra/launcher=", "hydra.launcher.wait=")):
            raise UsageError(f"{word}: gni sweep submit hands jobs to Slurm and returns; without it: gni {first} -m …")
    sweeps = [] if {"-m", "--multirun"} & {*rest} else ["-m"]
    return run_hydra.launch(first, [*sweeps, *rest, "hydra/launcher=slurm", "hydra.launcher.wait=false"])


def _submit_folder(folder: str, words: Sequence[str]) -> int:
    """Submit what is left of the sweep in `folder`."""
    given = {word for word in words if word.startswith("-")}
    for word in given - {*FLAGS}:
        raise UsageError(f"unknown option {word}; gni sweep submit SWEEP takes {', '.join(FLAGS)}")
    place = again.read_place(folder)
    plan = again.read_plan(place)
    if plan.search is not None:
        raise UsageError(
            f"{place} is a search, whose jobs depend on one another's values; gni sweep resume goes on with it"
        )
    conf = keys.typed(SlurmConf, [word for word in words if word not in given])
    slurm.check(conf)
    slurm.require()
    wishes = Wishes("--failed" in given, "--force" in given, "--any-version" in given)
    sweep = Sweep.again(place)
    try:
        allow_env = "--allow-env" in given
        again.left(place, plan, wishes, yes="--yes" in given, allow_env=allow_env)
        handed = hand_over(sweep, plan, wishes, conf, allow_env=allow_env)
    except BaseException:
        sweep.leave()
        raise
    if not handed.left:
        return again.sum_up(sweep, plan)
    if not handed.ids:
        sweep.leave()
        raise ConflictError(f"{place}: {due.names(handed.left)} are in Slurm's queue already, and no other is left")
    sweep.hand_over()
    Display(live=False).note(handed.words(place))
    print_path(place)
    return 0
