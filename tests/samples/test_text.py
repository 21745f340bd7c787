"""Text as people have it: thousands, missing values, comments, one line, other encodings, other kinds of files."""

import io
import zipfile

import numpy as np
import pandas
import pytest
from reading import X, load, written

from gnicli.contracts.observer import SilentObserver
from gnicli.errors import DataError, UsageError
from gnicli.samples.formats.numerals import MISSING, Marks, hint, number

INTEGERS = np.round(np.abs(X) * 1e5).astype(int)


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        (lambda v: f"{v:,}", {"thousands": "comma"}),
        (lambda v: f"{v:,}".replace(",", "."), {"thousands": "point", "decimal": "comma"}),
        (lambda v: f"{v:,}".replace(",", " "), {"thousands": "space"}),
        (lambda v: f"{v:,}".replace(",", "\u202f"), {"thousands": "space"}),
        (lambda v: f"{v:,}".replace(",", "'"), {"thousands": "apostrophe"}),
        (lambda v: f"{v:,}".replace(",", "’") + ".5", {"thousands": "apostrophe"}),
        (lambda v: f"{-v:,}.5", {"thousands": "comma"}),
        (lambda v: f"{v:,}".replace(",", " ") + ",5", {"thousands": "space", "decimal": "comma"}),
    ],
)
@pytest.mark.parametrize("table", ["v\n{}", "{}", "date,v\n{}", "date;v\n{}"])
def test_marks_between_thousands(tmp_path, form, keys, table):
    words = [form(int(v)) for v in INTEGERS]
    true = np.array([(-1 if w[0] == "-" else 1) * (int(v) + 0.5 * w.endswith("5") * (w[-1] == "5" and w[-2] in ".,"))
                     for v, w in zip(INTEGERS, words, strict=True)])  # fmt: skip
    date = "2020-01-01" + (";" if ";" in table else ",") if "date" in table else ""
    quote = '"' if date.endswith(",") else ""
    path = written(tmp_path, table.format("\n".join(f"{date}{quote}{word}{quote}" for word in words)))
    np.testing.assert_array_equal(load(path, **keys)[""], true)
    # Without the keys nothing else is read, and what is said leads to the right numbers, at the first go.
    with pytest.raises((DataError, UsageError)) as caught:
        load(path)
    said = str(caught.value)
    assert f"samples.thousands={keys['thousands']}" in said, said
    assert ("samples.decimal=comma" in said) == ("decimal" in keys), said


HINTS = [
    ("38,844", "samples.thousands=comma (38844) or samples.decimal=comma (38.844)"),
    ("38,844 1,234,567", "use samples.thousands=comma"),
    ("38,844 38,844.5", "use samples.thousands=comma"),
    ("0,5 12,3456", "use samples.decimal=comma"),
    ("0,844 1,844", "use samples.decimal=comma"),
    (" ".join(f"{i},844" for i in range(1, 12)), "use samples.thousands=comma"),
    ("12,5 -12.668,98", "use samples.decimal=comma samples.thousands=point"),
    ("1.234.567 5", "use samples.decimal=comma samples.thousands=point"),
    ("12,34,567", "use samples.thousands=comma"),
    ("1,23,4", ""),
    ("abc 1,5", ""),
    ("$1,000", ""),
    ("1.5", ""),
]


@pytest.mark.parametrize(("words", "end"), HINTS)
def test_a_hint_looks_at_all_the_fields(words, end):
    said = hint(words.split(" "), Marks())
    assert said.endswith(end)
    assert bool(said) == bool(end)


@pytest.mark.parametrize("word", [*sorted(MISSING - {""}), "NA", "N/A", "#N/A", "NULL", '""', "NaN"])
@pytest.mark.parametrize("table", ["v\n{}", "{}", "d,v\n{}"])
def test_words_for_a_missing_value(tmp_path, word, table):
    prefix = "d," if "," in table else ""
    rows = [prefix + (word if i == 7 else repr(v)) for i, v in enumerate(X.tolist())]
    path = written(tmp_path, table.format("\n".join(rows)))
    line = 8 + ("v" in table)
    with pytest.raises(DataError, match=rf"1 of 300 values are .*not finite \(first: line {line}\); .*drop_nonfinite"):
        load(path)
    observer = SilentObserver()
    np.testing.assert_array_equal(load(path, observer, drop_nonfinite=True)[""], np.delete(X, 7))
    assert f"1 of 300 values are {'not finite' if 'nan' in word.lower() else 'missing'}" in observer.notes[1] or (
        "missing or not finite" in observer.notes[1]
    )


def test_no_value_of_one_column_vanishes(tmp_path):
    """pandas writes a missing one as a pair of quotes, R as nothing: the first is counted, the second told."""
    frame = pandas.DataFrame({"v": [1.0, np.nan, 2.0, np.nan]})
    with pytest.raises(DataError, match=r"2 of 4 values are missing or not finite \(first: line 3\)"):
        load(written(tmp_path, frame.to_csv(index=False)))
    observer = SilentObserver()
    assert load(written(tmp_path, "v\n1\n\n2\n  \n3\n\n"), observer)[""].tolist() == [1, 2, 3]
    assert "3 rows read, column v; line 1 is the header; 2 empty lines left out (first: line 3)" in observer.notes[0]


def test_comments_before_between_and_after(tmp_path):
    observer = SilentObserver()
    text = "# made by\n#\n# t, v\n1,0.5\n# between, the rows\n2,1.5\n#3,2.5\n# end\n"
    assert load(written(tmp_path, text), observer, column="v")[""].tolist() == [0.5, 1.5, 2.5]  # #3 is a label
    assert "5 comment lines left out" in observer.notes[0]
    assert "a comment names the columns" in observer.notes[0]
    with pytest.raises(DataError, match="all its lines begin with #"):
        load(written(tmp_path, "# a\n# b\n"))


@pytest.mark.parametrize("end", ["", ",", "\n", ",\n"])
def test_one_line_is_a_sample(tmp_path, end):
    observer = SilentObserver()
    path = written(tmp_path, ",".join(map(repr, X.tolist())) + end)
    np.testing.assert_array_equal(load(path, observer)[""], X)
    assert "1 row read, 300 columns as one sample" in observer.notes[0]
    assert load(path, column="3")[""].tolist() == [X[3]]
    with pytest.raises(DataError, match="1 of 3 values are missing"):
        load(written(tmp_path, "1;NA;3"))


def test_all_columns_of_text_as_one_sample(tmp_path):
    frame = pandas.DataFrame({"g": ["a", "b"] * 50, "v": X[:100], "w": X[100:200], "t": "word"})
    path = written(tmp_path, frame.to_csv())
    np.testing.assert_array_equal(load(path, flatten=True)[""], X[:200].reshape(2, 100).T.ravel())
    found = load(path, flatten=True, group="g")
    np.testing.assert_array_equal(found["b"], X[:200].reshape(2, 100).T[1::2].ravel())


def test_a_separator_at_the_end_of_rows(tmp_path):
    for head in ("a,b,c,", "a,b,c"):
        rows = [f"1,{v!r},3," for v in X.tolist()]
        rows[9] = rows[9].rstrip(",")  # not everywhere
        np.testing.assert_array_equal(load(written(tmp_path, "\n".join([head, *rows])), column="b")[""], X)
        with pytest.raises(UsageError, match="columns a,b,c: choose one"):
            load(tmp_path / "x.csv")
    with pytest.raises(DataError, match=r"line 3 has 4 fields, the header has 3$"):
        load(written(tmp_path, "a,b,c\n1,2,3\n1,2.5,3,4\n"), column="b")


def test_a_column_of_words_is_no_choice(tmp_path):
    rows = "\n".join(f"2020-01-01,{v!r}" for v in X.tolist())
    np.testing.assert_array_equal(load(written(tmp_path, "date,v\n" + rows))[""], X)
    np.testing.assert_array_equal(load(written(tmp_path, rows))[""], X)  # dates over dates: no header


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(tmp_path, encoding):
    text = "größe,値\n" + "\n".join(f"1,{v!r}" for v in X.tolist())
    np.testing.assert_array_equal(load(written(tmp_path, text.encode(encoding)), column="値")[""], X)
    with pytest.raises(DataError, match=r"is not text \(UTF-8\): byte 0xf6; convert it, for instance with iconv"):
        load(written(tmp_path, "größe\n1".encode("latin-1")))
    with pytest.raises(DataError, match=r"is UTF-16 without a mark|is not text"):
        load(written(tmp_path, text[6:].encode("utf-16-le")))
    with pytest.raises(DataError, match=r"is not text \(UTF-16\)"):
        load(written(tmp_path, "\ufeffv\n1".encode("utf-16-le") + b"\x00"))


def _zip(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


FOREIGN = [
    (_zip(xl__workbook="x"), "is an Excel workbook, which is not read; save it as CSV"),
    (_zip(word__document="x"), "is an office document"),
    (_zip(archive__data_pkl="x").replace(b"data_pkl", b"data.pkl"), "torch.save"),
    (b"\xd0\xcf\x11\xe0" + bytes(600), r"\.xls"),
    (b"\x89HDF\r\n\x1a\n" + bytes(600), "HDF5"),
    (b"MATLAB 5.0 MAT-file" + bytes(600), "MATLAB"),
    (b"\x80\x04\x95" + bytes(600), "is a pickle, which can run code"),
    (b'{"v": [1, 2]}', r"is JSON, which is not read; turn it into CSV.*read_json\('.*x.csv'\)"),
    (b"[1, 2, 3]", "is JSON"),
    (b'  [{"v": 1}]', "is JSON"),
    (b"<!doctype html><html>", "is a web page or XML"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"\x28\xb5\x2f\xfd" + bytes(20), "zstd.*zstdcat"),
    (b"7z\xbc\xaf\x27\x1c" + bytes(20), "7-Zip"),
    (bytes(257) + b"ustar" + bytes(300), "tar archive"),
    (b"%PDF-1.4", "PDF"),
]


@pytest.mark.parametrize(("content", "said"), FOREIGN)
def test_files_that_are_no_numbers_yet(tmp_path, content, said):
    with pytest.raises(DataError, match=said):
        load(written(tmp_path, content))


@pytest.mark.parametrize("name", ["header", "decimal", "thousands"])
def test_keys_for_text_are_refused_elsewhere(tmp_path, name):
    np.save(tmp_path / "x.npy", X)
    value = {"header": "no", "decimal": "comma", "thousands": "comma"}[name]
    with pytest.raises(UsageError, match=rf"samples\.{name}={value} is for text"):
        load(tmp_path / "x.npy", **{name: value})
    with pytest.raises(UsageError, match=r"the same mark is the decimal mark; add samples\.decimal="):
        load(tmp_path / "x.npy", thousands="point")
    with pytest.raises(UsageError, match=r"takes all columns, and samples\.column=0 one: give either"):
        load(tmp_path / "x.npy", column="0", flatten=True)


def test_names_with_control_characters_are_shown_escaped_and_taken_either_way(tmp_path):
    path = written(tmp_path, "\x1b]0;pwn\x07x,y\u202e\n" + "\n".join(f"{v!r},1" for v in X.tolist()))
    with pytest.raises(UsageError) as caught:
        load(path)
    assert r"columns \x1b]0;pwn\x07x,y\u202e: choose" in str(caught.value)
    for name in ("\x1b]0;pwn\x07x", r"\x1b]0;pwn\x07x"):
        observer = SilentObserver()
        np.testing.assert_array_equal(load(path, observer, column=name)[""], X)
        assert all(note.isprintable() for note in observer.notes)
    labels = written(tmp_path, "g,v\n" + "\n".join(f"\x1b[3{i % 2}m,{v!r}" for i, v in enumerate(X.tolist())))
    assert list(load(labels, group="g")) == [r"\x1b[30m", r"\x1b[31m"]
    with pytest.raises(UsageError, match="a label has 1200 characters"):
        load(written(tmp_path, f"g,v\n{'a' * 1200},1\n"), group="g")


def test_numbers_and_words():
    assert number("1,234.5", Marks(".", ",")) == 1234.5
    assert number("1,23.5", Marks(".", ",")) is None
    assert number("-1.234.567,5e3", Marks(",", ".")) == -1234567.5e3
    assert number("1_000", Marks()) is None
    assert number("0,123", Marks(".", ",")) is None
