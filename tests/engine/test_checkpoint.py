"""A checkpoint loads whole or not at all, whatever happens to the file or to the machine while it is saved."""

import errno
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gnicli.contracts.observer import State
from gnicli.engine import checkpoint
from gnicli.errors import ConflictError, DataError, ResourceError

CONFIG = {"seed": 1, "network": {"width": 512, "depth": 2}, "run": {"dir": None}, "device": "cpu", "threads": 2}


def state(step):
    arrays = {"w": np.full((3, 2), step, np.float32), "t": np.array(step), "x": np.arange(4.0)[::2] * step}
    return State(step, arrays, {"loss": step / 3, "list": [1, "a", None]})


def save(folder, step, config=CONFIG, last=None, metrics_bytes=0):
    checkpoint.save(folder, checkpoint.encode(state(step), config, metrics_bytes), last)


def load(folder, config=CONFIG, notes=None):
    found = checkpoint.load(folder, config, (notes if notes is not None else []).append)
    return None if found is None else found.state


def assert_is(found, step):
    wanted = state(step)
    assert found.step == step
    assert found.values == wanted.values
    for name, array in wanted.arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        np.testing.assert_array_equal(found.arrays[name], array)


DTYPES = st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_])


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.text("abc/_.é", min_size=1, max_size=6),
        DTYPES.flatmap(
            lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
        ),
        max_size=4,
    )
)
def test_arrays_of_any_shape_round_trip_bit_for_bit(tmp_path_factory, arrays):
    folder = tmp_path_factory.mktemp("c")
    content = checkpoint.encode(State(5, arrays), CONFIG, 0)
    assert content == checkpoint.encode(State(5, dict(reversed(arrays.items()))), CONFIG, 0)
    checkpoint.save(folder, content, None)
    found = load(folder)
    assert set(found.arrays) == set(arrays)
    for name, array in arrays.items():
        assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
        assert found.arrays[name].tobytes() == array.tobytes()


def test_nothing_saved_is_none(tmp_path):
    assert load(tmp_path) is None


def test_what_is_read_is_ours_to_change(tmp_path):
    save(tmp_path, 1)
    found = load(tmp_path)
    for array in found.arrays.values():
        array[...] = 0
    assert_is(load(tmp_path), 1)


def test_a_flip_anywhere_falls_back_to_the_previous(tmp_path):
    save(tmp_path, 1)
    save(tmp_path, 2)
    path = tmp_path / checkpoint.CURRENT
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        notes = []
        assert_is(load(tmp_path, notes=notes), 1)
        assert "falling back to the previous, step 1" in notes[0]
        assert not path.exists()  # so that the next save does not rotate it over the good one
    assert (tmp_path / checkpoint.DAMAGED).exists()


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 100, -1])
def test_truncated_and_no_previous_is_a_data_error(tmp_path, keep):
    save(tmp_path, 1)
    path = tmp_path / checkpoint.CURRENT
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="damaged") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=60))
@settings(max_examples=60)
def test_arbitrary_bytes_raise_only_a_data_error(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("b")
    (folder / checkpoint.CURRENT).write_bytes(content)
    with pytest.raises(DataError):
        load(folder)


def test_shorter_metrics_than_vouched_for_count_as_damage(tmp_path):
    (tmp_path / "metrics.csv").write_bytes(b"x" * 50)
    save(tmp_path, 1, metrics_bytes=50)
    save(tmp_path, 2, metrics_bytes=60)
    notes = []
    assert_is(load(tmp_path, notes=notes), 1)
    assert "shorter" in notes[0]


def test_another_config_names_the_key(tmp_path):
    save(tmp_path, 1)
    other = json.loads(json.dumps(CONFIG))
    other["network"]["width"] = 256
    with pytest.raises(ConflictError, match=r"network\.width \(512 vs 256\)"):
        load(tmp_path, other)
    other = dict(CONFIG)
    del other["seed"]
    with pytest.raises(ConflictError, match=r"seed \(1 vs None\)"):
        load(tmp_path, other)
    with pytest.raises(ConflictError, match=r"source \(only one of them has it"):
        load(tmp_path, {**CONFIG, "source": None})


def test_where_and_how_a_run_is_computed_may_differ(tmp_path):
    save(tmp_path, 1)
    assert_is(load(tmp_path, {**CONFIG, "run": {"dir": "elsewhere"}, "device": "cuda", "threads": 1}), 1)


def test_a_later_format_asks_to_upgrade(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT", 3)
    save(tmp_path, 1)
    monkeypatch.setattr(checkpoint, "FORMAT", 1)
    with pytest.raises(ResourceError, match="format 3, this gni reads <= 1: upgrade"):
        load(tmp_path)


class Gadget:
    def __reduce__(self):
        return (os.mkdir, (os.environ["GADGET"],))


@pytest.mark.parametrize("zipped", [False, True])
def test_a_pickle_is_refused_and_never_run(tmp_path, monkeypatch, zipped):
    monkeypatch.setenv("GADGET", str(tmp_path / "ran"))
    save(tmp_path, 1)
    save(tmp_path, 2)
    path = tmp_path / checkpoint.CURRENT
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Gadget()))
    else:
        path.write_bytes(pickle.dumps(Gadget()))
    with pytest.raises(DataError, match="pickle files are never loaded"):
        load(tmp_path)
    assert not (tmp_path / "ran").exists()


# ------------------------------------------------------------------------------------------------------ fault injection


class Faults:
    """Makes the k-th call that changes the disk fail (and, if `lasting`, all that follow)."""

    def __init__(self, monkeypatch, k, number, lasting):
        self.k, self.number, self.lasting, self.calls = k, number, lasting, []
        for name in ("fsync", "replace", "open"):
            monkeypatch.setattr(os, name, self.wrap(getattr(os, name), name))
        opened = checkpoint.files.Path.open

        def open_and_watch(path, *arguments, **named):
            stream = opened(path, *arguments, **named)
            if "x" in str(arguments):
                stream = Watched(stream, self)
            return stream

        monkeypatch.setattr(checkpoint.files.Path, "open", open_and_watch)

    def wrap(self, function, name):
        def call(*arguments, **named):
            if name != "open" or not isinstance(arguments[0], int):
                self.count(name)
            return function(*arguments, **named)

        return call

    def count(self, name):
        self.calls.append(name)
        n = len(self.calls) - 1
        if n == self.k or (self.lasting and n > self.k):
            raise OSError(self.number, os.strerror(self.number))


class Watched:
    def __init__(self, stream, faults):
        self.stream, self.faults = stream, faults

    def write(self, block):
        try:
            self.faults.count("write")
        except OSError:
            self.stream.write(block[: len(block) // 2])  # what a full disk does
            raise
        return self.stream.write(block)

    def flush(self):
        self.stream.flush()

    def fileno(self):
        return self.stream.fileno()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()


def error_of(function, *arguments, **named):
    try:
        function(*arguments, **named)
    except ResourceError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("lasting", [False, True])
def test_the_kth_failing_call_leaves_the_old_or_the_new_state(tmp_path, monkeypatch, number, lasting):
    seen, k = set(), 0
    while True:
        folder = tmp_path / f"{k}"
        folder.mkdir()
        save(folder, 1)
        save(folder, 2)
        with monkeypatch.context() as patch:
            faults = Faults(patch, k, number, lasting)
            message = error_of(save, folder, 3, last=2)
        failed = bool(message)
        if failed:
            assert message.startswith("cannot save checkpoint")
            assert message.endswith("last good: step 2")
            assert ("(need " in message) == (number == errno.ENOSPC)
        if len(faults.calls) <= k:
            assert not failed
            break
        seen.add(faults.calls[k])
        found = load(folder)
        assert_is(found, found.step)
        assert found.step == 2 if failed else found.step == 3
        assert not list(folder.glob(".*.tmp")) or lasting
        save(folder, 4, last=2)  # and the machine is well again
        assert_is(load(folder), 4)
        (folder / checkpoint.CURRENT).write_bytes(b"")
        assert load(folder).step in (2, 3)  # the previous one is good as well
        k += 1
    assert seen == {"write", "fsync", "replace", "open"}
