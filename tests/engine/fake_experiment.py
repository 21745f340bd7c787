"""A deterministic experiment without torch: a counter with a state, run through the real engine.

As a program it runs or resumes one counter in a folder: `python fake_experiment.py FOLDER [--resume] [key=value …]`.
"""

import json
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf

from gnicli.contracts.observer import State
from gnicli.contracts.results import Curve, FigureData, NamedArray, Panel, Results, Value
from gnicli.engine.execute import execute
from gnicli.errors import GniError
from gnicli.seeding import numpy_stream

SAME = ("metrics.csv", "results.json", "arrays.npz", "checkpoint.safetensors")  # of runs that do not differ
DEFAULTS = {
    "seed": 3,
    "steps": 60,
    "lr": 0.1,
    "pause": 0.0,
    "fail_at": None,
    "diverge_at": None,
    "figures": False,
    "run": {"dir": None, "checkpoint_steps": 7, "checkpoint_seconds": 30.0},
}


def config(**changes):
    return OmegaConf.merge(OmegaConf.create(DEFAULTS), OmegaConf.create(changes))


def state_of(step, walk, total):
    return State(step, {"walk": walk, "n": np.array(step), "half": walk.astype("f4")}, {"total": total})


def count(cfg, observer):
    """A random walk: every step's draw comes from a keyed stream, as in training."""
    state = observer.restore()
    start = state.step if state else 0
    walk = state.arrays["walk"].copy() if state else np.zeros((3, 2))
    total = float(state.values["total"]) if state else 0.0
    for step in range(start + 1, cfg.steps + 1):
        if cfg.fail_at == step:
            raise RuntimeError(f"broken at step {step}\nmore detail")
        walk += cfg.lr * numpy_stream(cfg.seed, "noise", step).standard_normal((3, 2))
        total += float(np.abs(walk).sum())
        if cfg.diverge_at == step:
            return Results({"train_loss": Value(float("nan"))}, status="diverged", message=f"diverged at step {step}")
        if step % 3 == 0:
            observer.metrics(step, {"train_loss": total / step, "alpha/layer1": float(walk[0, 0])})
        time.sleep(cfg.pause)
        observer.step_done(
            step,
            cfg.steps,
            partial(state_of, step, walk, total),
            train_loss=total / step,
        )
    x = np.arange(3.0)
    figure = FigureData("Walk", (Panel((Curve("end", x, walk[:, 0], walk[:, 0] - 1, walk[:, 0] + 1),), "x", "y"),))
    return Results(
        {"train_loss": Value(total / cfg.steps, 0.25, 4), "spread": Value(float(walk.std()), unit="m")},
        {"walk": NamedArray(walk, "position: walker × coordinate")},
        {"walk": figure} if cfg.figures else {},
        notes=("one note",),
    )


def start(folder, run=count, cfg=None, *, resume=False, in_sweep=False, overrides=(), **changes):
    return execute(
        run,
        cfg if cfg is not None else config(**changes),
        Path(folder),
        command="count",
        overrides=list(overrides),
        argv=["gni", "count", *overrides],
        resume=resume,
        in_sweep=in_sweep,
    )


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def assert_same(folder, other, names=SAME):
    for name in names:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def main(arguments):
    folder, *rest = arguments
    changes = OmegaConf.from_dotlist([text for text in rest if not text.startswith("--")])
    try:
        return start(folder, cfg=OmegaConf.merge(config(), changes), resume="--resume" in rest).exit_code
    except GniError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
