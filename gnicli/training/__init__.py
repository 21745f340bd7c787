"""The training loop (layer 2b)."""
