"""Starting runs: the only package that imports hydra (layer 5)."""
