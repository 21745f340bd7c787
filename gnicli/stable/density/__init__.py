"""Density and distribution function of a standard stable law: inversion, interpolation, ends, closed forms."""
