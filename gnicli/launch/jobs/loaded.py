"""Imported by the server of jobs: it loads what every job needs before it is known which one it is."""

from __future__ import annotations

import contextlib

from hydra._internal.hydra import Hydra as Hydra
from hydra.core.plugins import Plugins

from gnicli.engine import checkout, provenance
from gnicli.launch import commands, components
from gnicli.launch.jobs import unit as unit

# A job that lacks one of these says why.
with contextlib.suppress(Exception):
    Plugins.instance()
with contextlib.suppress(Exception):
    components.register({commands.config_name(name): commands.schema(name) for name in commands.COMMANDS})
with contextlib.suppress(Exception):
    provenance.versions()
    provenance.source()
    checkout.git_state()
