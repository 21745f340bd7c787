"""Reading configuration files that do not come with gni before Hydra acts on them.

Hydra instantiates what `hydra.callbacks` and the like name, and logging creates what `()` names, before a task sees the
configuration. So every YAML file in a folder that the user adds is looked through first.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from gnicli.errors import UsageError


def check_folders(folders: list[str]) -> None:
    """Refuse folders that are absent, and in their YAML files tags, repeated keys and names of Python objects."""
    for folder in folders:
        if not Path(folder).is_dir():
            raise UsageError(f"{folder}: no such folder; give --config-dir a folder of YAML files")
        for path in sorted(Path(folder).rglob("*.yaml")):
            _check_file(path)


def _check_file(path: Path) -> None:
    import yaml

    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not a YAML text: {str(error).splitlines()[0]}") from error
    if root is not None:
        _check_node(path, root, "", set())


def _check_node(path: Path, node: object, key_path: str, seen: set[int]) -> None:
    import yaml

    assert isinstance(node, yaml.Node)
    if id(node) in seen:  # an alias, looked at where it was anchored
        return
    seen.add(id(node))

    def refuse(at: yaml.Node, message: str) -> NoReturn:
        raise UsageError(f"{path}:{at.start_mark.line + 1}: {message}")

    if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.startswith("tag:yaml.org,2002:python"):
        refuse(node, f"tag {node.tag.replace('tag:yaml.org,2002:', '!!')} is not allowed")
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _check_node(path, item, f"{key_path}.{index}", seen)
    if not isinstance(node, yaml.MappingNode):
        return
    keys: set[str] = set()
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        here = f"{key_path}.{key}".lstrip(".")
        if key in keys:
            refuse(key_node, f"key {key!r} given twice")
        keys.add(key)
        if key in ("_target_", "()"):
            refuse(key_node, f"{here}: a configuration may not name Python objects; choose by name, as in network=conv")
        if here == "hydra.searchpath" or here == "searchpath":
            refuse(key_node, "hydra.searchpath is not followed from a file; give --config-dir")
        _check_node(path, value_node, here, seen)
