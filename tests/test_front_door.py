"""`import gnicli`: what it offers, that it is there, and that the import itself takes nothing along."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import gnicli


def test_the_names_of_the_three_lists_are_the_same():
    assert sorted(gnicli._MODULES) == sorted(gnicli.__all__)
    assert set(gnicli.__all__) <= set(dir(gnicli))
    tree = ast.parse(Path(gnicli.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    for_editors = {name.name: node.module for node in block.body for name in node.names}
    assert for_editors == gnicli._MODULES


@pytest.mark.parametrize("name", gnicli.__all__)
def test_a_name_is_there_and_says_how_it_is_used(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GNI_OUTPUTS", raising=False)
    found = getattr(gnicli, name)
    assert found is getattr(importlib.import_module(gnicli._MODULES[name]), name)
    own = (inspect.getdoc(found) or "").strip()
    assert own
    examples = doctest.DocTestParser().get_examples(own)
    assert examples, f"gnicli.{name} has no example"
    test = doctest.DocTest(examples, dict(vars(sys.modules[found.__module__])), name, None, None, own)
    said = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert not said, "".join(said)


def test_no_module_has_the_name_of_what_is_offered():
    assert not {module.name for module in pkgutil.iter_modules(gnicli.__path__)} & set(gnicli.__all__)


def test_a_name_that_is_not_offered_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'gnicli' has no attribute 'fitt'"):
        _ = gnicli.fitt


def test_the_import_takes_nothing_along():
    code = (
        "import sys; before = set(sys.modules); import gnicli; dir(gnicli);"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['gnicli']"


def test_type_checkers_see_the_types():
    assert (Path(gnicli.__file__).parent / "py.typed").is_file()
