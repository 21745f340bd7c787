"""The end of a run: tables before sentences, few of these, and a word on what the report has besides."""

import io
from contextlib import redirect_stderr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.contracts.results import Headline, Results, Table, Value
from gnicli.engine import display, end_of_run

FIRST = (Headline("rate/*", "rate, basin *"), Headline("loss", "test loss"))


def ended(capsys, results, shown=()):
    end_of_run.show(results, FIRST, shown, display.Display(live=False))
    return capsys.readouterr()


@pytest.mark.parametrize(("n_notes", "left"), [(0, ""), (3, ""), (4, "1 sentence more"), (9, "6 sentences more")])
def test_three_sentences_are_told_and_the_others_counted(n_notes, left, capsys):
    notes = tuple(f"sentence {k}" for k in range(n_notes))
    err = ended(capsys, Results({"a": Value(1.0)}, notes=notes)).err.splitlines()
    assert err == [*notes[:3], *([f"{left} in report.md"] if left else [])]


@given(st.integers(0, 5), st.integers(0, 5), st.sampled_from(["", "diverged at step 7"]))
def test_warnings_come_first_and_none_is_left_out(n_warnings, n_notes, message):
    warnings = tuple(f"warning {k}" for k in range(n_warnings))
    notes = tuple(f"note {k}" for k in range(n_notes))
    with redirect_stderr(io.StringIO()) as err:
        results = Results({}, notes=notes, warnings=warnings, message=message)
        end_of_run.show(results, FIRST, (), display.Display(live=False))
    said = err.getvalue().splitlines()
    needed = [*([message] if message else []), *warnings]
    assert said[: len(needed)] == needed
    n_shown = len([line for line in said if line in notes])
    assert said[len(needed) : len(needed) + n_shown] == list(notes[:n_shown])
    assert len(needed) + n_shown <= max(3, len(needed))
    assert n_shown == n_notes or len(needed) + n_shown >= 3  # no note is left out for which there is room
    assert said[len(needed) + n_shown :] == (
        [] if n_shown == n_notes else [f"{n_notes - n_shown} sentence{'s' * (n_notes - n_shown > 1)} more in report.md"]
    )


@pytest.mark.parametrize("n", [16, 17])
def test_of_many_values_the_headline_ones_are_shown_and_the_others_counted(n, capsys):
    values = {f"v{k}": Value(float(k)) for k in range(n - 2)} | {"loss": Value(0.5), "rate/1": Value(0.25)}
    said = ended(capsys, Results(values))
    names = [line.split()[0] for line in said.out.splitlines() if line.strip() and "─" not in line][1:]
    assert names[:2] == ["rate/1", "loss"]
    assert len(names) == (n if n <= 16 else 2)
    assert said.err == ("" if n <= 16 else f"{n - 2} values more in report.md\n")


def test_a_table_that_was_shown_is_not_shown_again_and_no_list_of_values_beside_tables(capsys):
    tables = {"First": Table(("a", "b"), (("1", "2"),)), "Second": Table(("c", "d"), (("3", "4"),))}
    out = ended(capsys, Results({"v": Value(1.0)}, tables=tables), shown={"First"}).out
    assert "First" not in out
    assert "Second" in out
    assert "result" not in out


def test_a_job_of_a_sweep_tells_its_headline_values_in_a_line():
    values = {"ess": Value(9.0), "loss": Value(0.5, 0.012), "rate/1": Value(0.25)}
    assert end_of_run.in_line(values, FIRST) == "rate, basin 1 0.25  test loss 0.500 ± 0.012"
