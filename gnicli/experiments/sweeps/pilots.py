"""How many pairs of runs an experiment was planned with: the calculation that is part of its declaration.

The standard deviations come from pilot runs with seeds 0 … 7, which no budget uses again. They are those of
differences of log loss over the last 10 % of the steps, paired by seed, in the set-up of `budget=quick`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gnicli.contracts.results import RunRecord
from gnicli.engine.provenance import INCIDENTAL
from gnicli.experiments.sweeps.power import LEVEL, POWER, pairs_needed

# Keys that change nothing in what a plan was made for: which runs there are, and where the files of a data set lie.
_FREE = (
    "experiment",
    "seed",
    "protocol",
    "budget",
    "dataset.dir",
    "dataset.sha256",
    "dataset.mirrors",
    "dataset.labels",
)


class Pilot(NamedTuple):
    """The pilot runs of one comparison of an experiment.

    `settings` are the choices that the pilot had (`noise=`, `dataset=`, `network=`), `arm` and `reference` values of
    the key that the experiment compares, `sd` is the standard deviation of `n_pairs` paired differences (nats), and
    `smallest` the smallest effect of interest (nats), chosen before any run of the budget.
    """

    experiment: str
    settings: Mapping[str, str]
    arm: str
    reference: str
    sd: float
    n_pairs: int
    smallest: float


_SMALL, _LARGE = math.log(1.05), math.log(1.25)
_ADD, _MULT = {"noise": "add"}, {"noise": "mult"}
_DIGITS, _MNIST, _CIFAR10 = {"dataset": "digits"}, {"dataset": "mnist"}, {"dataset": "cifar10"}
_MLP = {"network": "mlp"}
PILOTS = (
    Pilot("fig4", _ADD, "M16", "M1", 0.029, 8, _SMALL),
    Pilot("fig4", _MULT, "M16", "M1", 0.23, 8, _LARGE),
    Pilot("fig5", _ADD, "16", "1", 0.029, 8, _SMALL),
    Pilot("fig5", _MULT, "16", "1", 0.23, 8, _LARGE),
    Pilot("fig5_mnist", _DIGITS, "16", "1", 0.006, 8, _SMALL),
    Pilot("fig5_mnist", _MNIST, "16", "1", 0.0076, 8, _SMALL),
    Pilot("fig7", _DIGITS | _MLP, "explicit", "M1", 0.020, 8, _SMALL),
    Pilot("fig7", _MNIST | _MLP, "explicit", "M1", 0.0091, 8, _SMALL),
    Pilot("fig7", _CIFAR10 | _MLP, "explicit", "M1", 0.030, 8, _SMALL),
    Pilot("fig8", _DIGITS, "16", "1", 0.034, 8, _SMALL),
    Pilot("fig8", _MNIST, "16", "1", 0.025, 8, _SMALL),
    Pilot("fig8", _CIFAR10, "16", "1", 0.0125, 8, _SMALL),
    Pilot("symmetrise", _ADD, "antithetic", "plain", 0.19, 8, _LARGE),
)
# What the experiments choose where nothing is typed (conf/experiment).
_CHOSEN: Mapping[str, Mapping[str, str]] = {
    "fig4": _ADD,
    "fig5": _ADD,
    "fig5_mnist": {"dataset": "mnist"},
    "fig7": {"dataset": "svhn", "network": "conv"},
    "fig8": {"dataset": "svhn"},
    "symmetrise": _ADD,
}


def declaration(name: str, key: str, records: Sequence[RunRecord]) -> tuple[str, ...]:
    """One sentence with the calculation for the runs of an experiment; none where it was planned for another set-up.

    `key` is what the experiment compares (`arm` or `M`).
    """
    budgets = {record.overrides.get("budget", "quick") for record in records}
    protocols = {record.overrides.get("protocol", "learnable") for record in records}
    if name not in _CHOSEN or budgets != {"quick"} or protocols != {"learnable"}:
        return ()
    own = [pilot for pilot in PILOTS if pilot.experiment == name]
    had = {choice for pilot in own for choice in pilot.settings}
    typed = {word for record in records for word in record.overrides if word.split(".")[0] not in INCIDENTAL}
    changed = sorted(typed - had - {*_FREE} - _swept(name, key))
    if changed:
        return (f"no plan holds for this set-up, in which {', '.join(changed)} were typed",)
    chosen = {
        choice: {record.overrides.get(choice, _CHOSEN[name].get(choice, "")) for record in records}
        for choice in sorted(had)
    }
    for pilot in own:
        if all(chosen[choice] == {value} for choice, value in pilot.settings.items()):
            return (_sentence(pilot, key, len({record.overrides.get("seed") for record in records})),)
    this = " ".join(f"{choice}={','.join(sorted(values))}" for choice, values in chosen.items())
    there = "; ".join(" ".join(f"{choice}={value}" for choice, value in pilot.settings.items()) for pilot in own)
    return (f"no plan holds for {this}: pilot runs were made for {there}",)


def _sentence(pilot: Pilot, key: str, n_seeds: int) -> str:
    needed = pairs_needed(pilot.sd, pilot.smallest)
    return (
        f"planned: {key}={pilot.arm} against {key}={pilot.reference} differed by a standard deviation of {pilot.sd:g} "
        f"in {pilot.n_pairs} pilot pairs (seeds 0 … 7), and the smallest effect of interest is "
        f"{math.expm1(pilot.smallest):.0%}: {needed} pairs for {POWER:.0%} power at {LEVEL:.0%}; this sweep has "
        f"{n_seeds}".replace("%", " %")
    )


def _swept(name: str, key: str) -> set[str]:
    """The keys that the experiment itself sweeps."""
    more = {"fig8": {"noise.var"}, "symmetrise": {"network.activation", "noise.std"}}
    return {key} | more.get(name, set())
