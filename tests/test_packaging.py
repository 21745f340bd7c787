"""What is installed is what is here."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_package_is_installed():
    found = {path.parent.relative_to(ROOT) for top in ("gnicli", "conf") for path in (ROOT / top).rglob("__init__.py")}
    names = {".".join(path.parts if path.parts[0] == "gnicli" else ("gnicli", *path.parts)) for path in found}
    assert names == set(settings()["tool"]["setuptools"]["packages"])


def test_every_configuration_lies_in_a_package():
    assert all((path.parent / "__init__.py").exists() for path in (ROOT / "conf").rglob("*.yaml"))


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
