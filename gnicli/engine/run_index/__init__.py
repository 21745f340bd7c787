"""Runs that are found: the folders below a root, what was kept of them, names for them, conditions on them."""
