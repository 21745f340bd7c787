"""What is written reads back exactly, equal content has equal bytes, and damage is told apart from a cut last line."""

import contextlib
import io
import json
import math
import os
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnicli.contracts.results import NamedArray, Value
from gnicli.engine import tables
from gnicli.errors import DataError

names = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\0"), max_size=12)
any_float = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 2**60), names, any_float), max_size=20))
def test_metrics_round_trip(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("m") / "metrics.csv"
    writer = tables.MetricsWriter(path)
    for step, name, value in rows:
        writer.add(step, {name: value})
    writer.close()
    assert writer.length == path.stat().st_size
    series = tables.read_metrics(path)
    assert {name for _, name, _ in rows} == set(series)
    for name, (steps, values) in series.items():
        wanted = [(step, value) for step, other, value in rows if other == name]
        assert steps.tolist() == [step for step, _ in wanted]
        np.testing.assert_array_equal(values, [value for _, value in wanted])


def test_a_cut_last_line_is_ignored(tmp_path):
    path = tmp_path / "metrics.csv"
    whole = b"step,name,value\n1,loss,0.5\n2,loss,0.25\n"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        steps = tables.read_metrics(path).get("loss", ([], []))[0]
        assert len(steps) == max(0, whole[:cut].count(b"\n") - 1)


@settings(max_examples=50)
@given(st.binary(max_size=80))
def test_readers_raise_only_data_errors(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("d") / "file"
    for prefix, read in [
        (b"step,name,value\n", tables.read_metrics),
        (b"", tables.read_metrics),
        (b"", tables.read_results),
    ]:
        path.write_bytes(prefix + content)
        with contextlib.suppress(DataError):
            read(path)


def test_metrics_are_cut_to_what_the_checkpoint_vouches_for(tmp_path):
    path = tmp_path / "metrics.csv"
    writer = tables.MetricsWriter(path)
    writer.add(1, {"loss": 1.0})
    length = writer.flush()
    writer.add(2, {"loss": 2.0})
    writer.close()
    undisturbed = path.read_bytes()
    again = tables.MetricsWriter(path, length)
    assert path.stat().st_size == length
    again.add(2, {"loss": 2.0})
    again.close()
    assert path.read_bytes() == undisturbed
    with pytest.raises(DataError, match="shorter"):
        tables.MetricsWriter(path, len(undisturbed) + 1)
    assert path.read_bytes() == undisturbed


@settings(max_examples=50)
@given(st.dictionaries(names, st.builds(Value, any_float, st.none() | any_float, st.integers(0, 10**9), names)))
def test_results_round_trip_as_strict_json(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("r") / "results.json"
    path.write_bytes(tables.encode_results(values))

    def no_constant(text):
        raise AssertionError(f"{text} is not JSON")

    json.loads(path.read_text(), parse_constant=no_constant)
    read = tables.read_results(path)
    assert list(read) == list(values)
    for name, value in values.items():
        assert repr(read[name]) == repr(value)


def test_equal_arrays_have_equal_bytes_whatever_the_clock(monkeypatch):
    arrays = {
        "alpha/layer1": NamedArray(np.arange(6.0).reshape(2, 3).T, "a × b"),
        "scalar": NamedArray(np.array(2, np.int64), ""),
        "none": NamedArray(np.zeros((0, 4), np.float32), ""),
    }
    copies = []
    for moment in (1.0e9, 1.7e9):
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        monkeypatch.setattr("time.localtime", lambda *_, moment=moment: __import__("time").gmtime(moment))
        stream = io.BytesIO()
        tables.write_arrays(stream, arrays)
        copies.append(stream.getvalue())
    assert copies[0] == copies[1]
    with np.load(io.BytesIO(copies[0])) as read:
        assert set(read) == set(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == array.values.dtype
            np.testing.assert_array_equal(read[name], array.values)
    with pytest.raises(ValueError, match="allow_pickle"):
        tables.write_arrays(io.BytesIO(), {"o": NamedArray(np.array([object()]), "")})


def test_csv_keeps_every_digit():
    text = tables.encode_csv(["a", "b"], [[0.1, None], [np.float32(0.1), "x,y"], [math.inf, 3]]).decode()
    assert text == f'a,b\n0.1,\n{float(np.float32(0.1))!r},"x,y"\ninf,3\n'


def test_words_intervals_and_several_numbers_come_back(tmp_path):
    values = {
        "modes": Value((-1.5, 0.25, math.inf), n=3),
        "none": Value(()),
        "form": Value("S1"),
        "alpha": Value(1.5, 0.1, 7, "", (1.0, 2.0)),
    }
    (tmp_path / "results.json").write_bytes(tables.encode_results(values))
    assert tables.read_results(tmp_path / "results.json") == values
    assert json.loads((tmp_path / "results.json").read_text())["modes"]["value"] == [-1.5, 0.25, "inf"]
    assert tables.encode_csv(["modes"], [[(-1.5, 0.25)]]) == b"modes\n-1.5 0.25\n"


def test_arrays_come_back_and_damage_is_told(tmp_path):
    path = tmp_path / "arrays.npz"
    with path.open("wb") as stream:
        tables.write_arrays(stream, {"a/b": NamedArray(np.arange(500.0), "numbers")})
    np.testing.assert_array_equal(tables.read_arrays(path)["a/b"], np.arange(500.0))
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(DataError, match="is damaged"):
        tables.read_arrays(path)
    with pytest.raises(FileNotFoundError):
        tables.read_arrays(tmp_path / "absent.npz")


# ------------------------------------------------------------------------------------------------------ damaged tables


def _archive():
    stream = io.BytesIO()
    np.savez(stream, a=np.arange(8.0), b=np.zeros((3, 2)))
    return stream.getvalue()


def _single():
    stream = io.BytesIO()
    np.save(stream, np.arange(8.0))
    return stream.getvalue()


PIECES = st.sampled_from([b"{", b"9" * 30, b"\0", b"'", b"-1", b"\xff\xff\xff\xff", b"|O", b"1e999", b"[", b"null"])
CHANGES = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 9), st.one_of(PIECES, st.binary(max_size=4))), max_size=5
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    which=st.sampled_from(["arrays", "single", "results", "metrics"]),
    changes=CHANGES,
)
def test_damaged_tables_raise_nothing_but_data_errors(tmp_path, which, changes):
    seeds = {
        "arrays": _archive(),
        "single": _single(),
        "results": tables.encode_results({"x": Value(1.0, 0.1, 3, "u", (0.0, 1.0))}),
        "metrics": b"step,name,value\n1,a,2.0\n3,b,4.0\n",
    }
    content = bytearray(seeds[which])
    for at, n_removed, added in changes:
        content[at % (len(content) + 1) : at % (len(content) + 1) + n_removed] = added
    path = tmp_path / "file"
    path.write_bytes(bytes(content))
    read = {"results": tables.read_results, "metrics": tables.read_metrics}.get(which, tables.read_arrays)
    try:
        read(path)
    except DataError as error:
        said = str(error)
    else:
        said = ""
    assert "allow_pickle" not in said
    assert which != "single" or said


def test_what_is_no_archive_of_arrays(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(DataError, match=r"damaged: an array of it holds pickled objects$"):
        tables.read_arrays(path)
    path.write_bytes(_single())
    with pytest.raises(DataError, match=r"damaged: File is not a zip file"):
        tables.read_arrays(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "words")
    with pytest.raises(DataError, match=r"a\.txt is no array"):
        tables.read_arrays(path)
    with pytest.raises(FileNotFoundError):
        tables.read_arrays(tmp_path / "absent")


@pytest.mark.parametrize("read", [tables.read_arrays, tables.read_results, tables.read_metrics])
def test_a_pipe_in_place_of_a_table_is_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "x")
    with pytest.raises(DataError, match="is a pipe, not a file"):
        read(tmp_path / "x")
