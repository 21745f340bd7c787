"""Whether a first line of numbers names the columns: tables are read as they were written, or it is asked."""

import io
import itertools

import numpy as np
import pandas
import pytest
from reading import X, load, written

from gnicli.contracts.observer import SilentObserver
from gnicli.errors import UsageError
from gnicli.samples.formats import header, layout
from gnicli.samples.formats.header import Verdict
from gnicli.samples.formats.numerals import Marks

ASKED = r"the first line \(.*\) may be a header or values: samples.header=yes or samples.header=no"
LABELS = {
    "range": lambda k, rng: list(range(k)),
    "years": lambda k, rng: list(range(2019, 2019 + k)),
    "negative": lambda k, rng: [-i - 1 for i in range(k)],
    "integers": lambda k, rng: sorted(rng.choice(100, k, replace=False).tolist()),
    "decimals": lambda k, rng: [0.5 * i for i in range(k)],
    "words": lambda k, rng: list("abcd")[:k],
}
INDEXES = ("none", "range", "dates", "words", "decimals", "integers", "named")


def column(kind, n, rng):
    values = rng.standard_t(2, n) * 10.0 ** rng.integers(-2, 3)
    return {"int": np.round(10 * values).astype(int), "short": np.round(values, 2)}.get(kind, values)


def index(kind, n, rng):
    return {
        "dates": pandas.date_range("2020-01-01", periods=n),
        "words": [f"r{i}" for i in range(n)],
        "decimals": np.arange(n) * 0.1,
        "integers": rng.permutation(1000)[:n],
        "named": pandas.RangeIndex(n, name="id"),
    }.get(kind, pandas.RangeIndex(n))


def cannot_be_told(labels, rows, kinds):
    """Labels that have the very form of what stands below them: no reader can tell them from values."""
    alike = labels in ("integers", "negative") and set(kinds) == {"int"}
    return rows == "none" and (alike or (labels == "decimals" and "short" in kinds))


def attempted(path, observer, keys):
    """The values, or None and what was said."""
    try:
        return load(path, observer, **keys)[""], ""
    except UsageError as error:
        return None, str(error)


@pytest.mark.parametrize("labels", LABELS)
def test_frames_of_pandas_are_read_as_written_or_it_is_asked(tmp_path, labels):
    """Over shapes, kinds of values, indexes and separators; a value more or less is never taken without a word."""
    rng = np.random.default_rng(sorted(LABELS).index(labels))
    n_read = n_asked = 0
    for rows, separator, k in itertools.product(INDEXES, ",;\t", (1, 1, 2, 4)):
        n, kinds = int(rng.integers(3, 40)), [str(kind) for kind in rng.choice(["float", "int", "short"], k)]
        frame = pandas.DataFrame(dict(enumerate(column(kind, n, rng) for kind in kinds)), index=range(n))
        frame.columns, frame.index = LABELS[labels](k, rng), index(rows, n, rng)
        table = frame.iloc[:, 0] if k == 1 and rng.random() < 0.5 else frame
        path = written(tmp_path, table.to_csv(sep=separator, index=rows != "none"))
        at = int(rng.integers(k))
        wanted = np.array(frame.iloc[:, at], dtype=float)
        # By number where a name also is one: names come first.
        keys = {} if k == 1 and rows != "named" else {"column": str(frame.columns[at])}
        observer = SilentObserver()
        found, refusal = attempted(path, observer, keys)
        n_read, n_asked = n_read + (found is not None), n_asked + (found is None)
        if not cannot_be_told(labels, rows, kinds):
            assert np.array_equal(found, wanted) or "samples.header=yes" in refusal, path.read_text()
        elif found is not None and not np.array_equal(found, wanted):
            assert "line 1 is no header" in observer.notes[0]
        np.testing.assert_array_equal(load(path, header="yes", **keys)[""], wanted)
    assert n_read > 45
    assert (n_asked > 0) == (labels != "words")


def test_frames_without_a_header_are_read_as_written_or_it_is_asked(tmp_path):
    rng = np.random.default_rng(1)
    n_asked = 0
    for separator, k, _ in itertools.product(",;\t", (1, 2, 4), range(20)):
        n, kinds = int(rng.integers(1, 40)), rng.choice(["float", "int", "short"], k)
        frame = pandas.DataFrame(dict(enumerate(column(str(kind), n, rng) for kind in kinds)))
        path = written(tmp_path, frame.to_csv(sep=separator, index=False, header=False))
        keys, wanted = ({} if k == 1 else {"column": "0"}), np.array(frame[0], dtype=float)
        found, refusal = attempted(path, None, keys)
        assert np.array_equal(found, wanted) or "samples.header=no" in refusal, path.read_text()
        n_asked += found is None
        np.testing.assert_array_equal(load(path, header="no", **keys)[""], wanted)
    assert n_asked < 12  # most are read


R = [  # as R's write functions write numbers, each with what is asked for besides
    ('"","v"\n{}', '"{i}",{v}', {}),
    ('"v"\n{}', "{v}", {}),
    ('"","v"\n{}', '"{i}";{w}', {"decimal": "comma"}),
    ('"v"\n{}', '"{i}" {v}', {}),
    ('"v" "g"\n{}', '"{i}" {v} "a b"', {}),
    ('"v","g"\n{}', '"{i}",{v},"a"', {}),
    ('""\t"v"\n{}', '"{i}"\t{v}', {}),
    ("v g\n{}", "{v} 1", {"column": "v"}),
    ("{}", "{v}", {}),
    ("{}", "{v} a", {}),
    ("v\n{}", "r{i} {v}", {}),
]


@pytest.mark.parametrize(("table", "row", "keys"), R)
def test_tables_of_r(tmp_path, table, row, keys):
    head = table.replace(",", ";") if ";" in row else table
    rows = [row.format(i=i + 1, v=repr(v), w=repr(v).replace(".", ",")) for i, v in enumerate(X.tolist())]
    np.testing.assert_array_equal(load(written(tmp_path, head.format("\n".join(rows))), **keys)[""], X)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"header": "t value"},
        {"header": "made by me\nt value"},
        {"header": "t value\nsome words more"},
        {"header": "t,value", "delimiter": ","},
        {"header": "t value", "comments": ""},
        {"footer": "the end\nof it", "delimiter": "\t"},
        {"fmt": "%24.17g"},
    ],
)
def test_tables_of_numpy(tmp_path, keys):
    np.savetxt(tmp_path / "x.txt", np.column_stack([np.arange(X.size), X]), **keys)
    observer = SilentObserver()
    np.testing.assert_array_equal(load(tmp_path / "x.txt", observer, column="1")[""], X)
    if "value" in keys.get("header", ""):
        np.testing.assert_array_equal(load(tmp_path / "x.txt", column="value")[""], X)
    n_comments = keys.get("header", "").count("\n") + ("header" in keys) + 2 * ("footer" in keys)
    n_comments = 0 if keys.get("comments") == "" else n_comments
    assert (f"{n_comments} comment line" in observer.notes[0]) == bool(n_comments)


def test_a_column_that_counts_the_rows_is_no_choice(tmp_path):
    frame = pandas.DataFrame({"v": X, "word": "a"})
    np.testing.assert_array_equal(load(written(tmp_path, frame.to_csv()))[""], X)
    again = pandas.read_csv(io.StringIO(frame.to_csv()))  # pandas names what had no name
    assert again.columns[0] == "Unnamed: 0"
    np.testing.assert_array_equal(load(written(tmp_path, again.to_csv(index=False)))[""], X)
    np.testing.assert_array_equal(load(tmp_path / "x.csv", column="0")[""], np.arange(X.size))  # if it is asked for
    with pytest.raises(UsageError, match="columns v,w: choose one"):
        load(written(tmp_path, pandas.DataFrame({"v": X, "w": X}).to_csv()))


VERDICTS = [
    ("0", "0.5 1.5 2.25", Verdict.HEADER),
    ("0", "0.5 1.5 2", Verdict.UNSURE),  # 2 is how R writes it, so 0 may be a value
    ("0", "3 1 4", Verdict.UNSURE),
    ("5", "3 1 4", Verdict.VALUES),
    ("0", "1 2 3 4", Verdict.VALUES),
    ("0", "0 1 2 3", Verdict.UNSURE),
    ("-1", "0.5 1.5 2.25", Verdict.UNSURE),
    ("7", "0.5 1.5 2", Verdict.VALUES),
    ("2020", "0.5 1.5 2.25", Verdict.HEADER),
    ("2000", "2001.5 1999.25 2010.75", Verdict.UNSURE),
    ("2020", "3 1 4", Verdict.UNSURE),
    ("2020", "2019 2021 2018", Verdict.VALUES),
    ("007", "3 1 4", Verdict.UNSURE),
    ("0.5", "1.25 2.5 3.5", Verdict.VALUES),
    ("0.5", "3 1 4", Verdict.UNSURE),
    ("0.5", "0.1234567890123 -2.123456789012 3.45678901234", Verdict.UNSURE),
    ("0.1234567890123", "0.5 1.5 2.5", Verdict.VALUES),
    ("value", "0.5 1.5", Verdict.HEADER),
    ("value", "a b", Verdict.HEADER),
    ("NA", "0.5 1.5", Verdict.VALUES),
    (",5", "0,1.5 1,2.5 2,3.5", Verdict.HEADER),
    (",5.5", "2.5,1.5 1.5,2.5", Verdict.UNSURE),
    (",5", "1.5,1.5 ,2.5", Verdict.UNSURE),  # gaps below as well: values, but the 5 has another form
    (",5.5", "1.5,1.5 ,2.5", Verdict.VALUES),
    ("0,5", "1,0.5 2,1.5 3,2.5", Verdict.VALUES),  # the count of rows goes on
    ("10,20,30", "4,1,5 9,2,6", Verdict.UNSURE),
    ("10,21,30", "4,1,5 9,2,6", Verdict.VALUES),
    ("1e3,2", "0.5,1.5 1e5,2.5", Verdict.VALUES),
]


@pytest.mark.parametrize(("first", "below", "verdict"), VERDICTS)
def test_what_a_first_line_is(first, below, verdict):
    rows = [row.split(",") for row in below.split(" ")]
    table = header.columns(rows, len(first.split(",")), Marks())
    assert header.judge(first.split(","), table, Marks()) is verdict


def test_it_is_asked_and_the_answer_is_taken(tmp_path):
    path = written(tmp_path, "-1\n" + "\n".join(map(repr, X.tolist())))
    with pytest.raises(UsageError, match=ASKED):
        load(path)
    observer = SilentObserver()
    np.testing.assert_array_equal(load(path, observer, header="yes")[""], X)
    np.testing.assert_array_equal(load(path, observer, header="no")[""], [-1, *X])
    assert "300 rows read, column -1; line 1 is the header" in observer.notes[0]
    assert "301 rows read, one column; line 1 is no header" in observer.notes[1]
    with pytest.raises(UsageError, match=r"samples\.header must be one of auto, yes, no, got 'maybe'"):
        load(path, header="maybe")
    assert load(path, header="True")[""].size == 300  # as YAML says yes


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        ("a b\n1 2\n3 4", " "),
        ("a;b\n1,5;2\n3,5;4", ";"),
        ("a|b\n1|2", "|"),
        ("a b,c\n1 2,3\n4 5,6", ","),
        ("my value\n1\n2", ","),
        ("1\t2 3\n4\t5 6", "\t"),
        ('"a;b",c\n"d;e",1', ","),
        ("g,v\na;b,1\nc;d,2", ","),
        ("v\n1;2\n3;4", ";"),
    ],
)
def test_what_separates_fields(lines, separator):
    assert layout.separator_of(lines.split("\n"), Marks()) == separator
