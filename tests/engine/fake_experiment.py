"""A deterministic experiment without torch: a counter with a state, run through the real engine.

As a program it runs or resumes one counter in a folder: `python fake_experiment.py FOLDER [--resume] [key=value …]`.
"""

import dataclasses
import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from gnicli.contracts.observer import State
from gnicli.contracts.results import Curve, FigureData, NamedArray, Panel, Results, Value
from gnicli.engine.execute import execute
from gnicli.errors import GniError, Interrupted
from gnicli.seeding import numpy_stream

SAME = ("metrics.csv", "results.json", "arrays.npz", "checkpoint.safetensors")  # of runs that do not differ
RUN = {"dir": None, "checkpoint_steps": 7, "checkpoint_seconds": 30.0}


@dataclass(frozen=True)
class CountConfig:
    """The keys of the counter."""

    seed: int = 3
    steps: int = 60
    lr: float = 0.1
    pause: float = 0.0
    fail_at: int | None = None
    diverge_at: int | None = None
    figures: bool = False
    device: str | None = None
    threads: int | None = None
    run: dict = dataclasses.field(default_factory=RUN.copy)


def config(*, run=None, **changes):
    return CountConfig(run=RUN | (run or {}), **changes)


def plain_of(cfg):
    return dataclasses.asdict(cfg)


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


def start(folder, run=count, cfg=None, *, resume=False, in_sweep=False, overrides=(), run_keys=None, **changes):
    cfg = cfg if cfg is not None else config(run=run_keys, **changes)
    plain = plain_of(cfg)
    return execute(
        run,
        cfg,
        Path(folder),
        plain=plain,
        settings={"config.yaml": yaml.safe_dump(plain).encode()},
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
    pairs = dict(text.split("=", 1) for text in rest if not text.startswith("--"))
    changes = {name: yaml.safe_load(value) for name, value in pairs.items()}
    run = {name.removeprefix("run."): changes.pop(name) for name in list(changes) if name.startswith("run.")}
    try:
        return start(folder, run_keys=run, resume="--resume" in rest, **changes).exit_code
    except (GniError, Interrupted) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
