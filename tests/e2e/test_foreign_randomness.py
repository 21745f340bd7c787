"""Components of other packages that draw from global generators: the seed decides these as well."""

import json
import random
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from plug_ins import plugged_in

from gnicli import seeding

FOREIGN = '''
import random
from dataclasses import dataclass

import numpy as np

from gnicli.checks import key
from gnicli.contracts.data import Data, Split


@dataclass
class Residual:
    """A network made of ordinary torch layers, with dropout in its stages."""

    name: str = key("residual", "ordinary torch layers")
    dropout: float = key(0.0, "share of units left out")

    def build(self, input_shape, n_outputs, generator, dtype):
        import torch

        class Module(torch.nn.Module):
            def __init__(self, dropout):
                super().__init__()
                linear = torch.nn.Linear(input_shape[0], 16)
                first = torch.nn.Sequential(linear, torch.nn.Tanh(), torch.nn.Dropout(dropout))
                self.stages = torch.nn.ModuleList([first, torch.nn.Linear(16, n_outputs)])

            def forward(self, x):
                for stage in self.stages:
                    x = stage(x)
                return x

        return Module(self.dropout).to(dtype)


@dataclass
class Rough:
    """Points drawn from every global generator there is."""

    name: str = key("rough", "points from global generators")

    def load(self, seed, observer):
        import torch

        x = np.random.normal(size=(20, 1)) + random.random() + torch.rand(20, 1).numpy()
        split = Split(x.astype(np.float32), np.sin(3 * x).astype(np.float32))
        return Data(split, split, "regression", 1)


@dataclass
class Numbers:
    """Samples from torch's global generator."""

    name: str = key("numbers", "samples from torch's global generator")

    def load(self, seed, observer, read_parquet):
        import torch

        return {"": torch.randn(200).double().numpy()}
'''
POINTS = {"network": ("residual", "Residual"), "dataset": ("rough", "Rough"), "samples": ("numbers", "Numbers")}


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    (tmp_path / "their_parts.py").write_text(FOREIGN)
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [EntryPoint(name, f"their_parts:{schema}", f"gnicli.{group}") for group, (name, schema) in POINTS.items()]
    with plugged_in(*points):
        yield


def disturb(number):
    torch.manual_seed(number)
    np.random.seed(number)
    random.seed(number)


def results(said):
    assert said.code == 0, said.err
    folder = Path(said.last_line)
    return {name: each["value"] for name, each in json.loads((folder / "results.json").read_text()).items()}, folder


TRAIN = ("train", "network=residual", "threads=1", "steps=4")


@pytest.mark.parametrize(
    "words",
    [
        (*TRAIN, "network.dropout=0.5", "dataset=rough", "eval_every=2"),
        pytest.param(TRAIN, marks=pytest.mark.slow),
        pytest.param(("fit-stable", "samples=numbers", "n_bootstrap=0"), marks=pytest.mark.slow),
        pytest.param(
            ("gradient-noise", "network=residual", "network.dropout=0.5", "measure.n_draws=40", "threads=1"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_equal_seeds_give_equal_numbers_and_other_seeds_others(gni, foreign, words):
    found = []
    for number, seed in enumerate((3, 3, 4)):
        disturb(number)
        before = torch.get_rng_state(), np.random.get_state()[1].tolist()
        found.append(results(gni(*words, f"seed={seed}"))[0])
        after = torch.get_rng_state(), np.random.get_state()[1].tolist()
        assert torch.equal(before[0], after[0])  # what others draw is left as it was
        assert before[1] == after[1]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_a_stopped_run_with_dropout_goes_on_as_if_it_had_not(foreign):
    """Dropout at step k is that of step k whatever was drawn before: as the loop keys it."""
    draws = []
    for warm_up in (0, 7):
        torch.rand(warm_up)
        seeding.key_global(5, 3)
        draws.append((torch.rand(3).tolist(), np.random.random(2).tolist(), random.random()))
    assert draws[0] == draws[1]
    seeding.key_global(5, 4)
    assert torch.rand(3).tolist() != draws[0][0]


def test_an_error_within_leaves_the_generators_as_they_were():
    disturb(1)
    before = torch.get_rng_state(), random.getstate()
    with pytest.raises(ZeroDivisionError):
        _fail()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


def _fail():
    with seeding.isolated(0, 1):
        torch.rand(5)
        raise ZeroDivisionError(random.random())


def test_the_manifest_names_the_packages_of_foreign_components(gni, foreign, monkeypatch):
    import importlib.metadata

    real = importlib.metadata.packages_distributions
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: real() | {"their_parts": ["pytest"]})
    _, folder = results(gni(*TRAIN))
    versions = json.loads((folder / "manifest.json").read_text())["versions"]
    assert versions["pytest"] == pytest.__version__
    monkeypatch.setattr(importlib.metadata, "packages_distributions", real)
    _, folder = results(gni(*TRAIN))
    assert json.loads((folder / "manifest.json").read_text())["versions"]["their_parts"] is None
    _, folder = results(gni("train", "threads=1", "steps=2", "network.width=8"))
    assert set(json.loads((folder / "manifest.json").read_text())["versions"]) == {
        "python", "gni", "torch", "numpy", "scipy", "hydra-core", "omegaconf",
    }  # fmt: skip
    assert yaml.safe_load((folder / ".hydra" / "config.yaml").read_text())["network"]["width"] == 8
