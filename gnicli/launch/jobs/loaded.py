"""Imported last by the server of jobs: it does what every job does before it is known which one it is."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import cast

from hydra._internal.hydra import Hydra as Hydra
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, open_dict

from gnicli.engine import checkout, provenance
from gnicli.engine.report import html, markdown
from gnicli.launch import (
    arguments,
    commands,
    hydra_session,
    hydra_tasks,
    hydra_versions,
    schema_keys,
    validation,
)
from gnicli.launch.jobs import unit as unit

_WORDS = ["seed=1", "run.checkpoint_seconds=1e-3", "run.latex=true", "run.checkpoint_steps=20", "run.root='a/b'"]


def _rehearse(command: str) -> None:
    """Compose a configuration of a command, check it and write it down as a job does; nothing is run or kept.

    What a process does for the first time takes it far longer: words unlike all before take Hydra's parser ten times
    as long as others, and what a class is made of is found once.
    """
    from hydra import compose

    chosen = [f"{group}={name}" for group, name in schema_keys.default_members(command).items()]
    arguments.check(arguments.Arguments(words := [*chosen, *_WORDS]))
    where = hydra_tasks.folder_expression(command, "0", kind="run", literal=None, typed=True)
    all_words = [*words, f"hydra.run.dir={where}", *hydra_session.quiet(words), "hydra.mode=RUN"]
    with hydra_versions.initialized():
        composed = compose(commands.config_name(command), all_words, return_hydra_config=True)
    hydra_config = cast(DictConfig, composed.hydra)
    with open_dict(composed):
        del composed["hydra"]
    _, plain = validation.validated(command, composed)
    schema_keys.all_of(command, words)
    validation.saved_as(plain, words, hydra_tasks.plain_hydra(hydra_config, Path(), in_sweep=True))


# Those whose jobs are to come: registering the schemas imports all others.
_due = [name for name in commands.COMMANDS if f"{commands.MODULES}.{commands.config_name(name)}" in sys.modules]
# A job that lacks one of these says why.
with contextlib.suppress(Exception):
    Plugins.instance()
with contextlib.suppress(Exception):
    commands.register()
for _command in _due:
    with contextlib.suppress(Exception):
        _rehearse(_command)
with contextlib.suppress(Exception):
    html.template(), markdown.template()
with contextlib.suppress(Exception):
    provenance.versions()
    provenance.source()
    checkout.git_state()
