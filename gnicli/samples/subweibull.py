"""`samples=subweibull`: draws from a symmetric sub-Weibull law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.components import ParquetReader
from gnicli.contracts.observer import Observer
from gnicli.samples import drawing

if TYPE_CHECKING:
    import numpy as np


@dataclass
class SubWeibullSamples:
    """Draws with P(|X − loc| > x) = exp(−(x/scale)^{1/r}): subW(r) of definition 3.2, as in figure 3."""

    name: str = key("subweibull", "draws from a symmetric sub-Weibull law")
    r: float = key(1.0, "tail parameter in (0, 100]: 1/2 as in a Gaussian, 1 exponential, larger: heavier")
    loc: float = key(0.0, drawing.LOC_HELP)
    scale: float = key(1.0, drawing.SCALE_HELP)
    n: int = key(10000, drawing.N_HELP)

    def __post_init__(self) -> None:
        checks.number("samples.r", self.r, above=0, most=100)
        checks.number("samples.loc", self.loc, sizes=checks.WIDE_SIZES)
        checks.number("samples.scale", self.scale, above=0, sizes=checks.WIDE_SIZES)
        checks.integer("samples.n", self.n, least=1)

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> dict[str, np.ndarray]:
        """Draw them; see `contracts.components.Samples`."""
        from gnicli.laws import SubWeibull

        return drawing.draw(SubWeibull(self.r, self.scale, self.loc), self.n, seed)


COMPONENT = SubWeibullSamples
