"""`measure=envelope`: the extended envelope property of activation functions (Definition 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Results
from gnicli.network.options import ACTIVATIONS as OF_NETWORKS

if TYPE_CHECKING:
    import numpy as np
    import torch

    from gnicli.measure.envelope.bounds import Function

ACTIVATIONS = (*OF_NETWORKS, "softplus")


@dataclass
class Envelope:
    """Linear bounds of |φ|, on which Lemma 3.1 and Theorem 3.1 rest. Nothing is drawn, and no network is looked at."""

    name: str = key("envelope", "linear bounds of activation functions (Definition 3.3)")
    activations: Unchecked[list[str] | tuple[str, ...]] = key(
        list(ACTIVATIONS), f"activation functions, of {', '.join(ACTIVATIONS)}"
    )

    def __post_init__(self) -> None:
        checks.listed("measure.activations", self.activations, "activation functions", "[relu,tanh]")
        for each in self.activations:
            checks.choice("measure.activations", each, ACTIVATIONS)

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """See `contracts.components.Measure`; the bench is not looked at."""
        from torch.nn import functional

        from gnicli.measure.envelope import results
        from gnicli.network.stages import APPLY

        known = {**APPLY, "softplus": functional.softplus}
        return results.results({name: _of_arrays(known[name]) for name in dict.fromkeys(self.activations)})


def _of_arrays(function: Callable[[torch.Tensor], torch.Tensor]) -> Function:
    """The function of tensors as one of arrays."""
    import torch

    def of_arrays(u: np.ndarray) -> np.ndarray:
        return function(torch.from_numpy(u)).numpy()

    return of_arrays


COMPONENT = Envelope
