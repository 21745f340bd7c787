"""What a run of `gni fit-stable` is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from gnicli.contracts.components import Samples
from gnicli.contracts.results import About
from gnicli.experiments.about import components
from gnicli.experiments.about.components import count

_MOST_GROUPS = 8


class FitKeys(Protocol):
    """The keys of the command that a report names; `fixed` are parameters by name, or None."""

    samples: Samples
    law: str
    parameterization: str
    fixed: Any
    n_bootstrap: int
    n_tested: int
    n_tempering: int
    holdout: float


def about(config: FitKeys, source: str, quantity: str, sizes: Mapping[str, int]) -> About:
    """Title and conditions; `sizes` are the numbers of samples by group. The verdict, a note, is the conclusion."""
    law = f"{config.law.replace('_', ' ')} law"
    parameterization = f", parameterization {config.parameterization}" if config.law == "stable" else ""
    held = ", ".join(f"{name} = {value:g}" for name, value in (config.fixed or {}).items())
    conditions = {
        "data": _data(config, source, quantity, sizes),
        "fitted law": f"{law}{parameterization}{f', {held} held fixed' if held else ''}, by maximum likelihood",
        "tests": _tests(config),
        "held out": f"{100 * config.holdout:g} % of the samples, to score predictions" if config.holdout else "nothing",
    }
    if config.n_tempering:
        conditions["stable or tempered"] = f"likelihood ratio, at most {count(config.n_tempering, 'bootstrap sample')}"
    n_groups = len(sizes)
    conclusion = "" if n_groups == 1 else f"The {law} was fitted to {count(n_groups, 'group')} of samples."
    return About(f"Fit of a {law} to {source}", conditions, conclusion)


def _data(config: FitKeys, source: str, quantity: str, sizes: Mapping[str, int]) -> str:
    if getattr(config.samples, "path", None) is None:
        return f"{components.words(config.samples, leave_out=('n',))}; {count(sum(sizes.values()), 'value')}"
    where = f"{source}, {quantity}" if quantity != "x" else source
    if len(sizes) == 1:
        return f"{where}: {count(sum(sizes.values()), 'value')}"
    listed = ", ".join(f"{group} {n:,}" for group, n in list(sizes.items())[:_MOST_GROUPS])
    more = ", …" if len(sizes) > _MOST_GROUPS else ""
    return f"{where}: {count(len(sizes), 'group')} ({listed}{more} values)"


def _tests(config: FitKeys) -> str:
    if not config.n_bootstrap:
        return "none"
    samples, values = count(config.n_bootstrap, "bootstrap sample"), count(config.n_tested, "value")
    return f"at most {samples}, on at most {values} of a group"
