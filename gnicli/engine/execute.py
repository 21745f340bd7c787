"""One run from its config to its folder: the one place where an experiment meets the machine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.contracts.results import Headline
from gnicli.engine import checkout, folders, provenance
from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.engine.job import Experiment, Job
from gnicli.engine.machine import Config
from gnicli.engine.manifest import Manifest
from gnicli.engine.outcome import Outcome

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def execute(
    run: Experiment[Config],
    config: Config,
    folder: Path,
    *,
    plain: Mapping[str, object],
    command: str,
    overrides: Sequence[str],
    argv: Sequence[str],
    settings: Mapping[str, bytes] | None = None,
    resume: bool = False,
    in_sweep: bool = False,
    caller: Caller = COMMAND_LINE,
    headlines: Sequence[Headline] = (),
    setting: str = "",
) -> Outcome:
    """Run an experiment in `folder`, which becomes this run's own, and write there what it returns.

    `config` is a dataclass, handed to `run` with its `device` resolved. `plain` is the same as nested dicts, lists and
    scalars that JSON can hold: the fingerprint and checkpoints are made of it, and of it the engine reads `seed`,
    `device`, `threads` and `run.checkpoint_*`. `settings` are the files of `.hydra/` of a new run, by name.

    `headlines` are the values that are shown first. `setting` are the keys in which a job of a sweep differs, in words.

    With `resume` the folder must hold an unfinished run, which goes on from its checkpoint.

    Outside a sweep whatever went wrong is raised again after it was recorded, `Interrupted` included; a mistake found
    before anything was produced leaves no folder behind. Within a sweep everything but a folder that cannot be had is
    recorded, shown at once on stderr, and returned. A `caller` that is a program shows nothing and keeps its signals.
    """
    folder = Path(folder)
    if resume:
        claim = folders.reclaim(folder)
    else:
        claim = folders.claim(folder, _manifest(config, plain, command, overrides, argv), settings)
    job = Job(run, config, plain, claim, resume, in_sweep, caller, headlines, setting)
    try:
        job.prepare()
    except BaseException as error:
        return job.refuse(error)
    return job.go()


def _manifest(
    config: DataclassInstance, plain: Mapping[str, object], command: str, overrides: Sequence[str], argv: Sequence[str]
) -> Manifest:
    return {
        "kind": "run",
        "command": command,
        "command_line": shlex.join(argv),
        "argv": list(argv),
        "overrides": list(overrides),
        "fingerprint": provenance.fingerprint(plain),
        "seed": plain.get("seed"),
        "git": checkout.git_state(),
        "code": provenance.source(),
        "versions": provenance.versions(config),
        "error": "",
        "end": None,
        "wall_seconds": 0.0,
        "engine_seconds": 0.0,
        "part_seconds": {},
        "resumed_from": [],
    }
