"""Measures of gradient noise, one package for each subject: `layers`, `growth`, `averages` (layer 2c).

From Python, `gradient_noise` and `GradientNoise` measure the layers of any torch module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gnicli.measure.noise_of_model import GradientNoise, gradient_noise

__all__ = ["GradientNoise", "gradient_noise"]


def __getattr__(name: str) -> Any:
    """Import what takes torch along only when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gnicli.measure import noise_of_model

    return getattr(noise_of_model, name)
