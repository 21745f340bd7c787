"""Every image set from file to arrays: values, subsets, scales, faults; a loopback server serves the real formats."""

import subprocess
import sys

import numpy as np
import pytest
import realdata
from omegaconf import OmegaConf

from gnicli.contracts.observer import SilentObserver
from gnicli.dataset.cifar10 import Cifar10
from gnicli.dataset.digits import Digits
from gnicli.dataset.mnist import Mnist
from gnicli.dataset.sinusoids import Sinusoids
from gnicli.dataset.svhn import Svhn
from gnicli.errors import DataError, UsageError

CLASSES = {"sinusoids": Sinusoids, "digits": Digits, "mnist": Mnist, "svhn": Svhn, "cifar10": Cifar10}
MAKERS = {
    "mnist": (Mnist, realdata.make_mnist, (40, 1, 28, 28), (20, 1, 28, 28)),
    "svhn": (Svhn, realdata.make_svhn, (40, 3, 32, 32), (20, 3, 32, 32)),
    "cifar10": (Cifar10, lambda folder: realdata.make_cifar10(folder, 8), (40, 3, 32, 32), (8, 3, 32, 32)),
}


def load(dataset, seed: int = 0):
    return dataset.load(seed, SilentObserver())


# ------------------------------------------------------------------------------------------------ from the real formats


@pytest.mark.parametrize("name", MAKERS)
def test_a_set_is_fetched_and_read(name, served):
    component, make, train_shape, test_shape = MAKERS[name]
    sums = make(served.folder)
    dataset = component(mirrors=[served.url], sha256=sums)
    observer = SilentObserver()
    data = dataset.load(0, observer)
    assert data.train.inputs.shape == train_shape
    assert data.test.inputs.shape == test_shape
    assert data.train.inputs.dtype == np.float32
    assert data.train.targets.dtype == np.int64
    assert data.train.targets.shape == train_shape[:1]
    assert (data.task, data.n_outputs) == ("classification", 10)
    assert any(note.startswith(f"{name}: fetching") for note in observer.notes)
    requests = len(served.requests)
    again = load(dataset)
    np.testing.assert_array_equal(data.train.inputs, again.train.inputs)
    assert len(served.requests) == requests


def test_mnist_values(tmp_path):
    data = load(Mnist(dir=str(tmp_path), sha256=realdata.make_mnist(tmp_path)))
    expected = realdata.pixels(40, 28, 28)[:, None] / np.float32(255)
    np.testing.assert_array_equal(data.train.inputs, expected.astype(np.float32))
    np.testing.assert_array_equal(data.train.targets, realdata.digits(40))
    np.testing.assert_array_equal(data.test.targets, realdata.digits(20))


@pytest.mark.parametrize("compressed", [True, False])
def test_svhn_values(tmp_path, compressed):
    data = load(Svhn(dir=str(tmp_path), sha256=realdata.make_svhn(tmp_path, compressed=compressed)))
    np.testing.assert_allclose(data.train.inputs, realdata.pixels(40, 3, 32, 32) / 255, rtol=1e-6)
    np.testing.assert_array_equal(data.train.targets, realdata.digits(40))
    assert 0 in data.train.targets


def test_svhn_extra_follows_train_and_is_read_only_when_asked_for(tmp_path):
    sums = realdata.make_svhn(tmp_path, extra=30)
    with_extra = load(Svhn(dir=str(tmp_path), sha256=sums, extra=True))
    without = load(Svhn(dir=str(tmp_path), sha256=sums))
    assert with_extra.train.inputs.shape == (70, 3, 32, 32)
    np.testing.assert_array_equal(with_extra.train.inputs[:40], without.train.inputs)
    np.testing.assert_allclose(with_extra.train.inputs[40:], realdata.pixels(30, 3, 32, 32, seed=2) / 255, rtol=1e-6)
    some = load(Svhn(dir=str(tmp_path), sha256=sums, extra=True, n_train=50, subset="random"), seed=3)
    rows = {image.tobytes() for image in with_extra.train.inputs}
    assert len({image.tobytes() for image in some.train.inputs} & rows) == 50
    assert len([wanted for wanted in Svhn().needed() if "extra" in wanted.name]) == 0


@pytest.mark.parametrize("kind", ["binary", "python"])
def test_cifar_values(tmp_path, kind):
    data = load(Cifar10(dir=str(tmp_path), sha256=realdata.make_cifar10(tmp_path, 8, kind)))
    parts = realdata.cifar_parts(8)
    train = np.concatenate([parts[f"data_batch_{i}"][0] for i in range(1, 6)])
    np.testing.assert_allclose(data.train.inputs, train / 255, rtol=1e-6)
    np.testing.assert_allclose(data.test.inputs, parts["test_batch"][0] / 255, rtol=1e-6)


def test_a_python_archive_with_a_wrong_sum_is_not_unpickled(tmp_path, monkeypatch):
    from gnicli.dataset.formats import pickled

    dataset = Cifar10(dir=str(tmp_path), sha256=realdata.make_cifar10(tmp_path, 8, "python"))
    load(dataset)  # and stamps it
    archive = tmp_path / realdata.PYTHON
    status = archive.stat()
    content = archive.read_bytes()
    archive.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    import os

    os.utime(archive, ns=(status.st_atime_ns, status.st_mtime_ns))  # so that the stamp still fits
    monkeypatch.setattr(pickled, "load_arrays", lambda *_: pytest.fail("unpickled"))
    with pytest.raises(DataError, match="sha256 differs"):
        load(dataset)


def test_a_gadget_in_a_python_archive_whose_sum_is_right(tmp_path):
    members = {"cifar-10-batches-py/data_batch_1": b"cposix\nsystem\n(S'true'\ntR."}
    sums = realdata.make_cifar10(tmp_path, kind="python", members=members)
    with pytest.raises(DataError, match=r"data_batch_1: refuses posix.system; file not from the authors"):
        load(Cifar10(dir=str(tmp_path), sha256=sums))


def test_the_published_counts_are_demanded_of_published_files(tmp_path, monkeypatch):
    """A file whose published sum matched must hold all images; only a sum of one's own frees the count."""
    sums = realdata.make_mnist(tmp_path)
    small = tuple(
        file._replace(sha256=sums[file.role], size=(tmp_path / file.name).stat().st_size) for file in Mnist.PUBLISHED
    )
    monkeypatch.setattr(Mnist, "PUBLISHED", small)
    with pytest.raises(DataError, match="declares 40 images, expected 60,000"):
        load(Mnist(dir=str(tmp_path)))
    assert len(load(Mnist(dir=str(tmp_path), sha256=sums)).train.inputs) == 40


def test_images_and_labels_of_different_counts(tmp_path):
    sums = realdata.make_mnist(tmp_path, n=30)
    other = realdata.make_mnist(tmp_path / "other", n=20)
    (tmp_path / "other" / "train-labels-idx1-ubyte.gz").replace(tmp_path / "train-labels-idx1-ubyte.gz")
    with pytest.raises(DataError, match="30 train images but 20 labels"):
        load(Mnist(dir=str(tmp_path), sha256=sums | {"train_labels": other["train_labels"]}))


def test_a_sum_of_ones_own_leaves_the_published_file_alone(served, cache):
    sums = realdata.make_mnist(served.folder)
    load(Mnist(mirrors=[served.url], sha256=sums))
    folders = {wanted.folder for wanted in Mnist(sha256=sums).everything()}
    assert cache / "mnist" not in folders
    assert all(folder.parent == cache / "mnist" for folder in folders)
    assert {wanted.folder for wanted in Mnist().everything()} == {cache / "mnist"}


def test_offline_says_where_and_how(cache, monkeypatch):
    monkeypatch.setenv("GNI_OFFLINE", "1")
    with pytest.raises(
        DataError, match=r"mnist: .* is not in .*cache/mnist; .* run: gni data fetch mnist; then here: "
    ):
        load(Mnist())


def test_the_home_folder_is_written_short(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GNI_DATA_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("GNI_OFFLINE", "1")
    with pytest.raises(DataError, match=r"is not in ~/\.cache/gni/svhn"):
        load(Svhn())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert Svhn().needed()[0].folder == tmp_path / "elsewhere" / "gni" / "svhn"


# --------------------------------------------------------------------------------------------------- subsets and scales


def test_digits():
    data = load(Digits())
    assert data.train.inputs.shape == (1437, 1, 8, 8)
    assert data.test.inputs.shape == (360, 1, 8, 8)
    assert (data.train.inputs.min(), data.train.inputs.max()) == (0, 1)
    assert set(data.train.targets) == set(range(10))
    assert set(np.unique(data.train.inputs * 16)) == set(range(17))


def test_the_first_images_are_the_first():
    whole, some = load(Digits()), load(Digits(n_train=500, n_test=7))
    np.testing.assert_array_equal(some.train.inputs, whole.train.inputs[:500])
    np.testing.assert_array_equal(some.test.targets, whole.test.targets[:7])


def test_a_random_subset_is_decided_by_the_seed_and_keeps_pairs_together():
    whole = load(Digits())
    label = {image.tobytes(): target for image, target in zip(*whole.train, strict=True)}
    some = load(Digits(n_train=100, n_test=50, subset="random"), seed=5)
    assert all(label[image.tobytes()] == target for image, target in zip(*some.train, strict=True))
    same, other = (load(Digits(n_train=100, n_test=50, subset="random"), seed=seed) for seed in (5, 6))
    np.testing.assert_array_equal(some.train.inputs, same.train.inputs)
    assert not np.array_equal(some.train.inputs, other.train.inputs)
    assert not np.array_equal(some.train.inputs, whole.train.inputs[:100])
    everything = load(Digits(n_train=1437, subset="random"), seed=5)
    np.testing.assert_array_equal(everything.train.inputs, whole.train.inputs)


def test_standardized_pixels_have_the_moments_of_the_chosen_training_images(tmp_path):
    sums = realdata.make_svhn(tmp_path)
    unit = load(Svhn(dir=str(tmp_path), sha256=sums, n_train=30))
    data = load(Svhn(dir=str(tmp_path), sha256=sums, n_train=30, inputs="standardized"))
    # 30·1024 pixels a channel; float32 rounds each to 1e-7
    np.testing.assert_allclose(data.train.inputs.mean(axis=(0, 2, 3), dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(data.train.inputs.std(axis=(0, 2, 3), dtype=np.float64), 1, atol=1e-6)
    mean = unit.train.inputs.mean(axis=(0, 2, 3), dtype=np.float64)[:, None, None]
    std = unit.train.inputs.std(axis=(0, 2, 3), dtype=np.float64)[:, None, None]
    np.testing.assert_allclose(data.test.inputs, (unit.test.inputs - mean) / std, atol=1e-5)


def test_many_images_are_converted_as_few_are(monkeypatch):
    from gnicli.dataset import images

    whole = load(Digits(inputs="standardized", n_train=1000, subset="random"), seed=2)
    monkeypatch.setattr(images, "_CHUNK", 7)
    chunked = load(Digits(inputs="standardized", n_train=1000, subset="random"), seed=2)
    np.testing.assert_allclose(chunked.train.inputs, whole.train.inputs, atol=1e-6)
    np.testing.assert_array_equal(chunked.train.targets, whole.train.targets)


# ------------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: load(Digits(n_train=1438)), "dataset.n_train=1438 exceeds the 1437 training images of digits"),
        (lambda: load(Digits(n_test=361)), "dataset.n_test=361 exceeds the 360 test images of digits"),
        (lambda: Digits(n_train=0), "dataset.n_train must be an integer >= 1, got 0"),
        (lambda: Digits(subset="last"), "dataset.subset must be one of first, random"),
        (lambda: Digits(inputs="raw"), "dataset.inputs must be one of unit, standardized"),
        (lambda: Mnist(mirrors="http://x"), "dataset.mirrors: expected a list of URLs"),
        (lambda: Mnist(mirrors=[]), "dataset.mirrors: expected a list of URLs"),
        (lambda: Mnist(mirrors=["file:///etc"]), "starts with http:// or https://, got 'file:///etc'; .* dataset.dir"),
        (lambda: Mnist(sha256="0" * 64), "dataset.sha256: expected a mapping such as {train_images: SUM}"),
        (lambda: Mnist(sha256={"train_image": "0" * 64}), "did you mean train_images?"),
        (lambda: Svhn(sha256={"train": "0" * 63}), "dataset.sha256.train: expected 64 hexadecimal digits"),
        (lambda: Svhn(sha256={"archive": "0" * 64}), "must be one of train, test, extra, got 'archive'"),
        (lambda: Cifar10(sha256={"archive": 5}), "dataset.sha256.archive: expected 64 hexadecimal digits"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_overrides_of_mirrors_and_sums_pass_through_omegaconf(served):
    sums = realdata.make_svhn(served.folder)
    schema = OmegaConf.structured(Svhn)
    merged = OmegaConf.merge(schema, {"mirrors": [served.url], "sha256": sums, "n_train": 10})
    dataset = OmegaConf.to_object(merged)
    assert load(dataset).train.inputs.shape == (10, 3, 32, 32)


def test_the_published_table():
    """The table as torchvision, TensorFlow Datasets and Keras declare it; digits of the sums that catch a slip."""
    files_ = [file for component in (Mnist, Svhn, Cifar10) for file in component.PUBLISHED]
    table = [(file.role, file.name, file.size, file.sha256[:4], file.sha256[-4:]) for file in files_]
    assert table == [
        ("train_images", "train-images-idx3-ubyte.gz", 9912422, "440f", "3609"),
        ("train_labels", "train-labels-idx1-ubyte.gz", 28881, "3552", "255c"),
        ("test_images", "t10k-images-idx3-ubyte.gz", 1648877, "8d42", "c4e6"),
        ("test_labels", "t10k-labels-idx1-ubyte.gz", 4542, "f7ae", "aec6"),
        ("train", "train_32x32.mat", 182040794, "435e", "83b8"),
        ("test", "test_32x32.mat", 64275384, "cdce", "a75b"),
        ("extra", "extra_32x32.mat", 1329278602, "a133", "1eb3"),
        ("archive", "cifar-10-binary.tar.gz", 170052171, "c4a3", "a1dd"),
        ("archive", "cifar-10-python.tar.gz", 170498071, "6d95", "01ce"),
    ]
    assert all(len(file.sha256) == 64 and file.size <= file.most_bytes for file in files_)


def test_importing_the_schemas_imports_nothing_heavy():
    names = ", ".join(f"gnicli.dataset.{name}" for name in CLASSES)
    code = f"import sys, {names}; print(*sorted({{'torch', 'sklearn', 'scipy', 'urllib.request'}} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == ""
