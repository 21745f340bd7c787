"""Hydra held to what `foreign_configs` allows, for as long as gni calls it.

Three places of Hydra are set aside and put back: the reader of files (each file is checked as it is read, whatever
folder, defaults list or sweep led to it), the cache in front of it (which counts, because defaults lists may include
one another in numbers that double), and the composition (whose result is checked before anything acts on it, for each
job of a sweep too).
"""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from gnicli.engine import yaml_files
from gnicli.errors import ResourceError, UsageError
from gnicli.launch import defaults_lists, foreign_configs, hydra_versions, sweeps
from gnicli.launch.arguments import Arguments

if TYPE_CHECKING:
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.config_repository import CachingConfigRepository
    from hydra.plugins.config_source import ConfigResult, ConfigSource
    from hydra.types import RunMode
    from omegaconf import DictConfig

MAX_LOADS = 1000


def _places() -> tuple[dict[str, type[ConfigSource]], Any, Any]:
    """The readers by scheme, the class of the cache and that of the loader; `ResourceError` where one is elsewhere."""
    import hydra

    try:
        from hydra._internal.config_loader_impl import ConfigLoaderImpl
        from hydra._internal.config_repository import CachingConfigRepository
        from hydra._internal.sources_registry import SourcesRegistry
        from hydra.core.plugins import Plugins

        Plugins.instance()  # registers Hydra's own readers
        readers = SourcesRegistry.instance().types
        _ = readers["file"].load_config, CachingConfigRepository.load_config, ConfigLoaderImpl._load_configuration_impl
    except (ImportError, AttributeError, KeyError) as error:
        raise ResourceError(
            f"hydra-core {hydra.__version__} keeps its readers of files where gni cannot check them; "
            "install a version that gni was tested with, as in pip install 'hydra-core>=1.3.6,<1.5'"
        ) from error
    return readers, CachingConfigRepository, ConfigLoaderImpl


@contextlib.contextmanager
def guarded(arguments: Arguments) -> Iterator[None]:
    """Within this context Hydra reads and composes only what `foreign_configs` allows.

    Raises `ResourceError` for a version of Hydra whose insides are unknown: without the guard nothing is composed.
    """
    readers, cache, loader = _places()
    reader, load, compose = readers["file"], cache.load_config, loader._load_configuration_impl

    n_loads: WeakKeyDictionary[CachingConfigRepository, int] = WeakKeyDictionary()

    def counted(self: CachingConfigRepository, config_path: str) -> ConfigResult | None:
        n_loads[self] = n_loads.get(self, 0) + 1
        if n_loads[self] > MAX_LOADS:
            raise UsageError(f"{config_path}: the defaults lists include one another more than {MAX_LOADS:,} times")
        if ".." in config_path.split("/"):
            raise UsageError(f"{config_path}: a choice is a name, not a path; add its folder with --config-dir")
        return load(self, config_path)

    sweepers: list[DictConfig] = []
    entries: dict[str, list[defaults_lists.Entry]] = {}  # by file

    def checked(self: ConfigLoaderImpl, *args: object, run_mode: RunMode, **kwargs: object) -> DictConfig:
        try:
            cfg: DictConfig = compose(self, *args, run_mode=run_mode, **kwargs)
        except RecursionError as error:
            files = ", ".join(path for path, found in entries.items() if found)
            where = f"{files}: " if files else ""
            raise UsageError(f"{where}the defaults lists include one another without an end") from error
        except Exception as error:
            read = [entry for found in entries.values() for entry in found]
            refusal = defaults_lists.explained(error, read, arguments.overrides)
            if refusal is None:
                raise
            raise refusal from error
        _check(cfg, arguments)
        _keep_sweeper(cfg, sweepers, run_mode)
        return cfg

    readers["file"] = _vetted(reader, entries)
    cache.load_config, loader._load_configuration_impl = counted, checked
    try:
        yield
    finally:
        readers["file"] = reader
        cache.load_config, loader._load_configuration_impl = load, compose


def _keep_sweeper(cfg: DictConfig, sweepers: list[DictConfig], run_mode: RunMode) -> None:
    """Let the jobs of a sweep have the sweeper of the sweep, the last of `sweepers`.

    A job that names another experiment or budget composes other `hydra.sweeper.params`. They change nothing any more,
    but hydra-core 1.4 ends the sweep over them.
    """
    from hydra.types import RunMode

    if run_mode == RunMode.MULTIRUN:
        sweepers.append(cfg.hydra.sweeper)
    elif sweepers and not hydra_versions.is_hydra_1_3():
        cfg.hydra.sweeper = copy.deepcopy(sweepers[-1])


def _check(cfg: DictConfig, arguments: Arguments) -> None:
    whole = hydra_versions.plain(cfg, resolve=False)
    files = bool(arguments.config_dir or arguments.config_path or arguments.config_name) or any(
        "hydra.searchpath" in word for word in arguments.overrides
    )
    foreign_configs.check_composed(whole, arguments.overrides, allow_env=arguments.allow_env, files=files)
    if arguments.multirun or whole["hydra"].get("mode") == "MULTIRUN":
        hydra = whole["hydra"]
        sweeps.check(hydra["sweeper"].get("params"), hydra["overrides"]["task"], allowed=arguments.yes)


def _vetted(reader: Any, entries: dict[str, list[defaults_lists.Entry]]) -> type[ConfigSource]:
    """Hydra's reader of files, with its way of reading replaced; it keeps the defaults lists that it reads."""
    from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
    from omegaconf import OmegaConf

    class FileConfigSource(reader):
        """A folder of YAML files from elsewhere."""

        def load_config(self, config_path: str) -> ConfigResult:
            path = os.path.join(self.path, self._normalize_file_name(config_path))
            if not os.path.exists(path):
                raise ConfigLoadError(f"Config not found : {path}")
            if not yaml_files.lies_within(path, self.path):
                raise UsageError(f"{path}: a link that leads out of {self.path}; copy the file there")
            try:
                document = yaml_files.read(path)
                header = ConfigSource._get_header_dict(document.text[:512])
            except yaml_files.Malformed as error:
                raise UsageError(str(error)) from error
            except ValueError as error:
                raise UsageError(f"{path}: {error}") from error
            name = config_path.removesuffix(".yaml")
            if self.provider != "main":
                foreign_configs.check_not_shadowing(path, name)
            foreign_configs.check_file(document, name, header.get("package"))
            entries[path] = defaults_lists.read(document, name)
            return ConfigResult(
                config=OmegaConf.create(document.content),
                path=f"{self.scheme()}://{self.path}",
                provider=self.provider,
                header=header,
            )

    return FileConfigSource
