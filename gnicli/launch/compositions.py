"""What compositions of the same choices have in common, so that the first of them serves all.

Hydra composes in two steps: it follows the lists of defaults from file to file and merges what they name, and then it
sets the single values. The first takes most of the time and depends on the choices alone (`dataset=svhn noise=mult`),
which are those of many jobs of a sweep. Who composes one of these jobs keeps what the first step gave (`recorded`),
and the processes of the others go on from there (`continued`).
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from omegaconf import DictConfig


class Begun(NamedTuple):
    """A composition after its first step: what it follows from, the members chosen, the configuration, pickled."""

    asked: tuple[object, ...]
    known: dict[str, Any]
    config: bytes


@contextlib.contextmanager
def recorded() -> Iterator[list[Begun]]:
    """Within it, the compositions that are made, after their first step. Only for files that do not change."""
    kept: list[Begun] = []
    asked: list[tuple[tuple[object, ...], dict[str, Any]]] = []

    with _steps() as (choose, merge):

        def chosen(**given: Any) -> Any:
            found = choose(**given)
            asked.append((_asked(found.config_overrides, **given), dict(found.overrides.known_choices)))
            return found

        def merged(loader: object, defaults: list[Any], repo: object) -> DictConfig:
            config = merge(loader, defaults=defaults, repo=repo)
            kept.append(Begun(*asked.pop(), pickle.dumps(config)))
            return config

        _replace(chosen, merged)
        yield kept


@contextlib.contextmanager
def continued(begun: Begun | None) -> Iterator[None]:
    """Within it, compositions of the same choices, from the same places, go on from `begun`; others are made whole."""
    if begun is None:
        yield
        return
    from hydra._internal.defaults_list import DefaultsList, Overrides

    nothing: list[Any] = []  # this very list says that the second step finds its configuration in `begun`

    with _steps() as (choose, merge):

        def chosen(**given: Any) -> Any:
            overrides = Overrides(repo=given["repo"], overrides_list=given["overrides_list"])
            if _asked(overrides.config_overrides, **given) != begun.asked:
                return choose(**given)
            overrides.known_choices.update(begun.known)
            return DefaultsList(nothing, None, overrides.config_overrides, overrides)  # type: ignore[arg-type]

        def merged(loader: object, defaults: list[Any], repo: object) -> DictConfig:
            if defaults is nothing:
                config: DictConfig = pickle.loads(begun.config)
                return config
            return merge(loader, defaults=defaults, repo=repo)

        _replace(chosen, merged)
        yield


def _asked(
    values: list[Any], *, repo: Any, config_name: str | None, overrides_list: list[Any], **how: bool
) -> tuple[object, ...]:
    """All that the first step follows from: places, the main file, the words that are no single `values`."""
    single = {id(override) for override in values}
    choices = tuple(override.input_line for override in overrides_list if id(override) not in single)
    places = tuple((source.provider, source.scheme(), source.path) for source in repo.get_sources())
    return places, config_name, choices, tuple(sorted(how.items()))


@contextlib.contextmanager
def _steps() -> Iterator[tuple[Any, Any]]:
    """The two steps as Hydra has them, which is what it has again afterwards."""
    from hydra._internal import config_loader_impl

    loader = config_loader_impl.ConfigLoaderImpl
    steps = config_loader_impl.create_defaults_list, loader._compose_config_from_defaults_list
    try:
        yield steps
    finally:
        _replace(*steps)


def _replace(choose: Any, merge: Any) -> None:
    from hydra._internal import config_loader_impl

    config_loader_impl.create_defaults_list = choose
    config_loader_impl.ConfigLoaderImpl._compose_config_from_defaults_list = merge  # type: ignore[method-assign]
