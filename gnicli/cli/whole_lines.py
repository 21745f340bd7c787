"""A list of commands whose descriptions are whole: a narrow terminal breaks them, and does not cut them."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

_WHOLE = 10_000  # characters; Typer cuts what is longer than a line


class Group(TyperGroup):
    """A group of commands; `--help` has the first sentence of each."""

    # The types of both arguments are click's, or those of the copy of click that newer versions of Typer have.
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands with their descriptions."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(_WHOLE)) for name, command in found if command and not command.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
