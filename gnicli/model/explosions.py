"""Chains that explode: how many did, and how many Euler's do by theory."""

from __future__ import annotations

import numpy as np
from scipy import stats

from gnicli.contracts.results import Value
from gnicli.model.build import Model
from gnicli.sde.exits.explosions import explosion_probability
from gnicli.sde.loop import Run


def seen(run: Run) -> dict[str, Value]:
    """How many chains exploded, and their share with its exact interval."""
    n, exploded = len(run.exploded_by), run.n_exploded
    interval = stats.binomtest(exploded, n).proportion_ci(0.95, method="exact")
    return {
        "n_exploded": Value(float(exploded), n=n, unit="chains"),
        "exploded_share": Value(exploded / n, n=n, ci95=(float(interval.low), float(interval.high))),
    }


def by_theory(model: Model, trace: np.ndarray) -> dict[str, Value]:
    """The share of Euler's chains that explode by the formula, from the positions that were recorded.

    Empty for another scheme, in several dimensions, and where steps get shorter.
    """
    plan = model.plan
    if model.scheme.name != "euler" or model.potential.dimension > 1 or plan.eta_power:
        return {}
    probability = explosion_probability(model.potential, model.increments.noise, plan.eta, plan.n_steps, trace)
    return {"exploded_share_theory": Value(probability)}
