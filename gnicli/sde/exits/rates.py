"""First exits from every basin of a potential: by theory and, where it is asked for, as simulated beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.contracts.observer import Observer
from gnicli.errors import UsageError
from gnicli.potential import build
from gnicli.sde.arguments import in_arguments, noise_of
from gnicli.sde.dynamics import gradient_dynamics
from gnicli.sde.exits.simulated import Exits, first_exits
from gnicli.sde.exits.theory import ExitTheory, exit_theory, smallness
from gnicli.sde.levy_noise import LevyNoise
from gnicli.seeding import numpy_stream

_STREAM = 2**62 + 1  # a step block that no simulation reaches: exits have draws of their own
_NEVER = 1e300  # a side without a saddle


class Basin(NamedTuple):
    """The basin (minimum − left, minimum + right) of a one-dimensional potential; a side without a saddle is infinite.

    `number` counts the minima from 1 on.
    """

    number: int
    minimum: float
    left: float
    right: float


class ExitRate(NamedTuple):
    """First exits from a `basin`.

    `theory` has the `rate` per unit time and the share `to_right`; it holds for small noise only, that is where all of
    `smallness` is much less than 1. `simulated` is None where it was not asked for; else it has the `rate` with
    `rate_stderr` and `rate_interval()`, the numbers of exits, and how long each took.
    """

    basin: Basin
    theory: ExitTheory
    smallness: Mapping[str, float]
    simulated: Exits | None


def basins(potential: Potential, ends: Sequence[float] | None = None) -> list[Basin]:
    """The basins between the saddles, by minimum; none where there is no saddle.

    `ends` are the (low, high) of the only one, for a potential with a single minimum: `UsageError` where they do not
    hold it.
    """
    minima = potential.minima()
    if ends is not None:
        low, high = ends
        if len(minima) != 1 or not low < minima[0] < high:
            raise UsageError(
                f"basin={list(ends)} must hold the potential's only minimum, potential={potential.name} has "
                f"{', '.join(f'{m:g}' for m in minima)}"
            )
        return [Basin(1, float(minima[0]), float(minima[0] - low), float(high - minima[0]))]
    borders = np.concatenate([[-np.inf], potential.saddles(), [np.inf]])
    if len(borders) == 2:
        return []
    return [Basin(i + 1, float(m), float(m - borders[i]), float(borders[i + 1] - m)) for i, m in enumerate(minima)]


def follow(
    basin: Basin,
    potential: Potential,
    noise: LevyNoise,
    eta: float,
    n_steps: int,
    n_chains: int,
    seed: int = 0,
    observer: Observer | None = None,
) -> Exits:
    """Simulate exits from a basin over `n_steps` steps of length `eta`, by Strang's scheme: it never explodes."""
    increments, scheme = gradient_dynamics(potential, noise)
    own_seed = int(numpy_stream(seed, "simulate", _STREAM, basin.number).integers(2**63 - 1))
    left, right = min(basin.left, _NEVER), min(basin.right, _NEVER)
    return first_exits(scheme, increments, basin.minimum, left, right, eta, n_steps, n_chains, own_seed, observer)


def exit_rates(
    potential: str | Mapping[str, Any] | Potential,
    noise: LevyNoise,
    *,
    basin: Sequence[float] | None = None,
    simulate: bool = False,
    step: float = 1e-2,
    n_steps: int = 2000,
    n_chains: int = 512,
    seed: int = 0,
) -> list[ExitRate]:
    """How often chains of (4.3) leave the basin of each minimum, and to which side.

    `potential` is a name, a mapping of a name and parameters, or a one-dimensional object (`gnicli.potential.build`);
    alpha < 2, for theory is that of single jumps (Imkeller & Pavlyukevich 2008). `basin` = (low, high)
    is around the only minimum of a potential without saddles. With `simulate`, `n_chains` chains begin at each minimum,
    and again after each exit, for `n_steps` steps of `step` > 0 units of time; equal seeds give equal numbers, those of
    `gni simulate-sde` with the same keys. Raises `UsageError` for arguments that do not go together.

    >>> left, right = exit_rates("double_well", LevyNoise(1.2, 0.5, 0.05), simulate=True)
    >>> round(left.theory.rate, 5), left.theory.to_right, left.basin.right
    (0.01145, 1.0, 1.0)
    >>> left.simulated.rate_stderr < left.simulated.rate
    True
    """
    found, noise = build(potential), noise_of(noise, None, None, None)
    if found.dimension != 1:
        raise UsageError(
            f"exit rates need a one-dimensional potential, got {found.name} of dimension {found.dimension}"
        )
    if noise.alpha == 2:
        raise UsageError(
            "exit rates need alpha < 2, got alpha=2: the theory is that of jumps, and Brownian noise has none"
        )
    with in_arguments():
        places = basins(found, basin)
        if not places:
            raise UsageError(f"potential={found.name} has no saddle: give the ends of the basin, basin=(low, high)")
        return [
            ExitRate(
                place,
                exit_theory(noise, place.left, place.right),
                smallness(found, noise, place.minimum, place.left, place.right),
                follow(place, found, noise, step, n_steps, n_chains, seed) if simulate else None,
            )
            for place in places
        ]
