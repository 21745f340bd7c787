"""Sweeps looked at before they start: the files that their values lead to, and how many jobs they make."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.errors import UsageError
from gnicli.launch.arguments import MAX_JOBS, Arguments, typed_folders
from gnicli.launch.hydra_versions import initialized

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

# Each variant is composed, a tenth of a second each; those that come later are checked when their job is composed.
_MOST_VARIANTS = 50


def check(params: dict[str, object] | None, words: Sequence[str], *, allowed: bool) -> None:
    """Refuse a sweep of more than `MAX_JOBS` jobs, wherever its values come from, unless it was `allowed`.

    `params` are those of `hydra.sweeper.params`; `words`, the overrides, win over them.
    """
    if allowed:
        return
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    sizes: dict[str, int] = {}
    parser = OverridesParser.create()
    for word in [*(f"{key}={value}" for key, value in (params or {}).items()), *words]:
        try:
            (override,) = parser.parse_overrides([str(word)])
        except OverrideParseException as error:
            raise UsageError(
                f"hydra.sweeper.params: cannot read {word!r}; write a value or a list such as 1,2"
            ) from error
        sizes[override.get_key_element()] = _size(override)
    n_jobs = 1
    for size in sizes.values():
        n_jobs *= size
    if n_jobs > MAX_JOBS:
        raise UsageError(f"this sweep has {n_jobs:,} jobs; give --yes to run more than {MAX_JOBS:,}")


def _size(override: Override) -> int:
    """How many values an override gives its key, without listing them."""
    from hydra.core.override_parser.types import ChoiceSweep, RangeSweep

    value = override.value()
    if isinstance(value, ChoiceSweep):
        return len(value.list)
    if not isinstance(value, RangeSweep):
        return 1  # globs and intervals: only the sweeper knows
    try:
        start, stop, step = (float(part) for part in (value.start, value.stop, value.step))  # type: ignore[arg-type]
        return max(0, -int(-(stop - start) // step))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise UsageError(
            f"{override.input_line}: no range; write range(start,stop,step) with a step that is not 0"
        ) from error


def look_through(arguments: Arguments, config_name: str) -> None:
    """Compose every variant of a configuration with added folders, so that errors are found before a job starts.

    What Hydra raises for files that it cannot read or merge passes through. Call it with Hydra's state set aside.
    """
    given = _given(arguments)
    if not given and not arguments.config_path:
        return
    for folder in (*given, arguments.config_path or "."):
        if not Path(folder).is_dir():
            raise UsageError(f"{folder}: no such folder; give a folder of YAML files")
    from hydra import compose

    def composed(words: list[str]) -> set[str]:
        """Compose every variant; returns what the files add to the sweep, which only its jobs compose."""
        swept: set[str] = set()
        for overrides in itertools.islice(_variants(words), _MOST_VARIANTS):
            cfg = compose(
                arguments.config_name or config_name, [*overrides, *searched(arguments)], return_hydra_config=True
            )
            swept |= {f"{key}={value}" for key, value in (cfg.hydra.sweeper.get("params") or {}).items()}
        return swept

    with initialized(arguments.config_path):
        swept = composed(arguments.overrides)
        if swept:
            composed([*sorted(swept), *arguments.overrides])


def _given(arguments: Arguments) -> list[str]:
    """The folders whose files are added to gni's own, the one that wins first."""
    return [*([arguments.config_dir] if arguments.config_dir else []), *typed_folders(arguments.overrides)]


def searched(arguments: Arguments) -> list[str]:
    """The word that lets `hydra.compose` search the added folders; none where there are none."""
    where = ",".join(f"'file://{os.path.abspath(folder)}'" for folder in _given(arguments))
    return [f"hydra.searchpath=[{where}]"] if where else []


def exemplary(jobs: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Those of the `jobs` of a sweep that show every choice and every kind of value, up to `_MOST_VARIANTS`.

    Composing them finds what composing all would find, except where single values do not go together: that job fails.
    Numbers of one key are of one kind, so that it does not take longer to begin a sweep of more seeds.
    """
    seen: set[tuple[str, str]] = set()
    chosen: list[Sequence[str]] = []
    for words in jobs:
        kinds = {kind(word) for word in words}
        if not kinds <= seen:
            seen |= kinds
            chosen.append(words)
            if len(chosen) == _MOST_VARIANTS:
                break
    return chosen


def kind(word: str) -> tuple[str, str]:
    """The key of an override, and its value where it is no number."""
    key, _, value = word.partition("=")
    for number in (int, float):
        with contextlib.suppress(ValueError):
            number(value)
            return key, number.__name__
    return key, value


def _variants(words: list[str]) -> Iterator[list[str]]:
    """The overrides with each value of each sweep at least once, without all combinations."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import ChoiceSweep, RangeSweep

    columns: list[list[str]] = []
    for override in OverridesParser.create().parse_overrides(words):
        key = override.get_key_element()
        if key.lstrip("+") == "hydra.searchpath":
            continue
        if not override.is_sweep_override():
            columns.append([str(override.input_line)])
        elif isinstance(override.value(), ChoiceSweep):
            columns.append([f"{key}={value}" for value in override.sweep_string_iterator()])
        elif isinstance(override.value(), RangeSweep):
            columns.append([f"{key}={next(iter(override.sweep_string_iterator()))}"])
        else:
            raise UsageError(f"{override.input_line}: with a configuration folder, list the values one by one")
    for index in range(max((len(column) for column in columns), default=1)):
        yield [column[min(index, len(column) - 1)] for column in columns]
