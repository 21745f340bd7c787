"""`samples=student`: draws from a Student t law."""

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
class StudentSamples:
    """Draws of loc + scale · T, where T has Student's t law with df degrees of freedom."""

    name: str = key("student", "draws from a Student t law")
    df: float = key(3.0, "degrees of freedom, > 0")
    loc: float = key(0.0, drawing.LOC_HELP)
    scale: float = key(1.0, drawing.SCALE_HELP)
    n: int = key(10000, drawing.N_HELP)

    def __post_init__(self) -> None:
        checks.number("samples.df", self.df, above=0)
        checks.number("samples.loc", self.loc, sizes=checks.WIDE_SIZES)
        checks.number("samples.scale", self.scale, above=0, sizes=checks.WIDE_SIZES)
        checks.integer("samples.n", self.n, least=1)

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> dict[str, np.ndarray]:
        """Draw them; see `contracts.components.Samples`."""
        from gnicli.laws import StudentT

        return drawing.draw(StudentT(self.df, self.loc, self.scale), self.n, seed)


COMPONENT = StudentSamples
