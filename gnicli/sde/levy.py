"""Constants of the α-stable Lévy process L^{α,β} that drives the model (SPEC, sections 1 and 5)."""

from __future__ import annotations

import math

from gnicli.errors import UsageError


def check_noise(alpha: float, beta: float) -> None:
    """Refuse what the model (4.3) is not defined for: alpha outside (0, 2], |beta| > 1, alpha = 1 with beta ≠ 0."""
    if not 0 < alpha <= 2:
        raise UsageError(f"alpha must be > 0 and <= 2, got {alpha!r}")
    if not -1 <= beta <= 1:
        raise UsageError(f"beta must be >= -1 and <= 1, got {beta!r}")
    if alpha == 1 and beta != 0:
        raise UsageError(
            f"alpha=1 with beta={beta!r}: the location of L drifts with the time step there, so neither the Euler "
            "scheme (4.4) nor its law has a limit; take beta=0, or alpha=1.01"
        )


def skew(alpha: float, beta: float) -> float:
    """β tan(πα/2), with its exact zeros at β = 0 and α = 2."""
    return 0.0 if beta == 0 or alpha == 2 else beta * math.tan(math.pi * alpha / 2)


def tail_constant(alpha: float) -> float:
    """C_α = (1 − α) / (Γ(2 − α) cos(πα/2)): P(±X > x) → C_α (1 ± β)/2 x^{−α}; 2/π at α = 1, and 0 at α = 2."""
    if alpha == 2:
        return 0.0
    if abs(alpha - 1) < 1e-9:
        return 2 / math.pi
    return (1 - alpha) / (math.gamma(2 - alpha) * math.cos(math.pi * alpha / 2))
