"""`gni train dataset=mnist|svhn|cifar10` from files in the real formats, served on this machine."""

import json

import pytest
import realdata
from loopback import Server

MAKERS = {"mnist": realdata.make_mnist, "svhn": realdata.make_svhn, "cifar10": realdata.make_cifar10}
QUICK = ("steps=3", "network.width=8", "network.depth=1", "threads=1")


@pytest.mark.parametrize("network", ["mlp", "conv"])
@pytest.mark.parametrize("name", MAKERS)
def test_images_are_fetched_checked_and_trained_on(gni, outputs, tmp_path, monkeypatch, name, network):
    monkeypatch.setenv("GNI_DATA_DIR", str(tmp_path / "cache"))
    sums = MAKERS[name](tmp_path)
    given = ",".join(f"{role}:{value}" for role, value in sums.items())
    words = [word for word in QUICK if network == "mlp" or not word.startswith("network")]
    with Server(tmp_path) as server:
        said = gni(
            "train", f"dataset={name}", f"network={network}", "noise=mult", "M=16", "batch_size=8", *words,
            f"dataset.mirrors=[{server.url}/]", f"dataset.sha256={{{given}}}",
        )  # fmt: skip
        n_requests = len(server.requests)
    assert said.code == 0, said.err
    (folder,) = outputs.glob("train/*/*")
    assert json.loads((folder / "results.json").read_text())["test_accuracy"]["n"] >= 1
    # The second run finds them in the cache: the server is gone.
    monkeypatch.setenv("GNI_OFFLINE", "1")
    again = gni("train", f"dataset={name}", f"network={network}", "batch_size=8", *words, f"dataset.sha256={{{given}}}")
    assert again.code == 0, again.err
    assert n_requests == len(sums)
