"""The choices of `measure=`: the quantities that `gni gradient-noise` measures."""
