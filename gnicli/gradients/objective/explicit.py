"""`objective=explicit`: the loss without noise plus the explicit regularizer R."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import key

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class Explicit:
    """L(B; w) + R(B; w). R is the Gauss–Newton part of the second-order term of E_ε[ΔL]. M is not used."""

    name: str = key("explicit", "the loss without noise plus the explicit regularizer R")
    method: str = key(
        "exact",
        "exact: one vector-Jacobian product for each output; probe: unbiased, one for each probe",
        choices=("exact", "probe"),
    )
    n_probes: int = key(1, "random probes for each step (method=probe)")

    def __post_init__(self) -> None:
        checks.choice("objective.method", self.method, ("exact", "probe"))
        checks.integer("objective.n_probes", self.n_probes, least=1)
        checks.at_most("objective.n_probes", self.n_probes, checks.MOST_DRAWS)

    def build(self, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Objective.build`; the result is a `gradients.regularizer.ExplicitGradient`."""
        from gnicli.gradients.regularizer import ExplicitGradient

        return ExplicitGradient(network, self.n_probes if self.method == "probe" else None)


COMPONENT = Explicit
