"""The choices of `measure=`: what `gni gradient-noise` finds out."""
