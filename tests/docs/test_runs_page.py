"""The commands of docs/runs.md, typed one after another, do what the page says."""

import re
import shlex
from pathlib import Path

import pytest
from quick import quick_experiment

from gnicli.cli import main
from gnicli.cli.runs.words import SUBCOMMANDS
from gnicli.experiments import train

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text()
LINES = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GNI_OUTPUTS", raising=False)
    monkeypatch.setattr(train, "run", quick_experiment)
    monkeypatch.setattr("gnicli.launch.run_hydra.default_launcher", lambda *_: "basic")
    monkeypatch.setattr("gnicli.engine.machine.choose", lambda config, manifest: ("cpu", None))
    monkeypatch.setattr("gnicli.engine.figures.write", lambda folder, figures, *_: dict(figures))

    def call(line):
        capsys.readouterr()
        code = main(shlex.split(line)[1:])
        return code, *capsys.readouterr()

    return call


def test_the_page_shows_every_subcommand():
    assert {line.split()[2] for line in LINES if line.startswith("gni runs ")} == set(SUBCOMMANDS)


def test_the_commands_work_in_their_order(typed, tmp_path):
    said = {}
    for line in LINES:
        code, *said[line] = typed(line)
        assert code == 0, (line, said[line])
    out = {line: told[0] for line, told in said.items()}
    listed = next(text for line, text in out.items() if "'train_loss<9'" in line)
    assert re.findall(r"noises/\d", listed)[::2] == ["noises/3", "noises/4", "noises/5"]
    assert out["gni runs list failed damaged lost"].startswith("no run of the 6 in ")
    assert re.search(r"noise\.name +add +mult", out["gni runs diff noises/0 noises/3"])
    assert out["gni runs compare noises --markdown"].count("| noise=") == 2
    assert "Paired differences" in out["gni runs compare noises --metric train_loss --against noise=add"]
    assert "the same bits as in" in said["gni runs rerun noises/1"][1]
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == {"outputs", "losses.pdf", "losses.svg", "tables"}
    assert not (tmp_path / "cache" / "gni").exists()  # six runs are not worth it; matplotlib writes there
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["train"]  # the rerun, which stays
