"""The parsers: exact on files that other writers made, and nothing but DataError on anything else."""

import gzip
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest
import realdata
from hypothesis import given, settings
from hypothesis import strategies as st

from gnicli.dataset.formats import cifar, idx
from gnicli.dataset.formats.matlab import read_svhn
from gnicli.dataset.formats.pickled import load_arrays
from gnicli.errors import DataError

IMAGES, LABELS = realdata.pixels(7, 28, 28), realdata.digits(7)
COLOR = realdata.pixels(5, 3, 32, 32)


def zipped(content: bytes) -> io.BytesIO:
    return io.BytesIO(realdata.gz(content))


def read_images(content: bytes, most: int = 60_000, exactly: int | None = None) -> np.ndarray:
    return idx.read_images(zipped(content), "images.gz", most, exactly)


def fails(read, *arguments, match: str) -> None:
    with pytest.raises(DataError, match=match) as caught:
        read(*arguments)
    assert "\n" not in str(caught.value)


# ----------------------------------------------------------------------------------------------------------------- idx


def test_idx_gives_back_what_was_written():
    np.testing.assert_array_equal(read_images(realdata.idx_images(IMAGES), exactly=7), IMAGES)
    labels = idx.read_labels(zipped(realdata.idx_labels(LABELS)), "labels.gz", 10)
    np.testing.assert_array_equal(labels, LABELS)


def test_idx_reads_a_gzip_file_of_two_members_with_padding():
    content = realdata.idx_images(IMAGES)
    stream = io.BytesIO(realdata.gz(content[:1000]) + realdata.gz(content[1000:]) + bytes(512))
    np.testing.assert_array_equal(idx.read_images(stream, "images.gz", 7), IMAGES)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<html>", r"not an idx image file \(magic 0x3c68746d, expected 0x00000803\)"),
        (b"", "not an idx image file"),
        (realdata.idx_labels(LABELS), "magic 0x00000801"),
        (realdata.idx_images(IMAGES)[:12], "ends within its header"),
        (realdata.idx_images(IMAGES)[:-1], r"5,487 of 5,488 bytes; the file is truncated"),
        (realdata.idx_images(IMAGES) + b"\0", "holds more bytes than its header declares"),
        (struct.pack(">4I", 0x803, 1, 32, 32), "32×32 pixels, expected 28×28"),
        (struct.pack(">4I", 0x803, 0, 28, 28), "declares 0 images"),
        (struct.pack(">4I", 0x803, 2**32 - 1, 28, 28), "declares 4,294,967,295 images, expected at most 60,000"),
    ],
)
def test_idx_refuses(content, match):
    fails(read_images, content, match=match)


def test_idx_refuses_another_count_than_the_published_one():
    fails(read_images, realdata.idx_images(IMAGES), 60_000, 60_000, match="declares 7 images, expected 60,000")


def test_gzip_bomb_is_stopped_at_the_declared_size():
    bomb = struct.pack(">4I", 0x803, 60_000, 28, 28) + bytes(47_040_000 + 1)
    fails(read_images, bomb, match="expands beyond the declared 47,040,016 bytes; stopped")


@pytest.mark.parametrize("label", [10, 255])
def test_label_out_of_range(label):
    labels = realdata.digits(40)
    labels[17] = label
    stream = zipped(realdata.idx_labels(labels))
    fails(idx.read_labels, stream, "labels.gz", 60_000, match=rf"label {label} out of range 0 … 9 at record 17")


# -------------------------------------------------------------------------------------------------------------- matlab


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("n", [1, 3, 4, 5])
def test_svhn_gives_back_what_scipy_wrote(compressed, n):
    # n = 1 … 4 labels are stored inside the tag, n = 5 are not.
    content = realdata.svhn_bytes(COLOR[:n], np.arange(n), compressed)
    images, labels = read_svhn(io.BytesIO(content), "train_32x32.mat", 10)
    np.testing.assert_array_equal(images, COLOR[:n])
    np.testing.assert_array_equal(labels, np.arange(n))


def test_svhn_accepts_labels_stored_as_floating_point_numbers():
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, {"y": np.array([[10.0], [3.0]]), "X": COLOR[:2].transpose(2, 3, 1, 0)})
    stream.seek(0)
    assert read_svhn(stream, "x.mat", 10)[1].tolist() == [0, 3]


@pytest.mark.parametrize("label", [0, 11, 255, 2.5, float("nan")])
def test_svhn_label_out_of_range(label):
    from scipy.io import savemat

    y = np.ones((40, 1), np.float64)
    y[17] = label
    stream = io.BytesIO()
    savemat(stream, {"X": realdata.pixels(40, 32, 32, 3).transpose(1, 2, 3, 0), "y": y})
    stream.seek(0)
    expected = "not whole numbers" if label == 2.5 else "out of range 1 … 10 at record 17"
    fails(read_svhn, stream, "train_32x32.mat", 40, match=expected)


def damaged_svhn():
    good = realdata.svhn_bytes(COLOR, LABELS[:5], compressed=False)
    packed = realdata.svhn_bytes(COLOR, LABELS[:5])
    return [
        (b"", "not a little-endian MATLAB v5 file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), "v7.3"),
        (good[:126] + b"MI" + good[128:], "not a little-endian MATLAB v5 file"),
        (good[:128], "holds nothing; expected the variables X and y"),
        (good[:1000], "truncated"),
        (packed[:1000], "truncated"),
        (packed[:300] + bytes([packed[300] ^ 255]) + packed[301:], "X|damaged|truncated"),
        (realdata.svhn_bytes(COLOR, LABELS[:5], z=np.ones(3)), "unexpected variable 'z'"),
        (realdata.svhn_bytes(COLOR, LABELS[:4]), r"y has the shape \(4, 1\), expected \(5, 1\)"),
        (realdata.svhn_bytes(COLOR[:, :, :16], LABELS[:5]), r"expected uint8 \(32, 32, 3, N\)"),
        (realdata.svhn_bytes(COLOR.astype(np.float32), LABELS[:5]), "does not fit|expected uint8"),
        (good[:128] + struct.pack("<II", 14, 2**32 - 1) + good[136:], "left over|does not fit"),
        (good[:128] + struct.pack("<II", 9, 8) + bytes(8), "element of type 9"),
    ]


@pytest.mark.parametrize(("content", "match"), damaged_svhn())
def test_svhn_refuses(content, match):
    fails(read_svhn, io.BytesIO(content), "train_32x32.mat", 10, match=match)


def test_svhn_refuses_more_images_than_there_can_be():
    content = realdata.svhn_bytes(COLOR, LABELS[:5])
    fails(read_svhn, io.BytesIO(content), "x.mat", 4, match="does not fit|declared|at most 4")
    fails(read_svhn, io.BytesIO(content), "x.mat", 10, 6, match="X holds 5 images, expected 6")


# --------------------------------------------------------------------------------------------------------------- cifar


def read_binary(content: bytes, exactly: int | None = None):
    return cifar.read_binary(io.BytesIO(content), "cifar-10-binary.tar.gz", exactly)


def archive(members=None, folder="cifar-10-batches-bin", **overrides) -> bytes:
    return realdata.tar_gz(realdata.binary_members(3) if members is None else members, folder, **overrides)


def same(batches, n: int) -> None:
    for name, (images, labels) in realdata.cifar_parts(n).items():
        np.testing.assert_array_equal(batches[name].images, images)
        np.testing.assert_array_equal(batches[name].labels, labels)


def test_cifar_binary_gives_back_what_was_written():
    same(read_binary(archive(), 3), 3)


@pytest.mark.parametrize("encode", [realdata.python2_batch, realdata.python3_batch])
def test_cifar_python_gives_back_what_was_pickled(encode):
    content = realdata.tar_gz(realdata.python_members(3, encode), "cifar-10-batches-py")
    same(cifar.read_python(io.BytesIO(content), "cifar-10-python.tar.gz", 3), 3)


def test_the_python2_pickle_of_these_tests_is_one():
    value = pickle.loads(realdata.python2_batch(COLOR, LABELS[:5]), encoding="bytes")  # our own bytes
    np.testing.assert_array_equal(value[b"data"], COLOR.reshape(5, -1))
    assert value[b"labels"] == LABELS[:5].tolist()


MEMBERS = realdata.binary_members(3)
RECORDS = MEMBERS["cifar-10-batches-bin/test_batch.bin"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (archive({**MEMBERS, "../x": b"x"}), r"archive holds unexpected member '../x'; refused"),
        (archive({**MEMBERS, "/etc/passwd": b"x"}), "unexpected member '/etc/passwd'"),
        (archive(type=tarfile.SYMTYPE, linkname="/etc/passwd"), "is no plain file; refused"),
        (archive(type=tarfile.LNKTYPE, linkname="x"), "is no plain file; refused"),
        (archive({**MEMBERS, "cifar-10-batches-bin/readme.html": bytes(1 << 17)}), "declares 131,072 bytes, at most"),
        (archive(dict(list(MEMBERS.items())[:-1])), "archive lacks 'cifar-10-batches-bin/test_batch.bin'"),
        (archive({**MEMBERS, "cifar-10-batches-bin/test_batch.bin": RECORDS[:-1]}), "no whole number of records"),
        (archive({**MEMBERS, "cifar-10-batches-bin/test_batch.bin": b"\x0a" + RECORDS[1:]}), "label 10 out of range"),
        (archive()[:-2000], "truncated"),
        (archive()[:-8] + bytes(8), "damaged"),
        (realdata.gz(b"no tar"), "not a readable tar archive"),
        (realdata.gz(bytes(200_000_000), 1), "expands beyond the declared|archive lacks"),
        (b"<html>", "damaged"),
    ],
)
def test_cifar_refuses(content, match):
    fails(read_binary, content, match=match)


def test_cifar_refuses_a_member_that_comes_twice():
    twice = io.BytesIO()
    with tarfile.open(fileobj=twice, mode="w") as tar:
        for _ in range(2):
            info = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
            info.size = len(RECORDS)
            tar.addfile(info, io.BytesIO(RECORDS))
    fails(read_binary, realdata.gz(twice.getvalue()), match="twice")


def test_cifar_refuses_another_count_than_the_published_one():
    fails(read_binary, archive(), 10_000, match="3 images, expected 10,000")


# -------------------------------------------------------------------------------------------------------------- pickle


class Gadget:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/gni-gadget-ran",)


def test_a_pickle_that_calls_the_system_is_refused_before_it_runs(tmp_path):
    fails(load_arrays, pickle.dumps({"data": Gadget()}, 2), "data_batch_1", match=r"data_batch_1: refuses posix.system")
    content = realdata.tar_gz({"cifar-10-batches-py/data_batch_1": pickle.dumps(Gadget(), 2)}, "cifar-10-batches-py")
    fails(cifar.read_python, io.BytesIO(content), "x.tar.gz", match="refuses posix.system; file not from the authors")
    from pathlib import Path

    assert not Path("/tmp/gni-gadget-ran").exists()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (pickle.dumps(Gadget(), 4), "refuses the pickle instruction"),  # by STACK_GLOBAL
        (b"cbuiltins\neval\n(S'1'\ntR.", "refuses builtins.eval"),
        (b"cnumpy\nndarray\n(K\x01K\x02tR.", "not a readable pickle"),
        (pickle.dumps([1, 2], 2), "holds a list, expected a dict"),
        (b"\x80\x02]r\xff\xff\xff\xff.", "memo number 4294967295"),  # would allocate 64 GiB
        (pickle.dumps({b"data": np.zeros((2, 2), object)}, 2), "expected bytes"),
        (b"", "not a readable pickle"),
    ],
)
def test_pickle_refuses(content, match):
    fails(load_arrays, content, "data_batch_1", match=match)


def test_pickled_labels_are_checked():
    batch = realdata.python2_batch(COLOR, np.array([1, 2, 3, 4, 10], np.uint8))
    fails(cifar._decode_pickle, batch, "data_batch_1", match="label 10 out of range 0 … 9 at record 4")


# ------------------------------------------------------------------------------------------------- arbitrary, mutated

SMALL = {
    "images": realdata.idx_images(IMAGES[:2]),
    "labels": realdata.idx_labels(LABELS),
    "svhn": realdata.svhn_bytes(COLOR[:1], LABELS[:1], compressed=False),
    "svhn packed": realdata.svhn_bytes(COLOR[:1] // 128, LABELS[:1]),
    "binary": gzip.decompress(archive(realdata.binary_members(1))),
    "python": gzip.decompress(realdata.tar_gz(realdata.python_members(1), "cifar-10-batches-py")),
    "pickle": realdata.python2_batch(COLOR[:1], LABELS[:1]),
}
READERS = {
    "images": lambda content: read_images(content, 100),
    "labels": lambda content: idx.read_labels(zipped(content), "x", 100),
    "svhn": lambda content: read_svhn(io.BytesIO(content), "x", 100),
    "svhn packed": lambda content: read_svhn(io.BytesIO(content), "x", 100),
    "binary": lambda content: cifar.read_binary(zipped(content), "x"),
    "python": lambda content: cifar.read_python(zipped(content), "x"),
    "pickle": lambda content: load_arrays(content, "x"),
}
UNZIPPED_READERS = {
    "images": lambda stream: idx.read_images(stream, "x", 100),
    "binary": lambda stream: cifar.read_binary(stream, "x"),
}


def only_data_error(read, content) -> None:
    message = ""
    try:
        read(content)
    except DataError as error:
        message = str(error)
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60)
@given(content=st.binary(max_size=300), keep=st.integers(0, 200))
def test_arbitrary_bytes_give_nothing_but_data_errors(kind, content, keep):
    only_data_error(READERS[kind], SMALL[kind][:keep] + content)


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=150)
@given(data=st.data())
def test_mutated_files_give_nothing_but_data_errors(kind, data):
    content = bytearray(SMALL[kind])
    near = st.integers(0, min(len(content), 600) - 1)  # where the headers are
    anywhere = st.integers(0, len(content) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(near | anywhere)
        content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        content = content or bytearray(1)
    only_data_error(READERS[kind], bytes(content))


@pytest.mark.parametrize("kind", UNZIPPED_READERS)
@settings(max_examples=40)
@given(content=st.binary(max_size=200), keep=st.integers(0, 400))
def test_damaged_gzip_data_give_nothing_but_data_errors(kind, content, keep):
    only_data_error(UNZIPPED_READERS[kind], io.BytesIO(zipped(SMALL[kind]).getvalue()[:keep] + content))
