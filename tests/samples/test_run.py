"""`samples=run`: arrays of another run of every kind are read, or refused in one line; pipes are not waited for."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from gnicli import memory
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import DataError, ResourceError, UsageError
from gnicli.samples.run import RunSamples

GOOD = np.random.default_rng(0).normal(size=200)


def run_folder(path, manifest=b'{"kind": "run"}', arrays=None, tensors=None):
    path.mkdir(exist_ok=True)
    (path / "manifest.json").write_bytes(manifest)
    if isinstance(arrays, bytes):
        (path / "arrays.npz").write_bytes(arrays)
    elif arrays is not None:
        np.savez(path / "arrays.npz", x=arrays)
    if isinstance(tensors, bytes):
        (path / "checkpoint.safetensors").write_bytes(tensors)
    elif tensors is not None:
        save_file({"x": tensors}, path / "checkpoint.safetensors")
    return path


def read(path):
    return RunSamples(path=str(path)).load(0, SilentObserver(), None)


def npz(header, data=b""):
    text = header.encode()
    text += b" " * (63 - (10 + len(text)) % 64) + b"\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data)
    return stream.getvalue()


def shaped(descr, shape):
    return npz(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", b"\0" * 80)


def tensors(dtype, shape, n_bytes):
    header = json.dumps({"x": {"dtype": dtype, "shape": shape, "data_offsets": [0, n_bytes]}}).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * n_bytes


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"])
def test_results_and_checkpoints_give_what_was_saved(tmp_path, dtype):
    array = (10 * GOOD).astype(dtype).reshape(20, 10)
    for folder in (run_folder(tmp_path / "a", arrays=array), run_folder(tmp_path / "b", tensors=array)):
        if dtype == "?":
            with pytest.raises(DataError, match=r"(bool|BOOL) is refused"):
                read(folder)
        else:
            assert np.array_equal(read(folder)[""], array.reshape(-1))


ARRAYS = {
    "text": np.array(["a"] * 100),
    "bytes": np.array([b"a"] * 100),
    "complex": GOOD + 0j,
    "object": np.array([1, "a"], object),
    "dates": np.array(["2020-01-01"] * 99, "M8[D]"),
    "not finite": np.where(GOOD > 1, np.nan, GOOD),
    "infinite": np.where(GOOD > 1, np.inf, GOOD),
    "nothing": GOOD[:0],
    "beyond float64": np.longdouble(GOOD) * np.longdouble(10) ** 400,
    "negative size": shaped("'<f8'", "(-5,)"),
    "size that is no integer": shaped("'<f8'", "(5.5,)"),
    "size of 400 digits": shaped("'<f8'", f"({'9' * 400},)"),
    "items of no bytes": shaped("'|V0'", "(1000000000000,)"),
    "arrays in an array": shaped("('<f8', (3,))", "(100,)"),
    "cut short": shaped("'<f8'", "(100,)"),
    "nested header": npz("(" * 90 + ")" * 90),
    "no archive": b"hello",
}
TENSORS = {
    "no header": b"junk",
    "empty": b"",
    "header beyond the file": (2**62).to_bytes(8, "little") + b"{}",
    "bytes beyond the file": tensors("F64", [10**12], 80),
    "bfloat16": tensors("BF16", [100], 200),
    "float8": tensors("F8_E4M3", [100], 100),
    "complex": tensors("C64", [100], 800),
    "negative size": tensors("F64", [-1], 8),
    "size beyond int64": tensors("F64", [2**40, 2**40], 8),
    "unknown kind": tensors("Q", [1], 8),
    "not finite": GOOD * np.nan,
    "nothing": tensors("F64", [0, 10**15], 0),
}
MANIFESTS = {"list": b"[1]", "number": b"9" * 5000, "latin": b"\xff\xfe\x00", "deep": b"[" * 100_000, "empty": b""}


@pytest.mark.parametrize(
    "parts",
    [
        *({"arrays": array} for array in ARRAYS.values()),
        *({"tensors": array} for array in TENSORS.values()),
        *({"arrays": GOOD, "manifest": text} for text in MANIFESTS.values()),
        {},
    ],
    ids=[*ARRAYS, *(f"checkpoint {name}" for name in TENSORS), *(f"manifest {name}" for name in MANIFESTS), "bare"],
)
def test_what_is_no_sample_is_refused_in_one_line(tmp_path, parts):
    with pytest.raises(DataError) as error:
        read(run_folder(tmp_path / "run", **parts))
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 600


@pytest.mark.parametrize("name", ["manifest.json", "arrays.npz", "checkpoint.safetensors"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop"])
def test_what_is_no_file_is_not_waited_for(tmp_path, name, kind):
    folder = run_folder(tmp_path / "run", arrays=GOOD)
    (folder / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(folder / name)
    elif kind == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to("/dev/zero" if kind == "device" else name)
    with pytest.raises(DataError, match=r"is no regular file|is a symbolic link"):
        read(folder)


def test_an_array_beyond_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(ResourceError, match=r"x needs about 0.0016 MB of memory, 0.001 MB are free; choose"):
        read(run_folder(tmp_path / "run", tensors=GOOD))


def test_a_sweep_is_not_a_run(tmp_path):
    with pytest.raises(UsageError, match="is a sweep"):
        read(run_folder(tmp_path / "run", manifest=b'{"kind": "sweep"}', arrays=GOOD))
