"""The noise of the model dw = −∇f(w) dt + ε dL^{α,β}: three numbers and what follows from them (4.3).

Imports neither NumPy nor SciPy: the schemas of commands check their keys here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gnicli import checks
from gnicli.errors import UsageError

LEAST_ALPHA = 0.5  # of the exact solvers; `StableLaw`, whose draws are the increments, has smaller ones too


def check_ranges(alpha: float, beta: float | Sequence[float], epsilon: float) -> None:
    """Raise `UsageError` unless alpha is in [0.5, 2], every beta in [−1, 1] and epsilon > 0, each finite."""
    checks.number("alpha", alpha, least=LEAST_ALPHA, most=2)
    for one in beta if isinstance(beta, list | tuple) else [beta]:
        checks.number("beta", one, least=-1, most=1)
    checks.number("epsilon", epsilon, above=0)


@dataclass(frozen=True)
class LevyNoise:
    """ε L^{α,β}: independent α-stable Lévy processes, one per coordinate of w.

    `alpha` in [0.5, 2] is the tail index; at alpha = 2 the noise is Brownian, of variance 2 ε² per unit time. `beta` in
    [−1, 1] is the skewness (the paper's θ): one number for all coordinates, or a sequence of one per coordinate.
    `epsilon` > 0 is the size of the noise. Over a time t a coordinate moves by a stable variable S_α(ε t^{1/α}, β, 0)
    in S1. Raises `UsageError` for other numbers, and for alpha = 1 with beta ≠ 0.

    >>> noise = LevyNoise(alpha=1.5, beta=0.5, epsilon=0.25)
    >>> noise.intensity
    0.125
    """

    alpha: float
    beta: float | Sequence[float] = 0.0
    epsilon: float = 1.0

    def __post_init__(self) -> None:
        alpha, beta, epsilon = (_plain(value) for value in (self.alpha, self.beta, self.epsilon))
        check_ranges(alpha, beta, epsilon)
        betas = beta if isinstance(beta, list | tuple) else [beta]
        skewed = [one for one in betas if one]
        if alpha == 1 and skewed:
            raise UsageError(
                f"alpha=1 with beta={skewed[0]!r}: the location of L drifts with the time step there, so neither the "
                "Euler scheme (4.4) nor its law has a limit; take beta=0, or alpha=1.01"
            )
        object.__setattr__(self, "alpha", float(alpha))
        object.__setattr__(self, "beta", tuple(map(float, betas)) if betas is beta else float(beta))
        object.__setattr__(self, "epsilon", float(epsilon))

    def coordinates(self, dimension: int) -> tuple[LevyNoise, ...]:
        """The noise of each of `dimension` coordinates; the beta of each is a number.

        Raises `UsageError` where there is another number of betas.
        """
        if not isinstance(self.beta, tuple):
            return (self,) * dimension
        if len(self.beta) != dimension:
            raise UsageError(f"beta: expected one number or {dimension} (one per coordinate), got {len(self.beta)}")
        return tuple(replace(self, beta=beta) for beta in self.beta)

    @property
    def intensity(self) -> float:
        """ε^α: the factor of the rate of jumps, and the temperature of the Gibbs law."""
        return self.epsilon**self.alpha

    @property
    def skewness(self) -> float:
        """The beta of the only coordinate. Raises `UsageError` where there are several."""
        return float(self.coordinates(1)[0].beta)  # type: ignore[arg-type]  # a coordinate's beta is a number

    @property
    def centering(self) -> float:
        """β tan(πα/2) of the only coordinate, with its exact zeros at β = 0 and α = 2."""
        beta = self.skewness
        return 0.0 if beta == 0 or self.alpha == 2 else beta * math.tan(math.pi * self.alpha / 2)

    @property
    def wind(self) -> float:
        """ε^α β tan(πα/2), the force on the only coordinate by which its jumps are centered (`sde.drift.centering`)."""
        return self.intensity * self.centering

    @property
    def jump_rate(self) -> float:
        """ε^α C_α: jumps beyond ±x come at a rate of ε^α C_α (1 ± β)/2 x^{−α} per unit time; 0 at α = 2."""
        return self.intensity * tail_constant(self.alpha)


def tail_constant(alpha: float) -> float:
    """C_α = (1 − α) / (Γ(2 − α) cos(πα/2)): P(±X > x) → C_α (1 ± β)/2 x^{−α}; 2/π at α = 1, and 0 at α = 2."""
    if alpha == 2:
        return 0.0
    if abs(alpha - 1) < 1e-9:
        return 2 / math.pi
    return (1 - alpha) / (math.gamma(2 - alpha) * math.cos(math.pi * alpha / 2))


def _plain(value: Any) -> Any:
    """A number or an array of NumPy as a number or a list of Python."""
    return value.tolist() if hasattr(value, "tolist") else value
