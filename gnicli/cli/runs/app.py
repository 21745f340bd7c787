"""The app of `gni runs`: without a subcommand it lists."""

from __future__ import annotations

from typing import Any

import typer

from gnicli.cli.plot import plot
from gnicli.cli.runs.compare import compare
from gnicli.cli.runs.diff import diff
from gnicli.cli.runs.export import export
from gnicli.cli.runs.list_runs import list_runs
from gnicli.cli.runs.remove import remove
from gnicli.cli.runs.rerun import rerun
from gnicli.cli.runs.show import show
from gnicli.cli.whole_lines import Group


class _Listing(Group):
    """The commands, of which `list` is meant where the first word is none of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `list` in front of words that begin with no command."""
        is_own = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        if not is_own and not ctx.resilient_parsing:
            args = ["list", *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest


app = typer.Typer(
    name="runs",
    cls=_Listing,
    help="Find runs, compare them, make them again and put them elsewhere. gni runs alone lists them.",
    epilog="RUN is a folder, latest (the run or sweep begun last), or a part of a folder's name that no other has: "
    "gni runs show k3f9.",
)
app.command("list")(list_runs)
app.command("show")(show)
app.command("diff")(diff)
app.command("compare")(compare)
app.command("plot")(plot)
app.command("rerun")(rerun)
app.command("export")(export)
app.command("rm")(remove)
