"""Kernel density estimates of large, heavy-tailed, weighted samples.

What is listed here is imported where it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnicli.lazy import attach

if TYPE_CHECKING:
    from gnicli.kde.estimation import Density, density

__all__ = ["Density", "density"]

__getattr__, __dir__ = attach(__name__, dict.fromkeys(__all__, "gnicli.kde.estimation"))
