"""What a command imports before it is needed: the difference between a tool that answers and one that hesitates."""

import os
import subprocess
import sys

import pytest
from run_folders import make

from gnicli.engine.run_index import index, stored

PROBE = """
import sys
from gnicli.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:  # Typer's completion ends the process
    code = stop.code
heavy = {"torch", "numpy", "scipy", "sklearn", "pandas", "matplotlib", "rich", "hydra", "omegaconf", "pydantic"}
print("\\nLOADED", code, *sorted(heavy & set(sys.modules)))
"""


def loaded(*words, **environment):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )
    line = done.stdout.rpartition("LOADED")[2].split()
    assert line[:1] == ["0"], done.stderr
    return set(line[1:])


def test_the_list_of_commands_needs_nothing_heavy():
    assert loaded("--help") == set()


def test_the_help_of_a_command_reads_schemas_only():
    assert loaded("train", "noise=mult", "--help") <= {"numpy"}


def test_showing_a_configuration_needs_hydra_only():
    assert loaded("train", "--cfg", "job") - {"numpy"} == {"hydra", "omegaconf"}


def test_listing_runs_that_are_kept_needs_no_numpy(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(stored, "WORTH", 1)
    monkeypatch.setattr(stored, "SETTLED_NS", -(10**12))
    for number in range(3):
        make(tmp_path / "outputs" / f"r{number}", f"seed={number}", config={"seed": number})
    assert "numpy" in loaded("runs", "list", str(tmp_path / "outputs"))  # whose metrics are read
    index.read(tmp_path / "outputs")
    assert loaded("runs", "list", str(tmp_path / "outputs")) <= {"rich", "pydantic"}
    words = ("noise=add", "train_loss<1", "--sort", "train_loss", "--json")
    assert loaded("runs", "list", str(tmp_path / "outputs"), *words) <= {"rich", "pydantic"}


@pytest.mark.parametrize("word", ["dataset=sv", "optimizer.mom"])
def test_completion_needs_neither_torch_nor_hydra(word):
    words = {"COMP_WORDS": f"gni\ntrain\n{word}", "COMP_CWORD": "2", "_GNI_COMPLETE": "complete_bash"}
    assert not loaded(**words) - {"numpy", "rich", "pydantic"}


def test_the_script_imports_nothing_but_the_command_line():
    """The installed `gni` does not look its entry point up at run time."""
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="gni")
    assert script.value == "gnicli.cli:main"
    code = "import sys, gnicli.cli; print(*(name for name in sys.modules if name.startswith('gnicli')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name for name in done.stdout.split() if "editable" not in name} == {"gnicli", "gnicli.cli", "gnicli.lazy"}
