"""Tables on a screen: whatever the width, no number is broken, no word either, and what is not there is said."""

import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gnicli.contracts import number_text
from gnicli.contracts.results import Headline, Table, Value
from gnicli.engine import headlines, table_text

LAYERS = Table(
    ("layer", "alpha pooled", "alpha scaled", "skewness", "excess kurtosis", "alpha of sums of 16", "beyond 4 sd"),
    tuple((str(k), "0.5450 ± 0.0050", "1.575 ± 0.013", "-0.184", "3,290.5", "1.80", "4,750") for k in (1, 2, 3)),
)
MANY = Table(LAYERS.header, LAYERS.rows * 4)
SETTINGS = Table(
    ("setting", "runs", "verdict", "alpha"),
    (("samples=laplace samples.n=1000 law=stable", "3 of 3", "another law is better 2, undecided 1", "1.93 ± 0.02"),),
)


def printed(table, width, monkeypatch, capsys):
    monkeypatch.setattr(table_text, "screen_width", lambda: width)
    table_text.print_table(table, "A title of several words that is longer than a narrow terminal is wide")
    return capsys.readouterr().out


def columns_of(text):
    """Pieces that stand side by side in the lines of a table."""
    return [piece for line in text.splitlines() for piece in re.split(r" {2,}", line.strip()) if piece]


WORDS = st.text("ab ±,.-0159", min_size=1, max_size=18).map(lambda text: " ".join(text.split()) or "x")
NUMBERS = st.sampled_from(
    ["1,234.5", "0.123 ± 0.012", "-0.1 … 0.2", "≤ 0.005", "2.29e-05", "< 1e-99", "+0.0025 ± 0.0029", ""]
)
TABLES = (
    st.integers(2, 7)
    .flatmap(
        lambda n: st.tuples(
            st.lists(WORDS, min_size=n, max_size=n),
            st.lists(st.tuples(WORDS, *[NUMBERS] * (n - 1)), min_size=1, max_size=6),
        )
    )
    .map(lambda both: Table(tuple(both[0]), tuple(both[1])))
)


@given(TABLES, st.integers(20, 120))
@example(LAYERS, 60)
@example(MANY, 60)
@example(SETTINGS, 60)
@settings(max_examples=200)
def test_nothing_is_broken_but_at_blanks_and_nothing_is_lost_unsaid(table, width):
    """Every kept cell is there with its numbers whole; what is left out is counted; the width holds where it can."""
    laid = table_text.lay_out(table, width)
    cells = [cell for row in [laid.header, *laid.rows] for cell in row]
    whole = [cell.replace("\n", " ").replace(table_text._HARD_BLANK, " ") for cell in cells]
    n_kept = len(table.header) - laid.n_left_out
    kept = [cell for row in [table.header, *table.rows] for cell in row[:n_kept]]
    assert sorted(whole) == sorted(kept)
    for cell in cells:
        for line in cell.split("\n"):
            assert line == "" or " ".join(line.replace(table_text._HARD_BLANK, " ").split()) in " ".join(kept)
    for number in {cell for row in table.rows for cell in row[1:n_kept]}:
        assert any(number in line.replace(table_text._HARD_BLANK, " ") for cell in cells for line in cell.split("\n"))
    assert laid.width <= width or n_kept == 2


def test_a_wide_terminal_shows_every_column_on_its_line(monkeypatch, capsys):
    text = printed(LAYERS, 140, monkeypatch, capsys)
    assert columns_of(text)[1:8] == list(LAYERS.header)
    assert "more in report.md" not in text


@pytest.mark.parametrize("width", [80, 60])
def test_few_rows_are_turned_where_that_saves_columns(width, monkeypatch, capsys):
    laid = table_text.lay_out(LAYERS, width)
    if width == 80:
        assert laid.header == ["layer", "1", "2", "3"]
        assert laid.n_left_out == 0
    else:
        assert laid.n_left_out > 0
    text = printed(LAYERS, width, monkeypatch, capsys)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [80, 60])
def test_of_many_rows_the_last_columns_are_left_out_and_counted(width, monkeypatch, capsys):
    text = printed(MANY, width, monkeypatch, capsys)
    n_left = table_text.lay_out(MANY, width).n_left_out
    assert n_left > 0
    assert f"  {n_left} column{'s' * (n_left > 1)} more in report.md\n" in text
    assert text.count("0.5450 ± 0.0050") == 12
    assert max(map(len, text.splitlines())) <= width


def test_texts_wrap_at_words_before_a_column_goes(monkeypatch, capsys):
    text = printed(SETTINGS, 60, monkeypatch, capsys)
    assert "more in report.md" not in text
    for word in " ".join(SETTINGS.rows[0]).split():
        assert word in text


@pytest.mark.parametrize("columns", ["40", "300"])
def test_without_a_terminal_every_row_is_one_line_whatever_columns_says(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    table_text.print_table(MANY)
    lines = capsys.readouterr().out.splitlines()
    assert [len(re.split(r" {2,}", line.strip())) for line in lines if line.strip(" ─")] == [7] * 13


def test_headline_values_come_in_the_order_of_their_declaration():
    declared = (Headline("rate/*", "rate, basin *"), Headline("loss", "test loss"), Headline("absent", "absent"))
    names = ["ess", "loss", "rate/1", "rate_theory/1", "rate/layer12"]
    found = headlines.chosen(declared, names)
    assert found == {"rate/1": "rate, basin 1", "rate/layer12": "rate, basin layer 12", "loss": "test loss"}
    assert list(headlines.first(declared, {name: Value(1.0) for name in names})) == [
        "rate/1", "rate/layer12", "loss", "ess", "rate_theory/1",
    ]  # fmt: skip


def test_without_a_declared_value_the_first_three_are_shown():
    assert headlines.chosen((Headline("x", "x"),), "abcd") == {"a": "a", "b": "b", "c": "c"}


def test_a_bound_stands_at_the_right_as_other_numbers_do(capsys):
    table_text.print_table(Table(("test", "p"), (("first", "< 1e-99"), ("second", "0.5"), ("third", "≤ 0.17"))))
    rows = [line.rstrip() for line in capsys.readouterr().out.splitlines() if re.match(r"  (first|second|third)", line)]
    assert len(rows) == 3
    assert len({len(row) for row in rows}) == 1


VALUES = {"mean/w": Value(0.5, 0.1, 9), "exit_rate_theory/1": Value(0.02, unit="1/time", caveat="noise too large")}


def test_a_caveat_has_a_column_where_there_is_one():
    assert table_text.results_table(VALUES) == Table(
        ("result", "value", "caveat", "n", "unit"),
        (("mean/w", "0.50 ± 0.10", "", "9", ""), ("exit_rate_theory/1", "0.02 †", "noise too large", "1", "1/time")),
    )
    only = {"mean/w": VALUES["mean/w"]}
    assert table_text.results_table(only).header == ("result", "value", "n")


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", "†"), ("ascii", "(!)")])
def test_a_marked_value_is_grey_and_no_other_cell_is(encoding, mark, monkeypatch):
    from rich.console import Console

    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    console = Console(file=stream, force_terminal=True, color_system="standard", width=100, legacy_windows=False)
    monkeypatch.setattr(table_text, "stdout_console", lambda: console)
    table_text.print_table(table_text.results_table(VALUES))
    stream.flush()
    out = stream.buffer.getvalue().decode(encoding)
    assert re.findall(r"\x1b\[2m(.*?)\x1b\[0m", out) == [f"0.02 {mark}"]
    assert "0.50 " in out


def by_rich(laid):
    """The oracle: the same layout drawn by rich."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    out = io.StringIO()
    drawn = RichTable(box=box.SIMPLE_HEAD)
    for k, (head, width) in enumerate(zip(laid.header, laid.widths, strict=True)):
        is_number = k > 0 and all(number_text.is_number(row[k]) for row in laid.rows)
        drawn.add_column(Text(head), justify="right" if is_number else "left", min_width=width, no_wrap=True)
    for row in laid.rows:
        drawn.add_row(*map(Text, row))
    Console(file=out, width=max(laid.width, 20)).print(drawn)
    return out.getvalue().replace("\N{NO-BREAK SPACE}", " ")


@given(table=TABLES, width=st.one_of(st.none(), st.integers(20, 100)))
@settings(deadline=None, max_examples=150)
def test_tables_are_those_that_rich_draws(table, width):
    """With wide letters too, and heads of several lines."""
    wide = Table(table.header, (*table.rows, ("\u6f22\u5b57", *table.rows[0][1:])))
    laid = table_text.lay_out(wide, width)
    assert "\n".join(table_text._drawn(laid, "\u2500", styled=False)) + "\n" == by_rich(laid)
