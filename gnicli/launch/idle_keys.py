"""Typed keys that do nothing in the choice made: an error of a single run, a warning in a job of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from gnicli.contracts.results import Results
from gnicli.launch import schema_keys

if TYPE_CHECKING:
    from gnicli.contracts.observer import Observer


def found(command: str, plain: Mapping[str, object], overrides: Sequence[str]) -> list[str]:
    """A sentence for each typed key without effect in the configuration `plain`; a typed default is none."""
    from gnicli.engine.sweep_records import split_overrides
    from gnicli.experiments import idle

    defaults = {key.name: key.default for key in schema_keys.all_of(command, list(overrides))}
    typed = [name for name, value in split_overrides(overrides).items() if defaults.get(name) != value]
    return idle.find(command, plain, typed)


def with_warnings(run: Callable[..., Results], warnings: Sequence[str]) -> Callable[..., Results]:
    """`run`, whose results have these warnings too."""

    def run_with_warnings(config: object, observer: Observer) -> Results:
        results = run(config, observer)
        return results._replace(warnings=(*results.warnings, *warnings))

    return run_with_warnings if warnings else run
