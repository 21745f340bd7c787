"""How many pairs of runs an experiment was planned with: the calculation that is part of its declaration.

The standard deviations come from pilot runs with seeds 0 … 7, which no budget uses again. They are those of
differences of log loss over the last 10 % of the steps, paired by seed, in the set-up of `budget=quick`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gnicli.contracts.results import RunRecord
from gnicli.experiments.sweeps.power import LEVEL, POWER, pairs_needed

PLANNED = ("experiment", "seed", "protocol", "budget", "noise", "dataset")  # keys under which a plan holds


class Pilot(NamedTuple):
    """The pilot runs of one comparison of an experiment.

    `noise` is the choice of `noise=`, `arm` and `reference` are values of the key that the experiment compares, `sd` is
    the standard deviation of `n_pairs` paired differences (nats), and `smallest` the smallest effect of interest
    (nats), chosen before any run of the budget.
    """

    experiment: str
    noise: str
    arm: str
    reference: str
    sd: float
    n_pairs: int
    smallest: float


_SMALL, _LARGE = math.log(1.05), math.log(1.25)
PILOTS = (
    Pilot("fig4", "add", "M16", "M1", 0.029, 8, _SMALL),
    Pilot("fig4", "mult", "M16", "M1", 0.23, 8, _LARGE),
    Pilot("fig5", "add", "16", "1", 0.029, 8, _SMALL),
    Pilot("fig5", "mult", "16", "1", 0.23, 8, _LARGE),
    Pilot("fig5_mnist", "mult", "16", "1", 0.006, 8, _SMALL),
    Pilot("fig7", "add", "explicit", "M1", 0.020, 8, _SMALL),
    Pilot("fig8", "mult", "16", "1", 0.034, 8, _SMALL),
    Pilot("symmetrise", "add", "antithetic", "plain", 0.19, 8, _LARGE),
)
_NOISE = {"fig4": "add", "fig5": "add", "fig5_mnist": "mult", "fig7": "add", "fig8": "mult", "symmetrise": "add"}


def declaration(name: str, key: str, records: Sequence[RunRecord]) -> tuple[str, ...]:
    """One sentence with the calculation for the runs of an experiment; none where it was planned for another set-up.

    `key` is what the experiment compares (`arm` or `M`).
    """
    chosen = {record.overrides.get("noise", _NOISE.get(name, "")) for record in records}
    budgets = {record.overrides.get("budget", "quick") for record in records}
    protocols = {record.overrides.get("protocol", "learnable") for record in records}
    found = [pilot for pilot in PILOTS if pilot.experiment == name and {pilot.noise} == chosen]
    if not found or budgets != {"quick"} or protocols != {"learnable"}:
        return ()
    changed = sorted({word for record in records for word in record.overrides} - set(PLANNED) - _swept(name, key))
    if changed:
        return (f"no plan holds for this set-up, in which {', '.join(changed)} were typed",)
    pilot = found[0]
    n_seeds = len({record.overrides.get("seed") for record in records})
    needed = pairs_needed(pilot.sd, pilot.smallest)
    return (
        f"planned: {key}={pilot.arm} against {key}={pilot.reference} differed by a standard deviation of {pilot.sd:g} "
        f"in {pilot.n_pairs} pilot pairs (seeds 0 … 7), and the smallest effect of interest is "
        f"{math.expm1(pilot.smallest):.0%}: {needed} pairs for {POWER:.0%} power at {LEVEL:.0%}; this sweep has "
        f"{n_seeds}".replace("%", " %"),
    )


def _swept(name: str, key: str) -> set[str]:
    """The keys that the experiment itself sweeps."""
    more = {"fig8": {"noise.var"}, "symmetrise": {"network.activation", "noise.std"}}
    return {key} | more.get(name, set())
