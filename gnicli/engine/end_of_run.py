"""What the screen shows at the end of a run: tables, then a few sentences. The report has all of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gnicli.contracts import number_text
from gnicli.contracts.results import Headline, Results, Value
from gnicli.engine import headlines, table_text
from gnicli.engine.display import Display

_MOST_SENTENCES = 3
_MOST_VALUES = 16  # of a run that has more, the screen shows the headline values alone
_MOST_IN_LINE = 3


def in_line(values: Mapping[str, Value], first: Sequence[Headline]) -> str:
    """Write the first headline values, for the one line that a job of a sweep ends with."""
    found = list(headlines.chosen(first, values).items())[:_MOST_IN_LINE]
    return "  ".join(f"{words} {number_text.number_text(values[name])}" for name, words in found)


def show(results: Results, first: Sequence[Headline], shown: Collection[str], display: Display) -> None:
    """Print the experiment's own tables, except those with a title in `shown`; where it has none print its values.

    Three sentences follow the tables that they are about: what became of the run, the warnings, and the first notes.
    Warnings are shown even where they are more than three.
    """
    for title, table in results.tables.items():
        if title not in shown:
            table_text.print_table(table, title)
    if not results.tables and results.values:
        _show_values(results.values, first, display)
    needed = [*([results.message] if results.message else []), *results.warnings]
    notes = results.notes[: max(0, _MOST_SENTENCES - len(needed))]
    for sentence in (*needed, *notes):
        display.note(sentence)
    n_more = len(results.notes) - len(notes)
    if n_more:
        display.note(f"{n_more} sentence{'s' * (n_more > 1)} more in report.md")


def _show_values(values: Mapping[str, Value], first: Sequence[Headline], display: Display) -> None:
    ordered = headlines.first(first, values)
    if len(values) <= _MOST_VALUES:
        table_text.print_table(table_text.results_table(ordered))
        return
    chosen = {name: values[name] for name in headlines.chosen(first, values)}
    table_text.print_table(table_text.results_table(chosen))
    n_more = len(values) - len(chosen)
    if n_more:
        display.note(f"{n_more} value{'s' * (n_more > 1)} more in report.md")
