"""`noise=fragile`, a noise of a package for tests: it takes its time, and is broken for some values.

`FRAGILE_SECONDS` is what a draw takes, and `FRAGILE_UNTIL` a file: as long as it is not there, noise.std=0.3 fails.
With the standard deviation in `FRAGILE_EXITS` the process ends.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

BROKEN = 0.3


@dataclass
class Fragile:
    """Multiplicative Gaussian noise that takes its time."""

    name: str = "fragile"
    std: float = 0.1

    operation = "multiply"
    antithetic = True

    def stds(self, n_layers: int) -> tuple[float, ...]:
        """The same in every layer."""
        return (self.std,) * n_layers

    def fill(self, out: torch.Tensor, std: float, generator: torch.Generator) -> torch.Tensor:
        """Draw, or fail as described above."""
        time.sleep(float(os.environ.get("FRAGILE_SECONDS", "0")))
        until = os.environ.get("FRAGILE_UNTIL")
        if std == BROKEN and until is not None and not os.path.exists(until):
            raise ZeroDivisionError("a bug for this test")
        if str(std) == os.environ.get("FRAGILE_EXITS"):
            os._exit(7)
        return out.normal_(1, std, generator=generator)
