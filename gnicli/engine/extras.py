"""Packages that gni does without until something is asked for that needs them: each comes with an extra of gni."""

from __future__ import annotations

import importlib.util

from gnicli.errors import ResourceError


def require(asked: str, package: str, extra: str) -> None:
    """Raise `ResourceError` where `package` is not installed, which `asked` (a word that was typed) needs."""
    if importlib.util.find_spec(package) is None:
        raise ResourceError(f"{asked} needs the package {package}; run: pip install 'gni[{extra}]'")
