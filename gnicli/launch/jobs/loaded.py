"""Imported by the server of jobs: it loads what every job needs before it is known which one it is."""

from __future__ import annotations

import contextlib

from hydra._internal.hydra import Hydra as Hydra
from hydra.core.plugins import Plugins

from gnicli.engine import checkout, provenance
from gnicli.engine.report import html, markdown
from gnicli.launch import commands, components, hydra_versions
from gnicli.launch.jobs import unit as unit

# A job that lacks one of these says why.
with contextlib.suppress(Exception):
    Plugins.instance()
with contextlib.suppress(Exception):
    components.register({commands.config_name(name): commands.schema(name) for name in commands.COMMANDS})
# The first words take Hydra's parser ten times as long as those that are like them.
with contextlib.suppress(Exception):
    from hydra import compose

    with hydra_versions.initialized():
        compose(commands.config_name("train"), ["seed=1", "lr=1e-3", "noise.std=0.1", "+run.dir='a/b'"])
with contextlib.suppress(Exception):
    html.template(), markdown.template()
with contextlib.suppress(Exception):
    provenance.versions()
    provenance.source()
    checkout.git_state()
