"""The model (4.3) and (4.6) as its keys say: noise, scheme, plan and starts, ready to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnicli import memory
from gnicli.errors import UsageError
from gnicli.model.keys import NETWORK, ModelConfig
from gnicli.model.step_length import FAR_TOO_LONG, step_notes, stiffness
from gnicli.model.window import window
from gnicli.sde import expression, loop, scheme, start_positions
from gnicli.sde.drift import centering
from gnicli.sde.drift.centering import tilted
from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.drift.fractional_flow import FractionalDrift
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import Scheme

if TYPE_CHECKING:
    from gnicli.contracts.components import Potential


class Model(NamedTuple):
    """What the keys mean: objects of `gnicli.sde`, ready to run. `low`, `high` bound the window of densities."""

    potential: Potential
    increments: Increments
    scheme: Scheme
    plan: Plan
    start: np.ndarray
    low: float
    high: float


class Dynamics(NamedTuple):
    """What moves chains."""

    increments: Increments
    scheme: Scheme
    plan: Plan


def dynamics(config: ModelConfig, potential: Potential) -> Dynamics:
    """The noise, the scheme and the plan of the keys, on a potential. Raises `UsageError` where they do not fit."""
    increments, scheme = moving(config, potential, config.scheme)
    plan = loop.Plan(
        config.n_steps, config.n_chains, config.eta, config.seed, config.eta_power, config.burn_in, config.thin
    )
    loop.check_plan(plan)
    if stiffness(config, potential) > FAR_TOO_LONG:
        raise UsageError(step_notes(config, potential)[0])
    return Dynamics(increments, scheme, plan)


def moving(config: ModelConfig, potential: Potential, name: str) -> tuple[Increments, Scheme]:
    """The noise and the scheme called `name`: for Strang's, the noise's centering is in the drift where it is strong.

    For the others it makes no difference where it is (`tamed` is for comparison only).
    """
    noise, dimension = config.noise, potential.dimension
    winds = centering.winds(potential, noise) if name == "strang" else (0.0,) * dimension
    return Increments(noise, dimension, winds), scheme.build(name, _drift(config, potential, winds))


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
    # Positions, starts, steps of explosions and copies of them on the way; sums of the functions.
    per_chain = 8 * potential.dimension * (10 + 2 * len(config.functions))
    memory.require(config.n_chains * per_chain, f"n_chains={config.n_chains}", "take fewer chains, and more steps")
    start = start_positions.draw(0.0 if config.start is None else config.start, potential, config.n_chains, config.seed)
    return Model(potential, increments, scheme, plan, start, *window(config))


def _drift(config: ModelConfig, potential: Potential, winds: tuple[float, ...]) -> Any:
    if config.drift == "gradient":
        return GradientDrift(tilted(potential, winds))
    if config.eta_power:
        raise UsageError(
            f"drift=fractional tabulates its flow for constant steps: take eta_power=0, got {config.eta_power:g}"
        )
    noise = config.noise.coordinates(potential.dimension)[0]
    force = FractionalForce(potential, noise, config.h, config.K, config.order)
    return FractionalDrift(force, winds[0])
