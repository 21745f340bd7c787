"""Experiments: configurations with a name."""
