"""The alpha-stable law: density, distribution, draws and fits (layer 1)."""
