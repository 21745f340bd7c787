"""What is installed is what is here."""

import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_folder_of_modules_is_a_package():
    """setuptools finds folders with an `__init__.py` alone."""
    folders = {path.parent for path in (ROOT / "gnicli").rglob("*.py")}
    assert all((folder / "__init__.py").exists() for folder in folders)


def test_every_configuration_says_something():
    """A file that only names a schema is no file: `components.register` tells Hydra the schemas."""
    for path in (ROOT / "conf").rglob("*.yaml"):
        content = yaml.safe_load(path.read_text()) or {}
        schemas = [entry for entry in content.get("defaults", ()) if str(entry).endswith("_schema")]
        assert not schemas or path.parent.name == "conf", path
        assert content or path.name == "paper.yaml", path
    assert [path.parent.name for path in (ROOT / "conf").rglob("__init__.py")] == ["conf"]


def test_every_module_of_the_domain_is_under_the_import_contracts():
    """A package that no contract names could import what it likes."""
    contracts = settings()["tool"]["importlinter"]["contracts"]
    layers = " ".join(next(c for c in contracts if c["type"] == "layers")["layers"]).replace("|", " ").split()
    tops = {path.parent.name for path in (ROOT / "gnicli").glob("*/__init__.py")}
    assert {f"gnicli.{top}" for top in tops} <= set(layers)
    domain = {
        layer for layer in layers if layer not in ("gnicli.cli", "gnicli.launch", "gnicli.experiments", "gnicli.engine")
    }
    (plain,) = (c for c in contracts if "rich" in c.get("forbidden_modules", ()))
    assert domain == set(plain["source_modules"])


def test_gni_works_from_another_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "gnicli", "train", "noise=mult", "--cfg", "job"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "name: mult" in done.stdout
