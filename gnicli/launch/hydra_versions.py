"""Which version of Hydra and OmegaConf is there, and the calls that their versions name or mean differently."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omegaconf import DictConfig


def register_resolver(name: str, resolver: Callable[..., object]) -> None:
    """Let `${name:…}` call `resolver`; one of the same name is replaced."""
    import omegaconf

    if omegaconf.__version__.startswith("2.3."):
        omegaconf.OmegaConf.register_new_resolver(name, resolver, replace=True)
    else:
        omegaconf.OmegaConf.register_resolver(name, resolver, replace=True)  # type: ignore[call-arg]


def store(name: str, node: type | dict[str, object], group: str | None = None, package: str | None = None) -> None:
    """Tell Hydra a configuration that has no file; one of the same name is replaced."""
    from hydra.core.config_store import ConfigStore

    options = {} if is_hydra_1_3() else {"replace": True}
    ConfigStore.instance().store(name=name, node=node, group=group, package=package, provider="gni", **options)


def hasten() -> None:
    """Spare compositions, each job's of a sweep among them, two things that Hydra does for nothing.

    It copies its sources before each, and a source refers to the whole store: every schema of every command, which
    nothing changes. So copies share it; what is taken from the store is still a copy. And for every list of defaults
    it makes a configuration of all choices, which references (`${…}`) in that list follow, where there are none too.
    Each is a fifth of a composition.
    """
    from hydra._internal import defaults_list
    from hydra.core.config_store import ConfigStore

    ConfigStore.__deepcopy__ = _itself  # type: ignore[attr-defined]
    original = getattr(defaults_list, "_create_interpolation_map", None)
    if original is not None and not hasattr(original, "for_references_alone"):
        defaults_list._create_interpolation_map = _where_there_are_references(original)


def _itself(self: object, _memo: dict[int, object]) -> object:
    return self


def _where_there_are_references(original: Callable[..., DictConfig]) -> Callable[..., DictConfig]:
    """`original`, called for a list with a reference alone; of others nobody looks at the map."""
    from omegaconf import OmegaConf

    def choices(overrides: Any, defaults_list: list[Any], self_added: bool) -> DictConfig:
        if any(not each.is_self() and each.is_interpolation() for each in defaults_list):
            return original(overrides, defaults_list, self_added)
        return OmegaConf.create()

    choices.for_references_alone = True  # type: ignore[attr-defined]
    return choices


def plain(cfg: DictConfig, *, resolve: bool) -> dict[str, Any]:
    """A mapping of OmegaConf's as nested dicts, lists and scalars; without `resolve` references stay as they are."""
    from omegaconf import OmegaConf

    found = OmegaConf.to_container(cfg, resolve=resolve, enum_to_str=True)
    assert isinstance(found, dict)
    return {str(key): value for key, value in found.items()}


def initialized(folder: str | None = None) -> contextlib.AbstractContextManager[None]:
    """A context in which `hydra.compose` composes: from gni's own configuration, or from that in `folder`."""
    from hydra import initialize_config_dir, initialize_config_module

    version = {"version_base": "1.3"} if is_hydra_1_3() else {}  # 1.3 warns without it, 1.4 with it
    if folder is None:
        return initialize_config_module("gnicli.conf", **version)
    return initialize_config_dir(os.path.abspath(folder), **version)


def is_hydra_1_3() -> bool:
    """Whether Hydra is of the series 1.3, and not of a later one."""
    import hydra

    return hydra.__version__.startswith("1.3.")
