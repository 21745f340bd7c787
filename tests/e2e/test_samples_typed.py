"""Files as they are typed: what was read is said, what is unclear is asked, and nothing secret is kept."""

import gzip
import json

import numpy as np
import pandas
import pytest

QUICK = ("n_bootstrap=0", "holdout=0")
X = np.random.default_rng(5).standard_t(3, 80)


def n_of(folder):
    return json.loads((folder / "results.json").read_text())["n"]["value"]


@pytest.mark.parametrize(
    ("content", "words", "n", "said"),
    [
        (pandas.Series(X).to_csv(), (), 80, "80 rows read, column 0; line 1 is the header"),
        (pandas.Series(X, name=2020).to_csv(index=False), (), 80, "80 rows read, column 2020; line 1 is the header"),
        (pandas.Series(X, name=-1).to_csv(index=False), ("samples.header=yes",), 80, "80 rows read, column -1; line 1"),
        (
            pandas.Series(X).to_csv(index=False),
            ("samples.header=no",),
            81,
            "81 rows read, one column; line 1 is no header",
        ),
        ("v\n" + "\n".join(f'"{v:,.3f}"' for v in 1e6 * X), ("samples.thousands=comma",), 80, "80 rows read, column v"),
        (gzip.compress("\n".join(map(repr, X.tolist())).encode()), (), 80, "80 rows read, one column"),
    ],
)
def test_what_was_read_is_said(gni, tmp_path, content, words, n, said):
    (tmp_path / "x.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    found = gni("fit-stable", f"samples={tmp_path}/x.csv", *words, *QUICK, f"run.dir={tmp_path / 'run'}")
    assert found.code == 0, found.err
    assert f"x.csv: {said}" in found.err
    assert f"x.csv: {said}" in (tmp_path / "run" / "run.log").read_text()
    assert n_of(tmp_path / "run") == n


def test_what_is_unclear_is_asked_in_one_line(gni, tmp_path):
    (tmp_path / "x.csv").write_text(pandas.Series(X, name=-1).to_csv(index=False))
    found = gni("fit-stable", f"samples={tmp_path}/x.csv", *QUICK)
    assert found.code == 2
    assert found.err.splitlines()[-1].endswith("samples.header=yes or samples.header=no")


def test_names_out_of_a_file_do_not_reach_the_terminal_as_they_are(gni, tmp_path):
    rows = "\n".join(f"\x1b]0;{i % 2}\x07,{v!r}" for i, v in enumerate(np.tile(X, 2).tolist()))
    (tmp_path / "x.csv").write_text("g\x1b[2J,v\n" + rows)
    for words, code in (((), 0), (("samples.column=w",), 2)):
        found = gni("fit-stable", f"samples={tmp_path}/x.csv", "samples.group=0", *words, *QUICK)
        assert found.code == code, found.err
        assert "\x1b]" not in found.out + found.err
        assert "\x1b[2J" not in found.out + found.err


@pytest.mark.parametrize(
    "words",
    [
        ("train", "dataset=mnist", "dataset.mirrors=[http://user:secretpw@host/]"),
        ("fit-stable", "samples=https://user:secretpw@host/x.csv"),
    ],
)
def test_passwords_are_neither_shown_nor_kept(gni, outputs, words):
    found = gni(*words)
    assert found.code == 2
    assert "***@host" in found.err
    assert "secretpw" not in found.err + found.out
    assert not outputs.exists()
