"""`samples=file` and `samples=run`: what is read, what is refused, and that nothing else can happen."""

import bz2
import gzip
import io
import json
import lzma
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnicli.contracts.observer import SilentObserver
from gnicli.engine.tables import read_parquet
from gnicli.errors import DataError, GniError, ResourceError, UsageError
from gnicli.samples import collecting
from gnicli.samples.file import FileSamples
from gnicli.samples.run import RunSamples

X = np.random.default_rng(3).standard_t(2, 300)


def load(path, observer=None, seed=0, kind=FileSamples, **keys):
    return kind(path=str(path), **keys).load(seed, observer or SilentObserver(), read_parquet)


def csv(tmp_path, text, name="x.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("x\n{}", {}),
        ("\ufeffx\r\n{}\r\n", {}),
        ("{}", {}),
        ("\n\nx\n{}\n\n\n", {}),
    ],
)
def test_one_column_is_read_to_the_last_bit(tmp_path, text, keys):
    end = "\r\n" if "\r" in text else "\n"
    found = load(csv(tmp_path, text.format(end.join(map(repr, X.tolist())))), **keys)
    assert list(found) == [""]
    np.testing.assert_array_equal(found[""], X)


@pytest.mark.parametrize(
    ("mark", "separator"), [(".", ","), (".", ";"), (".", "\t"), (".", " "), (",", ";"), (",", "\t")]
)
def test_columns_separators_and_decimal_marks(tmp_path, mark, separator):
    rows = [separator.join(f"{v!r}".replace(".", mark) for v in (a, -a)) for a in X.tolist()]
    header = [] if separator == " " else [separator.join(("a", "b"))]
    path = csv(tmp_path, "\n".join(header + rows))
    for column in ["1"] if separator == " " else ["1", "b"]:
        np.testing.assert_array_equal(load(path, column=column, decimal=mark)[""], -X)


def test_groups_keep_their_rows_and_their_order(tmp_path):
    labels = [("z", "a", 'q"t,')[i % 3] for i in range(X.size)]
    quoted = ['"' + label.replace('"', '""') + '"' for label in labels]
    path = csv(tmp_path, "g,v\n" + "\n".join(f"{a},{b!r}" for a, b in zip(quoted, X.tolist(), strict=True)))
    found = load(path, group="g")
    assert list(found) == ["z", "a", 'q"t,']
    for k, values in enumerate(found.values()):
        np.testing.assert_array_equal(values, X[k::3])


@pytest.mark.parametrize(
    ("text", "keys", "error", "words"),
    [
        ("", {}, DataError, "x.csv is empty"),
        ("\n \n", {}, DataError, "is empty"),
        ("x\n", {}, DataError, "has a header (x) and no rows"),
        ("x\n1\n\nnan\ninf\n2", {}, DataError, "2 of 4 values are not finite (first: line 4); samples.drop_nonfinite"),
        ("x\n1\nabc\n", {}, DataError, "line 3: 'abc' is not a number"),
        ("x\n1_000\n", {}, DataError, "line 2: '1_000' is not a number"),
        ("x,y\n1,2\n", {}, UsageError, "columns x,y: choose one with samples.column="),
        ("x,y\n1,2\n", {"column": "z"}, UsageError, "samples.column must be one of x, y, got 'z'"),
        (
            "x\n1,5\n",
            {},
            DataError,
            "line 2 has 2 fields, the header has 1; is ',' the decimal mark? use samples.decimal",
        ),
        ("x;y\n1,5;2\n", {"column": "x"}, DataError, "'1,5' is not a number; is ',' the decimal mark?"),
        ("x;y\n1.5;2\n", {"column": "x", "decimal": ","}, DataError, "'1.5' is not a number"),
        ("x,x\n1,2\n", {"column": "x"}, UsageError, "2 columns have this name"),
        ('x,y\n1,"2\n3"\n4,a\n', {"column": "y"}, DataError, "line 3: '2\\n3' is not a number"),
        (b"x\n\xff\xfe", {}, DataError, "is not text (UTF-8)"),
        ("x\n" + "9" * 200_000, {}, DataError, "cannot be read as CSV"),
    ],
)
def test_what_text_is_refused_and_where(tmp_path, text, keys, error, words):
    with pytest.raises(error) as caught:
        load(csv(tmp_path, text), **keys)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_that_are_not_finite_are_left_out_on_request(tmp_path):
    observer = SilentObserver()
    found = load(csv(tmp_path, "x\n1\n\n,\n".replace(",", "nan") + "3"), observer, drop_nonfinite=True)
    assert found[""].tolist() == [1, 3]
    assert "1 of 3 values are not finite (first: line 4); left out" in observer.notes[1]


# -------------------------------------------------------------------------------------------------------------- arrays


def npy(tmp_path, array, name="x.npy"):
    np.save(tmp_path / name, array)
    return tmp_path / name


@pytest.mark.parametrize("dtype", ["f8", ">f8", "f4", "f2", "i2", "u8", "g"])
def test_types_of_numbers(tmp_path, dtype):
    array = (100 * np.abs(X)).astype(dtype)
    observer = SilentObserver()
    found = load(npy(tmp_path, array), observer)[""]
    assert found.dtype == (np.float32 if dtype in ("f4", "f2") else np.float64)
    np.testing.assert_array_equal(found, array.astype(found.dtype))
    assert bool(observer.notes) == (dtype == "f2")


@pytest.mark.parametrize("order", ["C", "F"])
def test_two_dimensions_need_a_choice(tmp_path, order, monkeypatch):
    monkeypatch.setattr("gnicli.samples.formats.arrays._CHUNK", 56)  # chunks that end within rows
    array = np.asarray(X.reshape(100, 3), order=order)
    path = npy(tmp_path, array)
    with pytest.raises(UsageError, match=r"shape \(100,3\): choose samples.column= \(from 0\) or samples.flatten=true"):
        load(path)
    for k in range(3):
        np.testing.assert_array_equal(load(path, column=str(k))[""], array[:, k])
    np.testing.assert_array_equal(np.sort(load(path, flatten=True)[""]), np.sort(X))
    with pytest.raises(UsageError, match=r"must be an integer in \[0, 3\), got '3'"):
        load(path, column="3")
    np.testing.assert_array_equal(load(npy(tmp_path, X[:, None]))[""], X)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([{}]), "dtype object is refused"),
        (X + 1j, "dtype complex is refused"),
        (np.array(["a"]), "dtype <U1 is refused"),
        (X > 0, "dtype bool is refused"),
        (X[:0], "no values"),
    ],
)
def test_arrays_that_are_refused(tmp_path, array, words):
    with pytest.raises(DataError, match=words):
        load(npy(tmp_path, array))


def test_an_array_that_ends_early_or_is_too_large(tmp_path, monkeypatch):
    path = npy(tmp_path, X)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="it ends after 872 of 2,400 bytes"):
        load(path)
    monkeypatch.setattr(collecting.memory, "available", lambda: 1000)
    with pytest.raises(ResourceError, match=r"300 values needs about .* GB of memory.*samples.max_n="):
        load(npy(tmp_path, X))


def test_archives_of_arrays(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", **{"g/1": X, "g/2": -X, "h": X[:60]})
    path = tmp_path / "a.npz"
    with pytest.raises(UsageError, match=r"choose one of g/1, g/2, h with samples\.array="):
        load(path)
    np.testing.assert_array_equal(load(path, array="h")[""], X[:60])
    found = load(path, array="g/*")
    assert list(found) == ["g/1", "g/2"]
    np.testing.assert_array_equal(found["g/2"], -X)
    with pytest.raises(UsageError, match="matches none"):
        load(path, array="q*")
    data = bytearray(path.read_bytes())
    data[200] ^= 255
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"damaged|CRC"):
        load(path, array="g/1")


def test_a_part_is_random_and_does_not_depend_on_chunks(tmp_path, monkeypatch):
    """Every value is equally likely: with 300 seeds each of 300 values is kept 100 ± 8.2 times."""
    path = npy(tmp_path, np.arange(300.0))
    once = load(path, max_n=100)[""]
    assert once.size == 100
    assert (np.diff(once) > 0).all()
    monkeypatch.setattr("gnicli.samples.formats.arrays._CHUNK", 80)
    np.testing.assert_array_equal(load(path, max_n=100)[""], once)
    counts = np.zeros(300)
    for seed in range(300):
        counts[load(path, max_n=100, seed=seed)[""].astype(int)] += 1
    assert abs((counts - 100) / 8.16).max() < 4.5
    assert abs(((counts - 100) / 8.16).std() - 1) < 0.25


def test_a_large_file_takes_no_more_memory_than_its_part(tmp_path):
    path = npy(tmp_path, np.zeros(4_000_000))  # 32 MB
    tracemalloc.start()
    load(path, max_n=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6  # a chunk of 1 MB, as it is copied, ranked and thinned


def test_standard_input(tmp_path, monkeypatch):
    class Piped:
        def __init__(self, data):
            self.buffer = io.BufferedReader(io.BytesIO(data))

        def isatty(self):
            return False

    monkeypatch.setattr(sys, "stdin", Piped("\n".join(map(repr, X.tolist())).encode()))
    np.testing.assert_array_equal(load("-")[""], X)
    monkeypatch.setattr(sys, "stdin", Piped(npy(tmp_path, X).read_bytes()))
    np.testing.assert_array_equal(load("-")[""], X)
    monkeypatch.setattr(sys, "stdin", Piped(b""))
    with pytest.raises(DataError, match="standard input is empty"):
        load("-")


def test_parquet_through_pandas(tmp_path, monkeypatch):
    """pandas reads it with pyarrow, which gni does not bring: its reader is replaced, or said to be missing."""
    import pandas

    path = csv(tmp_path, b"PAR1....PAR1", "x.parquet")
    frame = pandas.DataFrame({"g": ["a", "b"] * 150, "v": X, "w": -X, "t": ["word"] * 300})
    monkeypatch.setattr(pandas, "read_parquet", lambda path: frame)
    np.testing.assert_array_equal(load(path, column="v", group="g")["b"], X[1::2])
    with pytest.raises(UsageError, match="columns v,w: choose one"):
        load(path)
    monkeypatch.setattr(pandas, "read_parquet", lambda path: frame.drop(columns="w"))
    np.testing.assert_array_equal(load(path)[""], X)  # the one column of numbers
    monkeypatch.setattr(pandas, "read_parquet", lambda path: frame)
    with pytest.raises(DataError, match="column t holds"):
        load(path, column="t")

    def absent(path):
        raise ImportError

    monkeypatch.setattr(pandas, "read_parquet", absent)
    with pytest.raises(ResourceError, match="pip install pyarrow"):
        load(path)


def test_an_array_of_a_run(tmp_path):
    from safetensors.numpy import save_file

    (tmp_path / "manifest.json").write_text(json.dumps({"kind": "run"}))
    with pytest.raises(DataError, match="holds neither"):
        load(tmp_path, kind=RunSamples)
    np.savez(tmp_path / "arrays.npz", **{"grad_noise/layer1": X.reshape(100, 3)})
    save_file({"parameter/w": np.float32(X.reshape(3, 100))}, tmp_path / "checkpoint.safetensors")
    np.testing.assert_array_equal(load(tmp_path, kind=RunSamples, array="grad_noise/layer1")[""], X)
    np.testing.assert_array_equal(load(tmp_path, kind=RunSamples, array="parameter/*")["parameter/w"], np.float32(X))
    with pytest.raises(UsageError, match="choose one of grad_noise/layer1, parameter/w"):
        load(tmp_path, kind=RunSamples)
    with pytest.raises(UsageError, match=r"is a run: samples=run samples\.path="):
        load(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"kind": "sweep"}))
    with pytest.raises(UsageError, match="is a sweep"):
        load(tmp_path, kind=RunSamples)
    with pytest.raises(DataError, match="is no run"):
        load(tmp_path / "nowhere", kind=RunSamples)


# ------------------------------------------------------------------------------------------------------ arbitrary bytes

NPY = io.BytesIO()
np.save(NPY, X[:8])
NPZ = io.BytesIO()
np.savez(NPZ, a=X[:8])
TABLE = b'# c\nx,y\n1.5,2\n3,4\n\n5,"1,234"\nNA,#N/A\n'
ZIP = io.BytesIO()
with zipfile.ZipFile(ZIP, "w") as archive:
    archive.writestr("x.csv", TABLE)
SEEDS = [
    NPY.getvalue(),
    NPZ.getvalue(),
    ZIP.getvalue(),
    TABLE,
    b"x,y\n1,2\n3,4\n",
    b",0\n0,1.5\n1,2.5\n",
    b"PAR1abcPAR1",
]
SEEDS += [gzip.compress(TABLE), bz2.compress(TABLE), lzma.compress(TABLE), TABLE.decode().encode("utf-16")]
CUTS = st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=6)), max_size=4)


def damaged(seed, cuts):
    data = bytearray(seed)
    for at, new in cuts:
        data[at % (len(data) + 1) : at % (len(data) + 1) + len(new)] = new
    return bytes(data)


BYTES = st.one_of(st.binary(max_size=300), st.builds(damaged, st.sampled_from(SEEDS), CUTS))
KEYS = st.fixed_dictionaries(
    {
        "column": st.sampled_from([None, "0", "x"]),
        "group": st.sampled_from([None, "y"]),
        "decimal": st.sampled_from([".", ","]),
        "thousands": st.sampled_from(["none", "none", "comma", "point", "space", "apostrophe"]),
        "header": st.sampled_from(["auto", "yes", "no"]),
        "flatten": st.booleans(),
        "drop_nonfinite": st.booleans(),
        "max_n": st.sampled_from([None, 50]),
        "array": st.sampled_from([None, "a", "*"]),
    }
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=BYTES, keys=KEYS, name=st.sampled_from(["x.csv", "x.npy", "x.npz", "x.dat", "x.parquet"]))
def test_arbitrary_bytes_raise_nothing_but_errors_of_gni(tmp_path, data, keys, name):
    path = csv(tmp_path, data, name)
    try:
        found, said = load(path, **keys), "read"
    except GniError as error:
        found, said = {}, str(error)
    assert said
    assert "\n" not in said
    assert all(values.ndim == 1 and np.isfinite(values).all() for values in found.values())
