"""`gni data …`: see, fetch, check and bring in the files of the data sets."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from gnicli.contracts import SilentObserver
from gnicli.errors import DataError, GniError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gnicli.dataset.downloaded import Downloaded
    from gnicli.dataset.store import Wanted

app = typer.Typer(name="data", help="See, fetch, check and bring in the files of the data sets.", no_args_is_help=True)

Names = Annotated[
    Optional[list[str]], typer.Argument(metavar="[NAME]...", help="data sets; default: all that are here")
]


class TerminalObserver(SilentObserver):
    """Shows progress as one line that rewrites itself in a terminal, and notes as lines, both on standard error."""

    _shown = 0.0

    def note(self, text: str) -> None:
        """A line of its own."""
        self._clear()
        typer.echo(text, err=True)

    def progress(self, text: str, done: int, total: int | None, unit: str = "step") -> None:
        """At most ten times a second, and at the end; nothing where no terminal is."""
        now = time.monotonic()
        if not sys.stderr.isatty() or (done != total and now - self._shown < 0.1):
            return
        from gnicli.dataset.store import size_text

        self._shown = now
        share = f"{done / total:4.0%} of {size_text(total)}" if total else size_text(done)
        typer.echo(f"\r\033[K{text}: {share}", nl=False, err=True)

    def _clear(self) -> None:
        if self._shown:
            typer.echo("\r\033[K", nl=False, err=True)
            self._shown = 0.0


@app.command("list")
def list_() -> None:
    """Show every data set: its files, their size, what is here of them, and where."""
    from gnicli.dataset.store import condition, shown, size_text

    rows = [("data set", "files", "size", "state", "folder")]
    for name, component in _components().items():
        if not hasattr(component, "everything"):
            rows.append((name, "-", "-", "built in", "-"))
            continue
        files = component().needed()
        size = size_text(sum(wanted.size or 0 for wanted in files))
        states = [condition(wanted) for wanted in files]
        state = states[0] if len(set(states)) == 1 else "present" if "absent" not in states else "partial"
        state = "partial" if "partial" in states else state
        rows.append((name, str(len(files)), size, state, shown(files[0].folder)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="data sets")],
    extra: Annotated[bool, typer.Option("--extra", help="svhn: also the 531 131 extra images, 1.3 GB")] = False,
    mirror: Annotated[
        Optional[list[str]], typer.Option(metavar="URL", help="a server in place of the built-in ones; may repeat")
    ] = None,
    sha256: Annotated[
        Optional[list[str]], typer.Option(metavar="ROLE=SUM", help="a sum in place of the published one; may repeat")
    ] = None,
    folder: Annotated[
        Optional[str], typer.Option("--dir", metavar="DIR", help="where to, in place of the data cache")
    ] = None,
) -> None:
    """Fetch the files of data sets that are not here yet; goes on where it was stopped."""
    from gnicli.dataset.download import ensure
    from gnicli.dataset.store import shown

    settings: dict[str, Any] = {"mirrors": mirror or None, "sha256": _sums(sha256), "dir": folder}
    components = _chosen(names)
    if extra and "svhn" not in components:
        raise UsageError("--extra belongs to svhn; write: gni data fetch svhn --extra")
    for name, component in components.items():
        if not hasattr(component, "everything"):
            typer.echo(f"{name}: built in, nothing to fetch")
            continue
        files = component(**settings, **({"extra": True} if extra and name == "svhn" else {})).needed()
        for wanted in files:
            ensure(wanted, TerminalObserver())
        typer.echo(f"{name}: verified, in {shown(files[0].folder)}")


@app.command()
def verify(names: Names = None) -> None:
    """Hash the files anew and compare with the published sums; a wrong one is moved to *.bad."""
    from gnicli.dataset.store import absent, size_of
    from gnicli.dataset.store import verify as verify_file

    errors: list[GniError] = []
    checked = 0
    for dataset in _downloaded(_chosen(names)):
        needed = dataset.needed()
        for wanted in dataset.everything():
            try:
                if size_of(wanted.path) is None:
                    if names and wanted in needed:
                        raise absent(wanted)
                    continue
                verify_file(wanted, TerminalObserver())
                checked += 1
                typer.echo(f"{wanted.path}: verified")
            except DataError as error:
                errors.append(error)
    _finish(errors)
    if not checked:
        typer.echo("no downloaded files are here; see gni data list")


@app.command("import")
def import_(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="a folder; those below it are searched too")],
) -> None:
    """Copy the files of data sets from a folder into the cache: those whose size fits and whose sum is right."""
    import os
    from pathlib import Path

    source = Path(folder).expanduser()
    if not source.is_dir():
        raise UsageError(f"{source} is no folder; give the one that holds the downloaded files")
    files = [wanted for dataset in _downloaded(_chosen(None)) for wanted in dataset.everything()]
    found: list[Wanted] = []
    errors: list[GniError] = []
    for parent, _, children in os.walk(source):
        for path in sorted(Path(parent) / child for child in children):
            _import_file(path, files, found, errors)
    for wanted in found:
        typer.echo(f"{wanted.path}: verified")
    _finish(errors)
    if not found:
        raise DataError(
            f"{source} holds none of the files of {', '.join(dict.fromkeys(wanted.dataset for wanted in files))}; "
            "see docs/datasets.md for their names"
        )


def _import_file(path: Path, files: list[Wanted], found: list[Wanted], errors: list[GniError]) -> None:
    from gnicli.dataset.store import import_file, size_of

    size = size_of(path)
    fitting = [wanted for wanted in files if wanted.size == size]
    named = [wanted for wanted in files if wanted.name == path.name]
    try:
        for wanted in fitting:
            if wanted not in found and import_file(wanted, path):
                found.append(wanted)
                return
    except GniError as error:
        errors.append(error)
        return
    if named and named[0] not in found:
        errors.append(DataError(f"{path}: size or sha256 differs from the published one; not taken"))


@app.command()
def path() -> None:
    """Print the folder that holds the data sets (set by GNI_DATA_DIR)."""
    from gnicli.dataset.store import cache_folder

    typer.echo(str(cache_folder()))


def _components() -> dict[str, Any]:
    """The schema of every packaged data set by name."""
    import importlib
    from importlib.resources import files

    configs = (file.name for file in files("gnicli.conf").joinpath("dataset").iterdir())
    names = sorted(name.removesuffix(".yaml") for name in configs if name.endswith(".yaml"))
    return {name: importlib.import_module(f"gnicli.dataset.{name}").COMPONENT for name in names}


def _chosen(names: list[str] | None) -> dict[str, Any]:
    from gnicli import checks

    components = _components()
    for name in names or ():
        checks.choice("the data set", name, components)
    return {name: components[name] for name in dict.fromkeys(names or components)}


def _downloaded(components: dict[str, Any]) -> list[Downloaded]:
    return [component() for component in components.values() if hasattr(component, "everything")]


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
