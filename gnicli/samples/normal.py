"""`samples=normal`: draws from a normal law."""

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
class NormalSamples:
    """Draws from N(mean, std²)."""

    name: str = key("normal", "draws from a normal law")
    mean: float = key(0.0, "mean")
    std: float = key(1.0, "standard deviation, > 0")
    n: int = key(10000, drawing.N_HELP)

    def __post_init__(self) -> None:
        checks.number("samples.mean", self.mean, sizes=checks.WIDE_SIZES)
        checks.number("samples.std", self.std, above=0, sizes=checks.WIDE_SIZES)
        checks.integer("samples.n", self.n, least=1)

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> dict[str, np.ndarray]:
        """Draw them; see `contracts.components.Samples`."""
        from gnicli.laws import Normal

        return drawing.draw(Normal(self.mean, self.std), self.n, seed)


COMPONENT = NormalSamples
