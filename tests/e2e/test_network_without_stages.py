"""The network without stages of docs/adding.md, as an entry point: trained and measured."""

import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from plug_ins import plugged_in

PAGE = Path(__file__).parents[2] / "docs" / "adding.md"
SMALL = ("network=plain", "network.width=16", "dataset=sinusoids", "threads=1", "device=cpu")


@pytest.fixture
def plain(tmp_path, monkeypatch):
    (source,) = re.findall(r"```python\n(# mypackage/plain.py\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "docs_plain.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    with plugged_in(EntryPoint("plain", "docs_plain:Plain", "gnicli.network")):
        yield


def results(said):
    assert said.code == 0, said.err
    found = json.loads((Path(said.last_line) / "results.json").read_text())
    return {name: each["value"] for name, each in found.items()}


def test_it_trains_with_noise(gni, plain):
    noisy, clean = (
        results(gni("train", *SMALL, "noise=mult", "M=2", "steps=3", f"noise.std={std}"))["train_loss"]
        for std in ("[0.5,0,0.5]", 0)
    )
    assert noisy != clean


@pytest.mark.slow
def test_its_gradient_noise_is_measured_layer_by_layer(gni, plain):
    found = results(gni("gradient-noise", *SMALL, "noise=mult", "measure.n_draws=40", "n_mean=2", "batch_size=16"))
    assert {f"kurtosis/across_weights/layer{layer}" for layer in (1, 2, 3)} <= set(found), sorted(found)


def test_a_measure_that_needs_stages_says_so(gni, plain):
    refused = gni("gradient-noise", *SMALL, "noise=mult", "measure=exponents", "measure.chain=false")
    assert refused.code == 2
    assert "measure=exponents of a network needs a network with stages" in refused.err
