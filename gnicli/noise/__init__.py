"""Noise injected into activations: one kind per file (layer 1)."""
