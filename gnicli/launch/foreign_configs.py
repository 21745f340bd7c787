"""What a configuration file from elsewhere may say: an allow-list, applied to each file as Hydra reads it.

A configuration from a stranger runs no code, writes nothing outside of the output root, reads no environment and no
file that the user did not name, and cannot exhaust the machine. Hydra's own half of a configuration is a program (it
names classes, files to write, variables to set); so of `hydra.*` a file may set only the sweep. `guard` calls these
functions; `engine.yaml_files` has read the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.engine import yaml_files
from gnicli.errors import UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import components, references
from gnicli.launch.validation import OBJECTS_REFUSED, refuse_objects

if TYPE_CHECKING:
    import yaml

_OBJECTS = ("_target_", "()")
_PARAMS = ("hydra", "sweeper", "params")
_MODES = ("RUN", "MULTIRUN", "null", "")
_SWEPT = re.compile(r"\+{0,2}\w+(?:[./]\w+)*")
# What Hydra's own schemas and those of installed launchers and sweepers name.
TRUSTED = (
    "gnicli.launch.jobs.launchers.Local",
    "gnicli.launch.jobs.slurm.Slurm",
    "gnicli.launch.jobs.in_ray.Ray",
    "gnicli.launch.jobs.sweepers.Optuna",
    "hydra._internal.core_plugins.",
    "hydra_plugins.",
    "hydra.experimental.callbacks.",
)
# Keys that lead to files to be read, and those that lead to other machines, wherever a data set is described.
_PATHS = re.compile(r"source|samples\.path|(potential\.)?dataset\.dir")
_SERVERS = re.compile(r"(potential\.)?dataset\.mirrors")


def check_file(document: yaml_files.Document, config_path: str, package: str | None) -> None:
    """Refuse what a file may not say; `config_path` is its name for Hydra (`experiment/mine`), `package` its header.

    Raises `UsageError` with the file, the line, the key and what to do.
    """
    _check_place(document.path, config_path, package)
    if document.tree is None:
        return
    entries = list(_entries(document.tree))
    for path, line, _ in entries:
        if path[-1] in _OBJECTS:
            raise UsageError(f"{document.path}:{line}: {OBJECTS_REFUSED.format('.'.join(path))}")
    for path, line, node in entries:
        where = f"{document.path}:{line}"
        name = ".".join(path)
        if path[-1] == "<<":
            raise UsageError(f"{where}: '<<' is not supported; write the keys out")
        if path[0] == "defaults":  # `defaults_lists` reads them
            continue
        for text in (path[-1], *([node.value] if isinstance(node.value, str) else ())):
            references.refuse_calls(text, f"{where}: {name}")
        if path[0] == "hydra":
            _check_hydra(where, path, node)


def check_not_shadowing(file: str, config_path: str) -> None:
    """Refuse a file of an added folder that Hydra would read in place of one of gni's own choices."""
    group, _, name = config_path.rpartition("/")
    members = components.members(group) if group in components.GROUPS else {}
    if config_path == components.NO_EXPERIMENT or (name in members and members[name].built_in):
        raise UsageError(f"{file}: {group}={name} is gni's own choice; give the file another name")


def _check_place(file: str, config_path: str, package: str | None) -> None:
    """A file may be placed anywhere but among Hydra's own keys."""
    *folders, _ = config_path.split("/")
    if any(not re.fullmatch(r"[A-Za-z_][\w-]*", folder) for folder in folders) or "hydra" in folders:
        raise UsageError(f"{file}: a file may not choose Hydra's own settings; type them")
    parts = [] if package is None else package.split(".")
    for part in parts:
        if part == "hydra" or not re.fullmatch(r"_global_|_group_|[A-Za-z]\w*", part):
            raise UsageError(f"{file}: '# @package {package}' is not allowed; take _global_ or a group such as network")
    group = config_path.partition("/")[0]
    if package is None and folders and group not in components.GROUPS:
        raise UsageError(f"{file}: its first line must be '# @package _global_', so that its keys are those of the run")


def _entries(node: yaml.Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int, yaml.Node]]:
    """Every key and every entry of a list below a node, with its line; entries of lists are numbered."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value) if isinstance(key, yaml.ScalarNode) else "?")
            yield here, key.start_mark.line + 1, value
            yield from _entries(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            here = (*path, str(index))
            yield here, value.start_mark.line + 1, value
            yield from _entries(value, here)


# ---------------------------------------------------------------------------------------------------------- Hydra's own


def _check_hydra(where: str, path: tuple[str, ...], node: yaml.Node) -> None:
    import yaml

    if path[:3] == _PARAMS:
        if len(path) == 4 and (not _SWEPT.fullmatch(path[3]) or "hydra" in re.split(r"\W+", path[3])):
            raise UsageError(f"{where}: {'.'.join(_PARAMS)}: {path[3]!r} cannot be swept from a file; type it")
        if len(path) > 4 or (len(path) == 4) != isinstance(node, yaml.ScalarNode):
            raise UsageError(f"{where}: {'.'.join(_PARAMS)} takes keys and their values, such as 'seed: range(3)'")
        return
    if isinstance(node, yaml.MappingNode) and node.value and path[:3] in (("hydra",), ("hydra", "sweeper")):
        return  # what is in it is looked at one by one
    if path == ("hydra", "mode") and isinstance(node, yaml.ScalarNode) and node.value in _MODES:
        return
    name = ".".join(path)
    advice = f"type {name}=… if you want it" if argument_reader.takes(name) else "leave it out"
    raise UsageError(
        f"{where}: {name} may not come from a file, which may set hydra.sweeper.params and hydra.mode alone; {advice}"
    )


# --------------------------------------------------------------------------------------------------- what it comes to


def check_composed(config: dict[str, object], typed: list[str], *, allow_env: bool, files: bool) -> None:
    """Look at a whole configuration before anything acts on it: calls, growth, and with `files` where paths lead.

    `config` is unresolved and still has Hydra's half, `typed` holds the overrides of the command line.
    """
    own = {key: value for key, value in config.items() if key != "hydra"}
    refuse_objects(own)
    if files:
        refuse_objects(config.get("hydra"), "hydra", trusted=TRUSTED)
    for text in (*(text for _, text in references.strings(own)), *(word for word in typed if "hydra" in word)):
        references.refuse_typed_calls(text, allow_env=allow_env, own=(references.RESOLVER,))
    references.refuse_growth(own)
    if files:
        _check_paths(own, _typed_keys(typed))
        _check_output(own, _typed_keys(typed))


def _typed_keys(words: list[str]) -> set[str]:
    return {word.partition("=")[0].lstrip("+") for word in words}


def _check_paths(config: dict[str, object], typed: set[str]) -> None:
    """A file may name data to be read below the working folder; all else that leads somewhere is typed."""
    from omegaconf import OmegaConf

    for path, value in _leaves(config):
        name = ".".join(path)
        if name in typed or value is None:
            continue
        if _SERVERS.fullmatch(name):
            raise UsageError(f"{name}: a file may not name servers; type {name}=… if you trust them")
        if _PATHS.fullmatch(name):
            reached = str(OmegaConf.select(OmegaConf.create(config), name))
            if reached != "-":
                _check_path(name, reached)


def _check_output(config: dict[str, object], typed: set[str]) -> None:
    """Refuse folders outside of the output root unless typed, before a job starts; `hydra_tasks` enforces it too."""
    from omegaconf import OmegaConf

    from gnicli.engine.folders import output_root

    composed = OmegaConf.create(config)
    if "run.root" not in typed and "run.dir" not in typed:
        root, folder = (OmegaConf.select(composed, key) for key in ("run.root", "run.dir"))
        for key, value, base in (("root", root, output_root()), ("dir", folder, output_root(root))):
            if value is not None and not yaml_files.lies_within(checks.home(f"run.{key}", str(value)), base):
                raise UsageError(outside(str(value), base, key))


def outside(value: str, base: Path, key: str) -> str:
    """The message for a folder that a file puts outside of the output root."""
    return f"{value}: the output must stay below {base}; type run.{key}={value} if that is what you want"


def _leaves(values: dict[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in values.items():
        here = (*path, str(key))
        yield here, value
        if isinstance(value, dict):
            yield from _leaves(value, here)


def _check_path(name: str, value: str) -> None:
    path = Path(checks.home(name, value))
    if not yaml_files.lies_within(str(path), Path.cwd()):
        raise UsageError(
            f"{name}: a file may name what lies below the working folder alone, got {value}; "
            f"type {name}={value} if you want it"
        )
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UsageError(f"{name}: {value} is neither a file nor a folder; type {name}={value} if you want it")
