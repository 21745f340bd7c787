"""Make the figures of the README again: `python docs/make_figures.py`."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from gnicli.cli import main

HERE = Path(__file__).parent
# Figure in docs/figures: the command, as the README prints it, and the figure in its folder.
FIGURES = {
    "sweep": (
        "gni train -m objective=clean,noisy,explicit 'seed=range(5)' dataset=digits noise=mult noise.std=0.5 "
        "network.depth=2 network.width=64 batch_size=100 optimizer.name=sgd lr=0.1 epochs=60 threads=1",
        "train_loss",
    ),
}


def make(name: str) -> None:
    """Run the command of one figure and keep the picture and its data."""
    command, figure = FIGURES[name]
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        if main([*shlex.split(command)[1:], f"run.dir={run}"]) != 0:
            sys.exit(f"{command} failed")
        (HERE / "figures").mkdir(exist_ok=True)
        for suffix in (".png", ".csv"):
            shutil.copyfile(run / "figures" / f"{figure}{suffix}", HERE / "figures" / f"{name}{suffix}")


if __name__ == "__main__":
    for each in sys.argv[1:] or FIGURES:
        make(each)
