"""The choices of a simulation by name. Imports nothing: the schemas of commands, read for `--help`, list them."""

SCHEMES = ("strang", "euler", "implicit", "tamed")
DRIFTS = ("gradient", "fractional")
ORDERS = (1, 2)  # of the sum b_{h,K} in h
