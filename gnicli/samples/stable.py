"""`samples=stable`: draws from a stable law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.components import ParquetReader
from gnicli.contracts.observer import Observer
from gnicli.samples import drawing
from gnicli.stable.domain import LEAST_WITH_DENSITY

if TYPE_CHECKING:
    import numpy as np


@dataclass
class StableSamples:
    """Draws from a stable law. At alpha = 2 it is the normal law with variance 2 scale²."""

    name: str = key("stable", "draws from a stable law")
    alpha: float = key(1.5, f"tail index, in [{LEAST_WITH_DENSITY:g}, 2]")
    beta: float = key(0.0, "skewness, in [-1, 1]")
    loc: float = key(0.0, drawing.LOC_HELP)
    scale: float = key(1.0, drawing.SCALE_HELP)
    parameterization: str = key("S1", "parameterization of the law; S1 and S0 differ in loc", choices=("S1", "S0"))
    n: int = key(10000, drawing.N_HELP)

    def __post_init__(self) -> None:
        checks.number("samples.alpha", self.alpha, least=LEAST_WITH_DENSITY, most=2)
        checks.number("samples.beta", self.beta, least=-1, most=1)
        checks.number("samples.loc", self.loc, sizes=checks.WIDE_SIZES)
        checks.number("samples.scale", self.scale, above=0, sizes=checks.WIDE_SIZES)
        checks.choice("samples.parameterization", self.parameterization, ("S1", "S0"))
        checks.integer("samples.n", self.n, least=1)

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> dict[str, np.ndarray]:
        """Draw them; see `contracts.components.Samples`."""
        from gnicli.stable import StableLaw

        return drawing.draw(StableLaw(self.alpha, self.beta, self.loc, self.scale, self.parameterization), self.n, seed)


COMPONENT = StableSamples
