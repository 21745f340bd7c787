"""`gni data …`: list, fetch, check and import the files of the data sets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional, Self

import typer

from gnicli.cli.whole_lines import Group
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import DataError, GniError, UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gnicli.dataset.downloaded import Downloaded
    from gnicli.dataset.importing import Found
    from gnicli.dataset.store import Wanted

app = typer.Typer(name="data", cls=Group, help="List, fetch, check and import the files of the data sets.")

_MOST_FAULTS = 5  # so many files that were not taken are named

Sums = Annotated[
    Optional[list[str]],
    typer.Option("--sha256", metavar="ROLE=SUM", help="SHA-256 sum in place of the published one; repeatable"),
]
Names = Annotated[
    Optional[list[str]], typer.Argument(metavar="[NAME]...", help="data sets; default: all downloaded ones")
]


class TerminalObserver(SilentObserver):
    """Shows progress as one line in a terminal, until the block ends, and notes as lines, both on standard error."""

    def __enter__(self) -> Self:
        from gnicli.engine.display import Display
        from gnicli.engine.first_line import stderr_is_live

        self._live, self._next_look = stderr_is_live(), 0.0
        self._display = Display(self._live)
        return self

    def __exit__(self, *_: object) -> None:
        self._display.close()

    def note(self, text: str) -> None:
        """A line of its own."""
        self._display.note(text)

    def progress(self, text: str, done: int, total: int | None, unit: str = "step") -> None:
        """At most ten times a second, and at the end; nothing where no terminal is."""
        from gnicli.engine.display import REDRAW_SECONDS

        now = time.monotonic()
        if self._live and (now >= self._next_look or done == total):
            self._next_look = now + REDRAW_SECONDS
            self._display.update(text, done, total, unit, {})


@app.callback(invoke_without_command=True)
def _alone(context: typer.Context) -> None:
    """Show the help where no command follows, which is a mistake."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(UsageError.exit_code)


@app.command("list")
def list_() -> None:
    """List the data sets: their files, size, state and folder.

    Files of your own have lines of their own.
    """
    from gnicli.dataset.store import size_text

    rows: list[tuple[str, ...]] = [("data set", "files", "size", "state", "folder")]
    for name, component in _components().items():
        if not hasattr(component, "everything"):
            rows.append((name, "-", "-", "built in", "-"))
            continue
        files = component().needed()
        rows.append(_row(name, files, size_text(sum(wanted.size or 0 for wanted in files))))
        own: dict[Path, list[Wanted]] = {}
        for wanted in component().own_files():
            own.setdefault(wanted.folder, []).append(wanted)
        rows += [_row(name, here, _size_here(here)) for here in own.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(name: str, files: Sequence[Wanted], size: str) -> tuple[str, ...]:
    from gnicli.dataset.store import condition
    from gnicli.dataset.store import shown as shown_path

    states = [condition(wanted) for wanted in files]
    state = states[0] if len(set(states)) == 1 else "present" if "absent" not in states else "partial"
    state = "partial" if "partial" in states else state
    return name, str(len(files)), size, state, shown_path(files[0].folder)


def _size_here(files: Sequence[Wanted]) -> str:
    from gnicli.dataset.store import size_of, size_text

    return size_text(sum(size_of(wanted.path) or size_of(wanted.part) or 0 for wanted in files))


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="data sets")],
    extra: Annotated[bool, typer.Option("--extra", help="svhn: also the 531 131 extra images, 1.3 GB")] = False,
    mirror: Annotated[
        Optional[list[str]], typer.Option(metavar="URL", help="server in place of the built-in ones; repeatable")
    ] = None,
    sha256: Sums = None,
    folder: Annotated[
        Optional[str], typer.Option("--dir", metavar="DIR", help="target folder, in place of the data cache")
    ] = None,
) -> None:
    """Fetch the missing files of data sets.

    A download that was stopped continues where it stopped.
    """
    from gnicli.dataset.download import ensure
    from gnicli.dataset.store import shown as shown_path

    components = _chosen(names)
    if extra and "svhn" not in components:
        raise UsageError("--extra belongs to svhn; write: gni data fetch svhn --extra")
    for name, component in components.items():
        if not hasattr(component, "everything"):
            typer.echo(f"{name}: built in, nothing to fetch")
            continue
        wishes = {"extra": True} if extra and name == "svhn" else {}
        files = component(mirrors=mirror or None, sha256=_sums(sha256), dir=folder, **wishes).needed()
        for wanted in files:
            with TerminalObserver() as observer:
                ensure(wanted, observer)
        typer.echo(f"{name}: verified, in {shown_path(files[0].folder)}")


@app.command()
def verify(
    names: Names = None,
    sha256: Sums = None,
    folder: Annotated[
        Optional[str], typer.Option("--dir", metavar="DIR", help="a folder of your own, in place of the data cache")
    ] = None,
) -> None:
    """Check the files against their SHA-256 sums.

    A wrong file in the cache is renamed to *.bad.
    """
    from gnicli.dataset.store import absent, size_of
    from gnicli.dataset.store import verify as verify_file

    errors: list[GniError] = []
    checked = 0
    for dataset in _downloaded(_chosen(names), _sums(sha256), folder):
        needed = dataset.needed()
        others = () if folder is not None else dataset.own_files()
        # What a sum was typed for is known by it, and not by the digits that name its folder.
        for wanted in {file.path: file for file in (*others, *dataset.everything())}.values():
            try:
                if size_of(wanted.path) is None:
                    if names and wanted in needed:
                        raise absent(wanted)
                    continue
                with TerminalObserver() as observer:
                    verify_file(wanted, observer)
                checked += 1
                typer.echo(shown(f"{wanted.path}: verified"))
            except DataError as error:
                errors.append(error)
    _finish(errors)
    if not checked:
        typer.echo("no downloaded files are here; see gni data list")


@app.command("import")
def import_(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="a folder, searched with its subfolders; or a file")],
    sha256: Sums = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be copied, and copy nothing")] = False,
) -> None:
    """Copy the files of data sets from a folder into the cache.

    A file is copied if its size and SHA-256 sum are the published ones. With --sha256, files of your own, such as a
    subset, are copied too.
    """
    from pathlib import Path

    from gnicli import checks
    from gnicli.dataset.importing import search
    from gnicli.dataset.store import import_file

    source = Path(checks.home("DIR", folder))
    if not source.exists():
        raise UsageError(f"{source} is no folder; give the one that holds the downloaded files")
    sums = _sums(sha256)
    wanted = [file for dataset in _downloaded(_chosen(None), sums) for file in dataset.everything()]
    if sums is not None:
        wanted.sort(key=lambda file: file.size is not None)  # a name that two have is first that of one's own
    result = search(source, wanted)
    for path, file in result.files:
        if not dry_run:
            with TerminalObserver() as observer:
                import_file(file, path, observer)
        typer.echo(shown(f"{path}: would be copied to {file.path}" if dry_run else f"{file.path}: verified"))
    _summarize_import(source, result, wanted, dry_run)


def _summarize_import(source: Path, result: Found, wanted: Sequence[Wanted], dry_run: bool) -> None:
    """Say how many files were taken and which were not though they look like it; an error where none was."""
    faults = result.faults
    more = f"; and {len(faults) - 1} more such files" if len(faults) > 1 else ""
    if not result.files:
        if faults:
            raise DataError(f"{faults[0]}{more}")
        kinds = ", ".join(dict.fromkeys(file.dataset for file in wanted))
        raise DataError(f"{source} holds none of the files of {kinds}; see docs/datasets.md for their names")
    for fault in faults[:_MOST_FAULTS]:
        typer.echo(shown(fault), err=True)
    if len(faults) > _MOST_FAULTS:
        typer.echo(f"… and {len(faults) - _MOST_FAULTS} more such files", err=True)
    verb = "would be taken" if dry_run else "taken"
    others = result.n_seen - len(result.files)
    named = f", {len(faults)} of them by the name of a published file" if faults else ""
    typer.echo(f"{len(result.files)} of {result.n_seen} files {verb}; {others} are something else{named}")


@app.command()
def path() -> None:
    """Print the folder of the data cache (GNI_DATA_DIR sets it)."""
    from gnicli.dataset.store import cache_folder

    typer.echo(str(cache_folder()))


def _components() -> dict[str, type]:
    """The schema of every packaged data set by name."""
    from gnicli import registry

    return {name: registry.find("dataset", name) for name in registry.own_names("dataset")}


def _chosen(names: list[str] | None) -> dict[str, type]:
    from gnicli import checks

    components = _components()
    for name in names or ():
        checks.choice("the data set", name, components)
    return {name: components[name] for name in dict.fromkeys(names or components)}


def _downloaded(
    components: dict[str, type], sums: dict[str, str] | None = None, folder: str | None = None
) -> list[Downloaded]:
    """The data sets that are fetched, each with those of the sums whose roles it has."""
    from gnicli import checks
    from gnicli.dataset.downloaded import Downloaded

    sets = {name: component for name, component in components.items() if issubclass(component, Downloaded)}
    roles = {name: {file.role for file in component.PUBLISHED} for name, component in sets.items()}
    for role in sums or ():
        checks.choice("the role of --sha256", role, sorted(set().union(*roles.values())))
    found = []
    for name, component in sets.items():
        own = {role: value for role, value in (sums or {}).items() if role in roles[name]}
        found.append(component(sha256=own or None, dir=folder))
    return found


def _sums(pairs: list[str] | None) -> dict[str, str] | None:
    if not pairs:
        return None
    for pair in pairs:
        if "=" not in pair:
            raise UsageError(f"--sha256: expected ROLE=SUM, got {pair!r}")
    return dict(pair.split("=", 1) for pair in pairs)


def _finish(errors: list[GniError]) -> None:
    """Raise the last error, after the others were shown."""
    for error in errors[:-1]:
        typer.echo(str(error), err=True)
    if errors:
        raise errors[-1]
