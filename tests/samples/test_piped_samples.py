"""Pipes and compressed files: read from the beginning to the end, stopped where they expand beyond reason."""

import bz2
import gzip
import io
import lzma
import os
import sys
import threading
import warnings
import zipfile

import numpy as np
import pytest
from reading import X, load, written

from gnicli.contracts.observer import SilentObserver
from gnicli.errors import DataError, ResourceError, UsageError
from gnicli.samples.formats import compressed

TEXT = ("v\n" + "\n".join(map(repr, X.tolist()))).encode()


def npy(values=X):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def zipped(content, name="x.csv", **more):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, value in {name: content, **more}.items():
            archive.writestr(key, value)
    return stream.getvalue()


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zip": zipped}


@pytest.mark.parametrize(
    ("packer", "content"),
    [*((packer, TEXT) for packer in PACKERS), *((packer, npy()) for packer in PACKERS if packer != "zip")],
    ids=lambda value: value if isinstance(value, str) else ("text" if value is TEXT else "npy"),
)
@pytest.mark.parametrize("name", ["x.csv", "x.csv.{}", "x"])
def test_compressed_files_are_read_whatever_their_name(tmp_path, packer, content, name):
    path = written(tmp_path, PACKERS[packer](content), name.format(packer))
    np.testing.assert_array_equal(load(path)[""], X)
    observer = SilentObserver()
    assert load(path, observer, max_n=50)[""].size == 50


@pytest.mark.parametrize("packer", ["gz", "bz2", "xz"])
def test_parts_that_follow_one_another_are_one(tmp_path, packer):
    half = len(TEXT) // 2
    path = written(tmp_path, PACKERS[packer](TEXT[:half]) + PACKERS[packer](TEXT[half:]))
    np.testing.assert_array_equal(load(path)[""], X)


@pytest.mark.parametrize("packer", PACKERS)
def test_compressed_files_that_are_damaged(tmp_path, packer):
    """Cut anywhere, or changed anywhere: the values, or one line that says that it is damaged."""
    whole = PACKERS[packer](TEXT)
    for k in (20, 40, len(whole) // 2, len(whole) - 1):
        with pytest.raises(DataError, match=r"damaged|is no|cannot be unpacked"):
            load(written(tmp_path, whole[:k]))
    n_told = 0
    for k in range(8, len(whole) - 8, 97):
        changed = bytearray(whole)
        changed[k] ^= 255
        try:
            np.testing.assert_array_equal(load(written(tmp_path, bytes(changed)))[""], X)
        except DataError as error:
            n_told += "\n" not in str(error)
    assert n_told > 10


@pytest.mark.parametrize("packer", PACKERS)
def test_what_expands_beyond_reason_is_stopped(tmp_path, packer, monkeypatch):
    monkeypatch.setattr(compressed, "_FREE_BYTES", 1 << 18)
    path = written(tmp_path, PACKERS[packer](b"v\n" + b"0\n" * 1_000_000))
    with pytest.raises(DataError, match="expands to more than 200 times its size; stopped"):
        load(path, max_n=50)
    np.testing.assert_array_equal(load(written(tmp_path, PACKERS[packer](TEXT)))[""], X)


def test_archives_of_several_files_and_of_none(tmp_path):
    with pytest.raises(UsageError, match=r"is a zip archive of 2 files \(x.csv, y.csv\); unpack it"):
        load(written(tmp_path, zipped(TEXT, **{"y.csv": TEXT})))
    beside = {"__MACOSX/x.csv": b"\0", ".DS_Store": b"\0"}
    np.testing.assert_array_equal(load(written(tmp_path, zipped(TEXT, **beside)))[""], X)
    with pytest.raises(DataError, match="holds no file"):
        load(written(tmp_path, zipped(b"", name="__MACOSX/a")))
    with pytest.raises(DataError, match="compressed twice"):
        load(written(tmp_path, gzip.compress(gzip.compress(TEXT))))
    with pytest.raises(DataError, match="is empty"):
        load(written(tmp_path, gzip.compress(b"")))


# ---------------------------------------------------------------------------------------------------------------- pipes


def feed(path, content, piece=7):
    """Write to a pipe in small pieces, as a slow program does."""

    def write():
        with open(path, "wb", buffering=0) as stream:
            for start in range(0, len(content), piece):
                stream.write(content[start : start + piece])

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("content", [TEXT, npy(), gzip.compress(TEXT), bz2.compress(TEXT)])
def test_a_named_pipe(tmp_path, content):
    os.mkfifo(tmp_path / "x.csv")
    thread = feed(tmp_path / "x.csv", content, piece=1 if len(content) < 3000 else 101)
    np.testing.assert_array_equal(load(tmp_path / "x.csv")[""], X)
    thread.join(10)


def test_what_the_shell_gives_for_the_output_of_a_program():
    """`samples=<(zcat x.gz)` names /dev/fd/63, a pipe that is open already."""
    reader, writer = os.pipe()
    thread = feed(f"/dev/fd/{writer}", TEXT)
    thread.join(10)
    os.close(writer)
    np.testing.assert_array_equal(load(f"/dev/fd/{reader}")[""], X)
    with pytest.raises(DataError, match="is empty; a pipe can be read only once: for a sweep save it to a file"):
        load(f"/dev/fd/{reader}")
    os.close(reader)


def test_archives_from_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "p")
    feed(tmp_path / "p", zipped(TEXT), piece=10_000)
    with pytest.raises(DataError, match="cannot be read from a pipe; give its path"):
        load(tmp_path / "p")


def test_a_reading_that_waits_can_be_interrupted(tmp_path):
    """What a handler of a signal raises comes through, out of a pipe that gives nothing."""
    import signal

    reader, writer = os.pipe()

    def stop(*_):
        raise TimeoutError("stopped")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(ResourceError, match="stopped"):
            load(f"/dev/fd/{reader}")
    finally:
        signal.signal(signal.SIGALRM, before)
        os.close(writer)
        os.close(reader)


class Piped:
    def __init__(self, data):
        self.buffer = io.BufferedReader(io.BytesIO(data))

    def isatty(self):
        return False


def test_the_runs_of_a_sweep_share_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Piped(TEXT))
    first = load("-", seed=1)[""]
    second = load("-", seed=2)[""]
    np.testing.assert_array_equal(first, X)
    np.testing.assert_array_equal(second, X)
    assert not np.shares_memory(first, second)
    with pytest.raises(
        UsageError, match=r"was read by an earlier run of this sweep, in another way; save it to a file"
    ):
        load("-", column="0")
    with pytest.raises(UsageError, match="in another way"):
        load("-", max_n=50)
    monkeypatch.setattr(sys, "stdin", Piped(b"1\n2\n"))
    assert load("-")[""].tolist() == [1, 2]
    monkeypatch.setattr(sys, "stdin", Piped(b"1\nNA\n"))
    for seed in (1, 2):  # the second run is told the same
        with pytest.raises(DataError, match="standard input: 1 of 2 values are missing"):
            load("-", seed=seed)


@pytest.mark.parametrize("path", ["https://me:secretpw@host/a.csv", "http:/host/a.csv", "s3://bucket/a.csv"])
def test_web_addresses_are_not_read(path):
    with pytest.raises(UsageError, match="a web address is not read; fetch it first") as caught:
        load(path)
    assert "secretpw" not in str(caught.value)


def test_names_of_files(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    written(tmp_path, TEXT, "a: b.csv")
    np.testing.assert_array_equal(load("~/a: b.csv")[""], X)  # as no shell has expanded it
    with pytest.raises(UsageError, match=r"bad\\xff\.csv: the name of the file is not UTF-8"):
        load(os.fsdecode(b"bad\xff.csv"))
    with pytest.raises(DataError, match=r"no\\x1b\[31m\\nfile: no such file"):
        load(tmp_path / "no\x1b[31m\nfile")


# --------------------------------------------------------------------------------------------------------------- arrays


def test_names_of_fields_beyond_latin_1(tmp_path):
    """Version 3 of the format, which NumPy writes for such names, has them in UTF-8."""
    table = np.zeros(300, np.dtype([("größe", "i4"), ("値", "f8"), ("x", "f4")], align=True))
    table["größe"], table["値"] = np.arange(300), X
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns that old readers cannot read it
        np.save(tmp_path / "x.npy", table)
    np.testing.assert_array_equal(load(tmp_path / "x.npy", column="größe")[""], np.arange(300))
    np.testing.assert_array_equal(load(tmp_path / "x.npy", column="値")[""], X)
    with pytest.raises(UsageError, match="columns größe,値,x: choose one"):
        load(tmp_path / "x.npy")


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(float).max, reason="no wider float here")
@pytest.mark.parametrize(("value", "lost"), [("1e4000", True), ("1e-4000", True), ("inf", False), ("1e300", False)])
def test_values_that_float64_cannot_hold(tmp_path, value, lost):
    array = np.ones(60, np.longdouble)
    array[[7, 9]] = np.longdouble(value)
    np.save(tmp_path / "x.npy", array)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if lost:
            with pytest.raises(DataError, match=r"2 of 60 values \(first: index 7\) lie beyond the range of float64"):
                load(tmp_path / "x.npy")
        else:
            assert load(tmp_path / "x.npy", drop_nonfinite=True)[""].size == (58 if value == "inf" else 60)


def test_names_of_arrays_with_control_characters(tmp_path):
    np.savez(tmp_path / "x.npz", **{"\x1b[31mred": X, "b\n": -X})
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "x.npz")
    assert r"choose one of \x1b[31mred, b\n with samples.array=" in str(caught.value)
    np.testing.assert_array_equal(load(tmp_path / "x.npz", array=r"\x1b[31mred")[""], X)
    assert list(load(tmp_path / "x.npz", array="*")) == [r"\x1b[31mred", r"b\n"]


def test_an_archive_with_a_password(tmp_path):
    """One bit in each of two headers says that a member is encrypted."""
    np.savez(tmp_path / "x.npz", a=X)
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DataError, match="is encrypted, password required"):
        load(written(tmp_path, bytes(content), "x.npz"))
    packed = bytearray(zipped(TEXT))
    packed[6] |= 1
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DataError, match=r"x\.csv cannot be unpacked: .*encrypted.*; unpack it first"):
        load(written(tmp_path, bytes(packed)))


def test_a_damaged_archive_is_data_and_not_the_machine(tmp_path):
    """Bytes that send zipfile to places where nothing is raise an OSError of the system."""
    np.savez(tmp_path / "x.npz", a=X)
    whole = (tmp_path / "x.npz").read_bytes()
    for k in range(0, len(whole), 41):
        for change in (b"\xff\xff\xff\xff", b""):
            path = written(tmp_path, whole[:k] + change + whole[k + 4 :], "y.npz")
            try:
                assert load(path, array="a")[""].size == X.size
            except (DataError, UsageError) as error:
                assert "\n" not in str(error)  # noqa: PT017 - of those that are read there is nothing to say
