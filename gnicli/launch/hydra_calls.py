"""Starting Hydra.

Hydra's object is driven here in place of `hydra.main`, which builds a parser of its own. That parser reads again what
`arguments` has read, and hydra-core 1.3 cannot build it under Python 3.14, whose argparse checks help texts at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gnicli.launch import arguments as argument_reader
from gnicli.launch import sweeps
from gnicli.launch.arguments import Arguments
from gnicli.launch.hydra_versions import is_hydra_1_3

if TYPE_CHECKING:
    from hydra._internal.hydra import Hydra
    from hydra.plugins.launcher import Launcher
    from hydra.plugins.sweeper import Sweeper
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

OWN_CONF = "pkg://gnicli.conf"
_JOB_NAME = "tasks"  # `hydra.job.name`

# Makes the launcher of a sweep from Hydra's whole configuration and from what makes the launcher that it names.
MakeLauncher = Callable[["DictConfig", Callable[[], "Launcher"]], "Launcher"]
# The same for the sweeper, which is set up with Hydra's context and the task as well.
MakeSweeper = Callable[["HydraContext", "TaskFunction", "DictConfig", Callable[[], "Sweeper"]], "Sweeper"]


class Makers(NamedTuple):
    """What makes the launcher and the sweeper of a sweep."""

    launcher: MakeLauncher
    sweeper: MakeSweeper


def start(
    config_name: str,
    task: Callable[[DictConfig], object],
    arguments: Arguments,
    overrides: list[str],
    makers: Makers | None,
) -> None:
    """Do what `hydra.main` would: show what is asked for, or run `task` once or for every job of a sweep.

    `arguments.overrides` were typed, `overrides` are handed to Hydra. `makers` make the launcher of a sweep and its
    sweeper; without them there is no sweep, whatever a configuration says. What Hydra raises passes through.
    """
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import create_config_search_path
    from hydra.core.config_search_path import SearchPathQuery
    from hydra.core.global_hydra import GlobalHydra

    if is_hydra_1_3():
        from hydra import version

        version.setbase("1.3")
    search_path = create_config_search_path(arguments.config_path or OWN_CONF)
    if arguments.config_dir:
        folder = f"file://{os.path.abspath(arguments.config_dir)}"
        search_path.prepend(provider="command-line", path=folder, anchor=SearchPathQuery(provider="schema"))
    hydra = Hydra.create_main_hydra2(task_name=_JOB_NAME, config_search_path=search_path)
    name = arguments.config_name or config_name
    try:
        if arguments.shows_only:
            _show(hydra, name, arguments, overrides)
        else:
            _run(hydra, name, task, arguments, overrides, makers)
    finally:
        GlobalHydra.instance().clear()


def _show(hydra: Hydra, name: str, arguments: Arguments, overrides: list[str]) -> None:
    """Print what a flag asks for."""
    if arguments.hydra_help:
        words = argparse.Namespace(overrides=overrides, resolve=arguments.resolve)
        hydra.hydra_help(config_name=name, args_parser=_documented(), args=words)
    elif arguments.cfg:
        hydra.show_cfg(
            config_name=name,
            overrides=overrides,
            cfg_type=arguments.cfg,
            package=arguments.package,
            resolve=arguments.resolve,
        )
    elif arguments.shell_completion:
        hydra.shell_completion(config_name=name, overrides=overrides)
    elif arguments.info:
        hydra.show_info(arguments.info, config_name=name, overrides=overrides)


def _documented() -> argparse.ArgumentParser:
    """A parser whose help Hydra prints as its own: gni's flags of Hydra with their meanings."""
    parser = argparse.ArgumentParser(add_help=False)
    for flag in argument_reader.FLAGS:
        parser.add_argument(*flag.names, help=flag.meaning)
    parser.add_argument("overrides", help="key=value, for as many keys as there are")
    return parser


def _run(
    hydra: Hydra,
    name: str,
    task: Callable[[DictConfig], object],
    arguments: Arguments,
    overrides: list[str],
    makers: Makers | None,
) -> None:
    """Run once or sweep: `--multirun` wins over what the configuration says, in `hydra.mode`."""
    from hydra.types import RunMode

    if makers is None:
        hydra.run(config_name=name, task_function=task, overrides=[*overrides, f"hydra.mode={RunMode.RUN.name}"])
        return
    composed = None
    if arguments.multirun:
        overrides = [*overrides, f"hydra.mode={RunMode.MULTIRUN.name}"]
    else:
        composed = _composed_run(hydra, name, overrides)
    with _plugins_made_by(makers), _few_jobs_composed_first():
        if composed is None:
            hydra.multirun(config_name=name, task_function=task, overrides=overrides)
        else:
            with _not_composed_again(hydra, composed):
                hydra.run(config_name=name, task_function=task, overrides=overrides)


def _composed_run(hydra: Hydra, name: str, overrides: list[str]) -> DictConfig | None:
    """The configuration of a single run; None where it says, in `hydra.mode`, that it is a sweep.

    hydra-core 1.4 would look at the main file alone, but experiments say that they are sweeps. What cannot be composed
    as a run may be a sweep all the same: its words list values, and its jobs choose what it leaves open. Where it is
    none, what Hydra raises passes through.
    """
    from hydra.types import RunMode

    def composed(run_mode: RunMode, *, validated: bool) -> DictConfig:
        return hydra.config_loader.load_configuration(
            config_name=name, overrides=overrides, run_mode=run_mode, validate_sweep_overrides=validated
        )

    try:
        cfg = composed(RunMode.RUN, validated=True)
    except Exception:
        with contextlib.suppress(Exception):
            if composed(RunMode.MULTIRUN, validated=False).hydra.mode == RunMode.MULTIRUN:
                return None
        raise
    if cfg.hydra.mode == RunMode.MULTIRUN:
        return None
    cfg.hydra.mode = RunMode.RUN
    return cfg


@contextlib.contextmanager
def _not_composed_again(hydra: Hydra, composed: DictConfig) -> Iterator[None]:
    """Let the run that Hydra starts next have what is `composed`: a composition takes a good part of a short run."""
    loader = hydra.config_loader
    loader.load_configuration = lambda *_, **__: composed  # type: ignore[method-assign]
    try:
        yield
    finally:
        del loader.load_configuration


@contextlib.contextmanager
def _plugins_made_by(makers: Makers) -> Iterator[None]:
    """Let the sweeper and its launcher come from `makers`: Hydra makes those of its own package and `hydra_plugins`."""
    from hydra.core.plugins import Plugins

    plugins = Plugins.instance()
    launcher_of_hydra, sweeper_of_hydra = plugins.instantiate_launcher, plugins.instantiate_sweeper

    def launcher(
        hydra_context: HydraContext, task_function: Callable[[DictConfig], object], config: DictConfig
    ) -> Launcher:
        return makers.launcher(config, lambda: launcher_of_hydra(hydra_context, task_function, config))

    def sweeper(
        *, hydra_context: HydraContext, task_function: Callable[[DictConfig], object], config: DictConfig
    ) -> Sweeper:
        def of_hydra() -> Sweeper:
            return sweeper_of_hydra(hydra_context=hydra_context, task_function=task_function, config=config)

        return makers.sweeper(hydra_context, task_function, config, of_hydra)

    plugins.instantiate_launcher, plugins.instantiate_sweeper = launcher, sweeper  # type: ignore[method-assign]
    try:
        yield
    finally:
        del plugins.instantiate_launcher, plugins.instantiate_sweeper


@contextlib.contextmanager
def _few_jobs_composed_first() -> Iterator[None]:
    """Let sweepers compose examples of the jobs, and not every job, before the first one starts.

    Each job is composed where it runs as well, and a composition takes a tenth of a second.
    """
    from hydra.plugins.sweeper import Sweeper

    validate = Sweeper.validate_batch_is_legal

    def validate_some(self: Sweeper, batch: Sequence[Sequence[str]]) -> None:
        validate(self, sweeps.exemplary(batch))

    Sweeper.validate_batch_is_legal = validate_some  # type: ignore[method-assign]
    try:
        yield
    finally:
        Sweeper.validate_batch_is_legal = validate  # type: ignore[method-assign]
