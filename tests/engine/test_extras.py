"""A package that is missing is named with the command that installs it, wherever gni itself was installed from."""

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

from gnicli.engine import extras
from gnicli.errors import ResourceError

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
EXTRAS = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_command_installs_what_the_extra_asks_for(extra):
    with pytest.raises(ResourceError) as raised:
        extras.require("x=y", "thing", extra)
    needed = " ".join(f"'{each}'" for each in EXTRAS[extra])
    assert str(raised.value) == f"x=y needs the package thing; run: pip install {needed}"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["a>=1", "b[c]<3,>=2 ; extra == 'one'", 'd; python_version < "4" and extra == "one"'], ["b[c]<3,>=2", "d"]),
        (['b; extra == "another"', 'c; extra == "one-more"'], []),
        (None, []),
    ],
)
def test_metadata_are_read_in_each_of_their_spellings(monkeypatch, lines, found):
    monkeypatch.setattr(extras.importlib.metadata, "requires", lambda name: lines)
    assert extras.requirements("one") == found


def test_without_an_installed_gni_the_package_is_named(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(extras.importlib.metadata, "requires", absent)
    with pytest.raises(ResourceError, match=r"^x=y needs the package thing; run: pip install 'thing'$"):
        extras.require("x=y", "thing", "one")
