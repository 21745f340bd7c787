"""What runs of `gni simulate-sde` and `gni kde-stationary` are about: both simulate the model (4.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gnicli.contracts.number_text import with_error
from gnicli.contracts.results import About, Value
from gnicli.experiments.about import components
from gnicli.experiments.about.components import count

if TYPE_CHECKING:
    from gnicli.model.densities import Smoothing
    from gnicli.model.keys import ModelConfig

_SCHEMES = {"strang": "Strang splitting", "euler": "Euler scheme"}
_BANDWIDTHS = {"isj": "Improved Sheather-Jones bandwidth", "robust": "bandwidth by quartiles"}
_EXIT = re.compile("exit_rate/(.+)")
_SMALLNESS = ("ratio", "shift", "spread")  # what theory needs to be small: values exit_ratio/1 and so on
_BOTH = {"l1_to_exact": "the exact one", "l1_to_gibbs": "the Gibbs density"}


def conditions(config: ModelConfig) -> dict[str, str]:
    """The model, its noise and how it was simulated."""
    steps = f"{_SCHEMES.get(config.scheme, config.scheme)}, steps of {config.eta:g}"
    if config.eta_power:
        steps += f" / k^{config.eta_power:g}"
    return {
        "potential": f"f(w): {components.words(config.potential)}",
        "noise": _noise(config),
        "drift": _drift(config),
        "step": steps,
        "budget": (
            f"{count(config.n_chains, 'chain')} of {count(config.n_steps, 'step')}; the first {config.burn_in:,} are "
            f"not recorded, after them every {_ordinal(config.thin)}"
        ),
        "start": "" if config.start is None else components.shown(config.start),
    }


def _noise(config: ModelConfig) -> str:
    if config.alpha == 2:  # which has no skewness
        return f"Brownian motion: ε = {config.epsilon:g}"
    return f"α-stable Lévy noise: {config.noise_words()}"


def _drift(config: ModelConfig) -> str:
    if config.drift == "gradient":
        return "−∇f, equation (4.3)"
    spacing = "by quadrature" if config.h is None else f"the sum b_hK with h = {config.h:g}, K = {config.K}"
    return f"fractional, equation (4.6), {spacing}"


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return "step" if n == 1 else f"{n:,}{ending} step"


def _title(config: ModelConfig) -> str:
    noise = _noise(config) if config.alpha == 2 else f"Lévy noise ({config.noise_words()})"
    return f"{config.potential.name.replace('_', ' ')} potential with {noise}"


def _said(found: Mapping[str, str]) -> dict[str, str]:
    return {name: said for name, said in found.items() if said}


def of_measured(config: ModelConfig, M: int, n_draws: int, measure_every: int | None, conclusion: str) -> About:
    """What a run with laws=measured is about: training, and models whose noise is measured in it."""
    again = "" if measure_every is None else f" and after every {measure_every:,} steps of training"
    found = {
        "potential": f"f(w): {components.words(config.potential)}",
        "training": f"gradient descent under fresh noise in every step, M = {M}, learning rate {config.eta:g}",
        "noise of the models": f"laws of each layer's gradient noise over {n_draws:,} draws, at the start{again}",
        "budget": f"{count(config.n_chains, 'chain')} of {count(config.n_steps, 'step')} in each arm",
        "start": "" if config.start is None else components.shown(config.start),
    }
    return About("Models of the gradient noise beside training", _said(found), conclusion)


def of_simulation(config: ModelConfig, values: Mapping[str, Value], exits: tuple[int, float], basin: object) -> About:
    """What a run of `gni simulate-sde` is about.

    `exits` are the number and the length of the steps in which exits are counted, `basin` the one that was typed.
    """
    n_steps, eta = exits
    counted = f"{count(n_steps, 'step')} of {eta:g}" if _exits(values) else ""
    typed = "" if basin is None else f", out of {components.shown(basin)}"
    found = conditions(config) | {"exits": f"{counted}{typed}" if counted else ""}
    return About(f"Chains in a {_title(config)}", _said(found), simulation_conclusion(values))


def simulation_conclusion(values: Mapping[str, Value]) -> str:
    """The exit rates beside those of theory; without exits the means of the functions."""
    exits = _exits(values)
    if exits:
        said = (f"{_rate(value)} out of basin {number}{_theory(values, number)}" for number, value in exits.items())
        return f"Exit rates: {'; '.join(said)}."
    means = {name.removeprefix("mean/"): value for name, value in values.items() if name.startswith("mean/")}
    if means:
        listed = ", ".join(f"{_rate(value)} of {name}" for name, value in means.items())
        return f"Means: {listed}.{_unmixed(values)}"
    if "loss/q0.5" in values:
        return f"The median loss is {_rate(values['loss/q0.5'])}."
    return ""


def _exits(values: Mapping[str, Value]) -> dict[str, Value]:
    """The measured exit rates by the number of the basin; none where the model has no exits."""
    return {match[1]: value for name, value in values.items() if (match := _EXIT.fullmatch(name))}


def _theory(values: Mapping[str, Value], number: str) -> str:
    theory = values.get(f"exit_rate_theory/{number}")
    if theory is None:
        return ""
    from gnicli.model.basins import SMALL

    sizes = [values[name] for part in _SMALLNESS if (name := f"exit_{part}/{number}") in values]
    is_small = all(not isinstance(size.value, str) and size.number <= SMALL for size in sizes)  # or "infinite"
    holds = "" if is_small else ", which does not hold for noise of this size"
    return f" (theory of small noise {_rate(theory)}{holds})"


def _unmixed(values: Mapping[str, Value]) -> str:
    """What must be known of an average over chains that have not mixed; empty where they have."""
    from gnicli.sde.mixing import MIXED

    rhat = values.get("split_rhat")
    if rhat is None or rhat.number <= MIXED:
        return ""
    return " The chains have not mixed, so this describes the simulated time and not the stationary law."


def _rate(value: Value) -> str:
    if isinstance(value.value, str):  # a mean may be a word: infinite
        return value.value
    return with_error(value.number, value.stderr, digits=3)


def of_density(
    config: ModelConfig, smoothing: Smoothing, beside: dict[str, object], values: Mapping[str, Value]
) -> About:
    """What a run of `gni kde-stationary` is about; `beside` are the keys of the simulation beside it."""
    bandwidth = smoothing.bandwidth
    words = _BANDWIDTHS[bandwidth] if isinstance(bandwidth, str) else f"bandwidth {bandwidth:g}"
    found = conditions(config) | {
        "density": f"kernel estimate ({smoothing.estimator}), {words}, {count(smoothing.points, 'point')}",
        "beside": components.listed(beside),
    }
    return About(f"Stationary density in a {_title(config)}", _said(found), density_conclusion(values))


def density_conclusion(values: Mapping[str, Value]) -> str:
    """How far the estimated density is from those that are known."""
    known = [f"{values[name].number:.3g} from {words}" for name, words in _BOTH.items() if name in values]
    said = f"The L¹ distance of the estimated density is {' and '.join(known)}." if known else ""
    return said and said + _unmixed(values)
