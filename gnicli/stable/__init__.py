"""The alpha-stable law: density, distribution, draws and fits (layer 1)."""

from gnicli.stable.law import StableLaw

__all__ = ["StableLaw"]
