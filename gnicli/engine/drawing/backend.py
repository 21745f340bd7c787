"""matplotlib and its settings, whatever the surroundings say of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from gnicli import files
from gnicli.errors import DataError, shown

if TYPE_CHECKING:
    from matplotlib import RcParams

STYLE = Path(__file__).with_name("gni.mplstyle")
_MAX_STYLE_BYTES = 1 << 20
# What a style file must not say: these choose code or files, and not a look.
_NO_LOOK = (
    "backend",
    "backend_fallback",
    "animation.",
    "datapath",
    "interactive",
    "toolbar",
    "webagg.",
    "savefig.directory",
)


def matplotlib() -> ModuleType:
    """Import matplotlib.

    A backend inherited from a notebook (`MPLBACKEND`) or a damaged `matplotlibrc` makes its import fail. What is drawn
    here depends on neither, so it is imported without them then.
    """
    try:
        import matplotlib
    except ImportError:
        raise
    except Exception:
        import importlib
        import sys

        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]
        with _plain_surroundings():
            return importlib.import_module("matplotlib")
    return matplotlib


@contextlib.contextmanager
def _plain_surroundings() -> Iterator[None]:
    """No backend is asked for, and neither the working folder nor the user has a matplotlibrc."""
    inherited = dict(os.environ)
    place = os.open(".", os.O_RDONLY)
    os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    os.chdir(Path(__file__).parent)  # matplotlib looks into the working folder first
    try:
        yield
    finally:
        os.fchdir(place)
        os.close(place)
        for name in ("MPLBACKEND", "MATPLOTLIBRC"):
            os.environ.pop(name)
            if name in inherited:
                os.environ[name] = inherited[name]


@contextlib.contextmanager
def own_style() -> Iterator[None]:
    """gni's style alone: a matplotlibrc of the user must not change what a run writes."""
    mpl = matplotlib()
    with mpl.rc_context():
        _begin(mpl)
        yield


@contextlib.contextmanager
def users_style(style: Path | None = None) -> Iterator[None]:
    """gni's style, what the user's matplotlibrc sets on top of it, and what the file `style` sets on top of both.

    Raises `DataError` where `style` cannot be read or is no style file of matplotlib.
    """
    mpl = matplotlib()
    users = Path(mpl.matplotlib_fname())
    with mpl.rc_context():
        _begin(mpl)
        if not users.is_relative_to(mpl.get_data_path()):
            mpl.rcParams.update(_look(mpl, users))
        if style is not None:
            mpl.rcParams.update(_look(mpl, style))
        yield


def _begin(mpl: ModuleType) -> None:
    mpl.rcdefaults()
    mpl.rcParams.update(mpl.rc_params_from_file(str(STYLE), use_default_template=False))


def _look(mpl: ModuleType, path: Path) -> RcParams | dict[str, object]:
    """What a style file says of the look. Its text is read here: matplotlib fetches a name that is an address."""
    try:
        text = files.read_regular(path, _MAX_STYLE_BYTES).decode()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} cannot be read: {reason.lower()}; give a style file of matplotlib") from error
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not key or key.startswith("#") or key.startswith(_NO_LOOK):
            continue
        try:
            if not colon:
                raise ValueError("not `key: value`")
            # A comment begins at a # that is not in quotes; colors are written without one in such files.
            found[key] = mpl.rcParams.validate[key](value.split("#")[0].strip().strip('"'))
        except (ValueError, KeyError) as error:
            why = "no key of matplotlib" if isinstance(error, KeyError) else " ".join(str(error).split())[:120]
            raise DataError(f"{path}, line {number}: {shown(line.strip()[:60])}: {why}") from error
    return found
