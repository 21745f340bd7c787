"""Losses, objectives and noisy gradients (layer 2a)."""
