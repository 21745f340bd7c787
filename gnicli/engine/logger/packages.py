"""The packages of loggers: whether they are installed, and what to type where they are not."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator, Mapping

from gnicli.errors import ResourceError


def require(logger: str, package: str) -> None:
    """Raise `ResourceError` where `package` is not installed: it comes with the extra that bears the logger's name."""
    if importlib.util.find_spec(package) is None:
        raise ResourceError(f"logger={logger} needs the package {package}; run: pip install 'gni[{logger}]'")


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
