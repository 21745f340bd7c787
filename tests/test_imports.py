"""No import circle in the package, not even one that only types close: over the syntax tree, nothing is imported."""

import ast
import graphlib
from pathlib import Path

import pytest

import gnicli


def graph(root):
    """The modules of a package by name, each with those it imports anywhere: in functions and for types as well."""
    paths = {}
    for path in root.rglob("*.py"):
        *folders, name = path.relative_to(root.parent).with_suffix("").parts
        paths[".".join(folders if name == "__init__" else [*folders, name])] = path
    return {
        name: {found for found in imported(path.read_text(encoding="utf-8"), paths) if found != name}
        for name, path in paths.items()
    }


def imported(source, known):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not followed here"
            targets = [(f"{node.module}.{alias.name}", node.module) for alias in node.names]
            yield from (inner if inner in known else outer for inner, outer in targets if outer in known)


def circle(root):
    """A circle of imports, as names from the first to the first again; None where there is none."""
    try:
        graphlib.TopologicalSorter(graph(root)).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return None


def test_no_module_imports_itself_by_a_detour():
    assert circle(Path(gnicli.__file__).parent) is None


@pytest.mark.parametrize(
    "back",
    [
        "from package import a",
        "from package.a import name",
        "import package.a",
        "def late():\n    from package.a import name",
        "if TYPE_CHECKING:\n    from package.a import name",
    ],
)
def test_a_circle_is_found_wherever_its_last_import_stands(tmp_path, back):
    root = tmp_path / "package"
    root.mkdir()
    for name, text in {"__init__": "", "a": "from package import b", "b": "from package.c import name"}.items():
        (root / f"{name}.py").write_text(text)
    (root / "c.py").write_text("import os")
    assert circle(root) is None
    (root / "c.py").write_text(back)
    assert set(circle(root)) == {"package.a", "package.b", "package.c"}
