"""Measures of gradient noise, one package for each subject: `layers`, `growth`, `averages` (layer 2c).

From Python, `gradient_noise` and `GradientNoise` measure the layers of any torch module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnicli.lazy import attach

if TYPE_CHECKING:
    from gnicli.measure.noise_of_model import GradientNoise, gradient_noise

__all__ = ["GradientNoise", "gradient_noise"]

# What takes torch along.
__getattr__, __dir__ = attach(__name__, dict.fromkeys(__all__, "gnicli.measure.noise_of_model"))
