"""The alpha-stable law: density, distribution, draws and fits (layer 1)."""

from gnicli.stable.fit import StableFit, fit, fit_many
from gnicli.stable.law import StableLaw

__all__ = ["StableFit", "StableLaw", "fit", "fit_many"]
