"""Samples of another package, whose loading ends its process: `samples=dying`, a plug-in that real processes find."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dying import die

VARIABLE = "GNI_TEST_DYING"  # JSON: how the job with that seed dies
WAYS = ("raise", "exit", "kill", "hang", "memory")


def install(folder: Path) -> None:
    """Make `folder` one in which an installed package is found that brings these samples, if it is on the path."""
    place = folder / "dying-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: dying\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text("[gnicli.samples]\ndying = dying_samples:DyingSamples\n")


@dataclass
class DyingSamples:
    """A hundred normal draws, where the job lives."""

    name: str = "dying"

    def load(self, seed: int, observer: object, read_parquet: object) -> dict[str, np.ndarray]:
        die(json.loads(os.environ.get(VARIABLE, "{}")).get(str(seed), ""))
        return {"": np.random.default_rng(seed).standard_normal(100)}
