"""The model (4.3) and (4.6) as its keys say: noise, scheme, plan and starts, ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnicli.errors import UsageError
from gnicli.model.keys import NETWORK, ModelConfig
from gnicli.sde import expression, loop, start_positions, step_length
from gnicli.sde.dynamics import dynamics as dynamics_of
from gnicli.sde.increments import Increments
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import Scheme
from gnicli.sde.simulation import require_memory
from gnicli.sde.window import window

if TYPE_CHECKING:
    from gnicli.contracts.components import Potential


class Model(NamedTuple):
    """The objects of `gnicli.sde` that the keys describe, ready to run. `low`, `high` bound the window of densities."""

    potential: Potential
    increments: Increments
    scheme: Scheme
    plan: Plan
    start: np.ndarray
    low: float
    high: float


class Dynamics(NamedTuple):
    """The noise, the scheme and the plan that move the chains."""

    increments: Increments
    scheme: Scheme
    plan: Plan


def dynamics(config: ModelConfig, potential: Potential) -> Dynamics:
    """The noise, the scheme and the plan of the keys, on a potential. Raises `UsageError` where they do not fit."""
    sum_of = config.h, config.K, config.order
    increments, scheme = dynamics_of(
        config.drift, potential, config.noise, config.scheme, *sum_of, steady=not config.eta_power
    )
    plan = loop.Plan(
        config.n_steps, config.n_chains, config.eta, config.seed, config.eta_power, config.burn_in, config.thin
    )
    loop.check_plan(plan)
    if config.drift == "gradient":
        step_length.check("eta", config.eta, config.scheme, potential, config.noise)
    return Dynamics(increments, scheme, plan)


def step_warnings(config: ModelConfig, potential: Potential) -> list[str]:
    """A sentence where the step is too long for the force where chains rest; none for the fractional drift."""
    if config.drift != "gradient":
        return []
    return step_length.notes("eta", config.eta, config.scheme, potential, config.noise)


def build(config: ModelConfig) -> Model:
    """The model of the keys. Raises `UsageError` where they do not go together."""
    potential = config.potential
    if potential.name == NETWORK:
        raise UsageError(
            "potential=network has too many weights for a stationary density; gni simulate-sde runs its chains"
        )
    increments, scheme, plan = dynamics(config, potential)
    for text in config.functions:
        expression.parse(text)
    require_memory(config.n_chains, potential.dimension, len(config.functions))
    start = start_positions.draw(0.0 if config.start is None else config.start, potential, config.n_chains, config.seed)
    return Model(potential, increments, scheme, plan, start, *window(potential, config.noise, config.low, config.high))
