"""Small files in the real formats of MNIST, SVHN and CIFAR-10, for tests that read or serve them.

Every maker writes the published file names into a folder and returns the sums by role, ready for `dataset.sha256`.
"""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np

BINARY, PYTHON = "cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def gz(content: bytes, level: int = 9) -> bytes:
    """Compressed without the clock, so that tests named by their bytes have one name in every process."""
    return gzip.compress(content, level, mtime=0)


def pixels(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)


def digits(n: int) -> np.ndarray:
    return (np.arange(n) * 7 % 10).astype(np.uint8)


def idx_images(images: np.ndarray) -> bytes:
    return struct.pack(">4I", 0x803, len(images), 28, 28) + images.tobytes()


def idx_labels(labels: np.ndarray) -> bytes:
    return struct.pack(">2I", 0x801, len(labels)) + labels.tobytes()


def make_mnist(folder: Path, n: int = 40, n_test: int = 20) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        ("train_images", "train-images-idx3-ubyte.gz"): idx_images(pixels(n, 28, 28)),
        ("train_labels", "train-labels-idx1-ubyte.gz"): idx_labels(digits(n)),
        ("test_images", "t10k-images-idx3-ubyte.gz"): idx_images(pixels(n_test, 28, 28, seed=1)),
        ("test_labels", "t10k-labels-idx1-ubyte.gz"): idx_labels(digits(n_test)),
    }
    sums = {}
    for (role, name), content in contents.items():
        (folder / name).write_bytes(gz(content))
        sums[role] = sha256(folder / name)
    return sums


def svhn_bytes(images: np.ndarray, labels: np.ndarray, compressed: bool = True, **more: np.ndarray) -> bytes:
    """As the authors store it: X (32, 32, 3, N), y (N, 1) with 10 for the digit 0; written by scipy."""
    from scipy.io import savemat

    stream = io.BytesIO()
    y = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
    savemat(stream, {"X": images.transpose(2, 3, 1, 0), "y": y, **more}, do_compression=compressed)
    return stream.getvalue()


def make_svhn(folder: Path, n: int = 40, n_test: int = 20, extra: int = 0, compressed: bool = True) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    for seed, (role, count) in enumerate({"train": n, "test": n_test, "extra": extra}.items()):
        if count:
            path = folder / f"{role}_32x32.mat"
            path.write_bytes(svhn_bytes(pixels(count, 3, 32, 32, seed=seed), digits(count), compressed))
            sums[role] = sha256(path)
    return sums


def tar_gz(members: dict[str, bytes], folder: str, **overrides: object) -> bytes:
    """A gzip-compressed tar with a folder and these members; `overrides` set attributes of the last member."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        top = tarfile.TarInfo(folder)
        top.type = tarfile.DIRTYPE
        tar.addfile(top)
        for i, (name, content) in enumerate(members.items()):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if i == len(members) - 1:
                for attribute, value in overrides.items():
                    setattr(info, attribute, value)
            tar.addfile(info, io.BytesIO(content))
    return gz(raw.getvalue(), 1)


def cifar_parts(n: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    return {name: (pixels(n, 3, 32, 32, seed=i), digits(n)) for i, name in enumerate(names)}


def binary_members(n: int) -> dict[str, bytes]:
    members = {"cifar-10-batches-bin/batches.meta.txt": b"airplane\nautomobile\n"}
    for name, (images, labels) in cifar_parts(n).items():
        records = np.concatenate([labels[:, None], images.reshape(n, -1)], axis=1)
        members[f"cifar-10-batches-bin/{name}.bin"] = records.tobytes()
    return members


def python2_batch(images: np.ndarray, labels: np.ndarray) -> bytes:
    """The pickle that Python 2's cPickle wrote for a batch: protocol 2, byte strings, an array of NumPy 1."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    raw = images.reshape(len(images), -1).tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01"
        + b"M" + struct.pack("<H", len(images)) + b"M\x00\x0c\x86"
        + b"cnumpy\ndtype\nq\x04U\x02u1K\x00K\x01\x87Rq\x05(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        + b"T" + struct.pack("<I", len(raw)) + raw + b"tb"
    )  # fmt: skip
    listed = b"](" + b"".join(b"K" + bytes([label]) for label in labels.tolist()) + b"e"
    items = text(b"batch_label") + text(b"training batch") + text(b"labels") + listed + text(b"data") + array
    return b"\x80\x02}q\x00(" + items + b"u."


def python3_batch(images: np.ndarray, labels: np.ndarray) -> bytes:
    return pickle.dumps({b"data": images.reshape(len(images), -1), b"labels": labels.tolist()}, protocol=2)


def python_members(n: int, encode=python2_batch) -> dict[str, bytes]:
    return {f"cifar-10-batches-py/{name}": encode(*part) for name, part in cifar_parts(n).items()}


def make_cifar10(folder: Path, n: int = 20, kind: str = "binary", members: dict[str, bytes] | None = None):
    """`n` images in each of the six files; `kind` is binary or python."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (BINARY if kind == "binary" else PYTHON)
    if members is None:
        members = binary_members(n) if kind == "binary" else python_members(n)
    path.write_bytes(tar_gz(members, "cifar-10-batches-bin" if kind == "binary" else "cifar-10-batches-py"))
    return {"archive": sha256(path)}
