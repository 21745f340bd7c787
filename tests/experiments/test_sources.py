"""Folders of other runs, edited: one line of a damaged source, never a result and never a bug."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import yaml
from idle_walk import composed

from gnicli.cli import main
from gnicli.contracts.observer import SilentObserver
from gnicli.engine import checkpoint
from gnicli.errors import DataError
from gnicli.experiments import kde_stationary

SDE = ("n_chains=40", "n_steps=300", "burn_in=0", "n_bins=400", "exit_steps=0", "eta=0.02", "n_traced=8")
NET = ("dataset.n_train=20", "dataset.n_test=20", "network.depth=1", "network.width=4")


@pytest.fixture(scope="module")
def chains(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source") / "run"
    assert main(["simulate-sde", *SDE, f"run.dir={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def reading(chains):
    """The configuration of `gni kde-stationary source=…`."""
    return composed("kde-stationary", (f"source={chains}",)).config


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source") / "run"
    assert main(["train", *NET, "steps=3", f"run.dir={folder}"]) == 0
    return folder


@pytest.fixture
def refused(capfd, tmp_path):
    def call(command, source, *words):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        capfd.readouterr()
        code = main([command, f"source={source}", *words, f"run.dir={tmp_path / 'out'}"])
        said = capfd.readouterr().err.strip()
        assert code == 3, said
        assert len(said.splitlines()) == 1
        assert "unexpected" not in said
        return said

    return call


def copied(folder, target):
    shutil.copytree(folder, target)
    return target


NAMES = ("edges", "counts", "below", "totals", "sums", "weight", "trace", "positions", "exploded_by")


def with_one(value):
    def change(array):
        changed = np.array(array)
        changed.flat[changed.size // 3] = value
        return changed

    return change


CHANGES = {
    "text": lambda array: array.astype(str),
    "reshaped": lambda array: array.reshape(1, *array.shape),
    "shorter": lambda array: array[..., :-1],
    "scalar": lambda array: array.flat[0],
    "other type": lambda array: array.astype(np.float32 if array.dtype == float else np.int8),
    "complex": lambda array: array.astype(complex),
    "absent": lambda array: None,
    "NaN": with_one(np.nan),
    "inf": with_one(np.inf),
    "negative": with_one(-5.0),
}
# An infinite or negative value of these is no damage that can be seen.
SEEN = {"inf": ("edges", "counts", "below", "totals", "weight", "positions"), "negative": (*NAMES[:4], "weight")}
UNSEEN = {("exploded_by", "NaN"), ("exploded_by", "inf")}  # whole numbers


@pytest.mark.parametrize("change", CHANGES)
def test_arrays_of_another_simulation_are_looked_at(chains, reading, tmp_path, refused, change):
    names = [name for name in SEEN.get(change, NAMES) if (name, change) not in UNSEEN]
    for name in names:
        source = copied(chains, tmp_path / name)
        arrays = dict(np.load(source / "arrays.npz"))
        changed = CHANGES[change](arrays[name])
        arrays = {key: changed if key == name else array for key, array in arrays.items()}
        np.savez(source / "arrays.npz", **{key: array for key, array in arrays.items() if array is not None})
        with pytest.raises(DataError) as error:
            kde_stationary.run(dataclasses.replace(reading, source=str(source)), SilentObserver())
        assert name in str(error.value)
        assert "\n" not in str(error.value)
    assert str(error.value) in refused("kde-stationary", source)  # the last of them from the command line


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04" + bytes(40), "npy", "objects"])
def test_files_that_are_no_arrays(chains, tmp_path, refused, content):
    source = copied(chains, tmp_path / "source")
    if content == "npy":
        with (source / "arrays.npz").open("wb") as stream:
            np.save(stream, np.zeros(3))
    elif content == "objects":
        np.savez(source / "arrays.npz", counts=np.array([{}], dtype=object))
    else:
        (source / "arrays.npz").write_bytes(content)
    assert "allow_pickle" not in refused("kde-stationary", source)


def edit(folder, key, value):
    path = folder / ".hydra" / "config.yaml"
    config = yaml.safe_load(path.read_text())
    *above, last = key.split(".")
    node = config
    for part in above:
        node = node[part]
    node[last] = value
    path.write_text(yaml.safe_dump(config))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network.width", 5), ("dtype", "float64"), ("loss", "cross_entropy"), ("dataset.n_train", 21), ("seed", -1),
        ("seed", 10**400), ("seed", "x"), ("noise.name", "mult"), ("lr", 0.5), ("network", 7), ("network.width", "x"),
        ("network.width", 10**9), ("M", None), ("seed", 1),
    ],
)  # fmt: skip
def test_a_config_that_is_not_the_one_of_the_checkpoint(network, tmp_path, refused, key, value):
    source = copied(network, tmp_path / "source")
    edit(source, key, value)
    said = refused("gradient-noise", source, "measure.n_draws=50")
    assert "config" in said


@pytest.mark.parametrize(
    ("key", "value"),
    [("n_chains", 41), ("n_steps", 10**400), ("alpha", 7), ("potential", 3), ("potential.name", "../x"), ("seed", -1)],
)
def test_a_config_that_does_not_fit_the_arrays(chains, tmp_path, capfd, key, value):
    source = copied(chains, tmp_path / "source")
    edit(source, key, value)
    assert main(["kde-stationary", f"source={source}"]) in (2, 3)
    said = capfd.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert "unexpected" not in said


def test_weights_that_are_not_the_networks(network, tmp_path, refused):
    from gnicli.contracts.observer import State

    header, arrays = checkpoint.decode(network / "checkpoint.safetensors")
    for change in (
        lambda a: a[:-1],
        lambda a: a.astype(bool) if a.size else a,
        lambda a: np.full_like(a, np.nan),
        lambda a: a.reshape(-1),
    ):
        source = copied(network, tmp_path / str(abs(hash(change))))
        changed = {
            name: change(a) if name.startswith("parameter/") and a.ndim == 2 else a for name, a in arrays.items()
        }
        config = {**header["config"]}
        state = State(header["step"], changed, header["values"])
        (source / "checkpoint.safetensors").write_bytes(checkpoint.encode(state, config, header["metrics_bytes"]))
        (source / "checkpoint.prev").unlink(missing_ok=True)
        if change(np.ones((2, 2))).dtype == bool:
            continue  # torch takes booleans for numbers
        assert "weights of its checkpoint" in refused("gradient-noise", source, "measure.n_draws=50")
    assert json.dumps(header["config"])
