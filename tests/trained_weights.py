"""What `gni train` left in its folder, read for comparison with chains."""

from pathlib import Path

import numpy as np

from gnicli.engine.checkpoint import read_state


def trained_weights(folder: Path, n_stages: int) -> np.ndarray:
    """The weights and biases (d,) of a network of stages at the end of training, in a chain's order."""
    arrays = read_state(folder).arrays
    names = [f"parameter/stages.{stage}.{part}" for stage in range(n_stages) for part in ("weight", "bias")]
    return np.concatenate([arrays[name].ravel() for name in names])
