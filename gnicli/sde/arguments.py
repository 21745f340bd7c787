"""What the library's functions take: a noise, or its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from gnicli.errors import UsageError
from gnicli.sde.levy_noise import LevyNoise


def noise_of(
    noise: LevyNoise | None, alpha: float | None, beta: float | Sequence[float] | None, epsilon: float | None
) -> LevyNoise:
    """The noise, or that of the three numbers, beta being 0 and epsilon 1 by default.

    Raises `UsageError` where both or neither are given, and for numbers that are no noise.
    """
    if noise is not None:
        if not isinstance(noise, LevyNoise):
            raise UsageError(f"noise: expected a LevyNoise(alpha, beta, epsilon), got {noise!r}")
        if (alpha, beta, epsilon) != (None, None, None):
            raise UsageError("give either noise, or alpha, beta and epsilon: both were given")
        return noise
    if alpha is None:
        raise UsageError("alpha is missing: give it, with beta and epsilon, or a noise")
    return LevyNoise(alpha, 0.0 if beta is None else beta, 1.0 if epsilon is None else epsilon)
