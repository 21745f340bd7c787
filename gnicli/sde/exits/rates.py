"""First exits from every basin of a potential: by theory and, where it is asked for, as simulated beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gnicli import checks
from gnicli.contracts.components import Potential
from gnicli.contracts.observer import Observer
from gnicli.errors import UsageError
from gnicli.potential import build
from gnicli.sde.arguments import noise_of
from gnicli.sde.dynamics import dynamics
from gnicli.sde.exits.basins import Basin, basins
from gnicli.sde.exits.simulated import Exits, first_exits
from gnicli.sde.exits.theory import ExitTheory, exit_theory, smallness
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.seeding import numpy_stream

_STREAM = 2**62 + 1  # a step block that no simulation reaches: exits have draws of their own
_NEVER = 1e300  # a side without a saddle


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


def follow(basin: Basin, potential: Potential, noise: LevyNoise, plan: Plan, observer: Observer | None = None) -> Exits:
    """Simulate exits from a basin by Strang's scheme, which never explodes; see `first_exits`."""
    increments, scheme = dynamics("gradient", potential, noise)
    own_seed = int(numpy_stream(plan.seed, "simulate", _STREAM, basin.number).integers(2**63 - 1))
    reach = basin._replace(left=min(basin.left, _NEVER), right=min(basin.right, _NEVER))
    return first_exits(scheme, increments, reach, plan._replace(seed=own_seed), observer)


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
    checks.number("step", step, above=0)
    places = basins(found, basin)
    if not places:
        raise UsageError(f"the potential {found.name} has no saddle: give the ends of the basin, basin=(low, high)")
    plan = Plan(n_steps, n_chains, step, seed)
    return [
        ExitRate(
            place,
            exit_theory(noise, place.left, place.right),
            smallness(found, noise, place),
            follow(place, found, noise, plan) if simulate else None,
        )
        for place in places
    ]
