"""The packages of loggers: whether they are installed, and what to type where they are not."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator, Mapping

from gnicli.errors import ResourceError


def require(asked: str, package: str, extra: str) -> None:
    """Raise `ResourceError` where `package` is not installed, which what was `asked` for needs; it is in `extra`."""
    if importlib.util.find_spec(package) is None:
        raise ResourceError(f"{asked} needs the package {package}; run: pip install 'gni[{extra}]'")


@contextlib.contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Within it these environment variables are set; after it they are as before."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
