"""What a run that diverged says of its checkpoints is true whether there is one or not."""

from pathlib import Path

import numpy as np
import pytest
from idle_cases import TRAIN, merged
from safetensors.numpy import load_file


@pytest.mark.parametrize(("every", "kept"), [("null", False), (1, True)])
def test_checkpoints_of_a_diverged_run_are_kept_if_any(gni, every, kept):
    said = gni(*merged(TRAIN, ("optimizer.name=sgd", "lr=1e6", "steps=20", f"run.checkpoint_steps={every}")))
    assert said.code == 4, said.err
    assert "earlier checkpoints, if any, are kept" in said.err + said.out
    checkpoint = Path(said.last_line) / "checkpoint.safetensors"
    assert checkpoint.exists() == kept
    if kept:
        weights = [value for name, value in load_file(checkpoint).items() if name.startswith("parameter/")]
        assert weights
        assert all(np.isfinite(value).all() for value in weights)
