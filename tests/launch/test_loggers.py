"""`logger=` on the command line: off by default, named with its extra where it is missing, open to other packages."""

import json
import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest
import yaml
from plug_ins import plugged_in

from gnicli.contracts.live_curves import NoCurves
from gnicli.engine import extras

SAME = ("metrics.csv", "results.json")


class File(NoCurves):
    """Curves of a test: the last value alone."""

    def __init__(self, run):
        self.path = run.folder / "last"

    def add(self, step, values):
        self.path.write_text(json.dumps(values))


@dataclass
class Theirs:
    """A logger of another package."""

    name: str = "theirs"

    folder = "theirs"

    def require(self):
        """Need nothing."""

    def open(self, run):
        return File(run)


def test_there_is_no_logger_unless_one_is_asked_for(gni, outputs):
    said = gni("train", "run.dir=" + str(outputs / "run"))
    assert said.code == 0
    saved = yaml.safe_load((outputs / "run" / ".hydra" / "config.yaml").read_text())
    assert saved["logger"] == {"name": "none"}
    assert not {"tensorboard", "mlruns", "wandb"} & {path.name for path in (outputs / "run").iterdir()}


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_a_missing_package_is_one_line_and_leaves_no_folder(gni, outputs, monkeypatch, name):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda package: None)
    said = gni("train", f"logger={name}", f"run.dir={outputs / 'run'}")
    assert said.code == 6
    assert re.search(rf"; run: pip install '{name}>=[\d.]+'\n$", said.err)
    assert said.err.count("\n") == 1
    assert not (outputs / "run").exists()


def test_a_logger_of_another_package_is_found_and_changes_no_result(gni, outputs):
    with plugged_in(EntryPoint("theirs", f"{__name__}:Theirs", "gnicli.logger")):
        assert gni("train", "logger=theirs", f"run.dir={outputs / 'theirs'}").code == 0
    assert gni("train", f"run.dir={outputs / 'none'}").code == 0
    assert json.loads((outputs / "theirs" / "theirs" / "last").read_text()) == {"train_loss": 0.003}
    manifests = [json.loads((outputs / name / "manifest.json").read_text()) for name in ("theirs", "none")]
    assert manifests[0]["fingerprint"] == manifests[1]["fingerprint"]
    for name in SAME:
        assert (outputs / "theirs" / name).read_bytes() == (outputs / "none" / name).read_bytes()


def test_other_commands_have_no_logger(gni):
    said = gni("fit-stable", "logger=wandb")
    assert said.code == 2
    assert "logger" in said.err
