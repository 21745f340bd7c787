"""Packages that gni does without until something is asked for that needs them: each comes with an extra of gni."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re

from gnicli.errors import ResourceError

_OF_AN_EXTRA = re.compile(r"(?P<requirement>[^;]+?)\s*;.*\bextra\s*==\s*['\"](?P<extra>[^'\"]+)['\"]")


def require(asked: str, package: str, extra: str) -> None:
    """Raise `ResourceError` where `package` is not installed, which `asked` (a word that was typed) needs.

    The message names what the extra asks for, and not the extra: 'gni[…]' would be looked for on an index where gni is
    installed from a checkout, and '.[…]' in the present folder where it is installed from a wheel.
    """
    if importlib.util.find_spec(package) is None:
        needed = " ".join(f"'{each}'" for each in requirements(extra) or [package])
        raise ResourceError(f"{asked} needs the package {package}; run: pip install {needed}")


def requirements(extra: str) -> list[str]:
    """What an extra of the installed gni asks for, as pip takes it; empty where gni is not installed."""
    try:
        declared = importlib.metadata.requires("gni") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = [_OF_AN_EXTRA.match(line) for line in declared]
    return [each["requirement"] for each in found if each and each["extra"] == extra]
