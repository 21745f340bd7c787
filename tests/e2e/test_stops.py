"""A request to stop at any moment ends a run of any command, and `gni resume` brings it to the same bytes."""

import json
import random
import signal

import numpy as np
import pytest

from gnicli.engine.observer import RunObserver

TRAIN = (
    "train", "dataset.n_train=20", "network.width=6", "network.depth=1", "noise=mult", "M=2", "steps=9", "eval_every=4",
    "run.checkpoint_steps=3", "threads=1",
)  # fmt: skip
SDE = ("n_chains=10", "n_steps=200", "burn_in=50", "run.checkpoint_steps=40")
COMMANDS = {
    "train": TRAIN,
    "train with tracked noise": (*TRAIN, "track=gradient_noise", "track.n_mean=2", "inject=shuffled", "M=4"),
    "gradient-noise": (
        "gradient-noise", "threads=1", "dataset.n_train=5", "network.width=2", "network.depth=1", "measure.n_draws=50",
        "n_mean=2", "measure.n_traced=2",
    ),
    "fit-stable": ("fit-stable", "samples.n=100", "n_bootstrap=4"),
    "fit-stable of groups": ("fit-stable", "samples=groups.csv", "samples.group=group", "n_bootstrap=4"),
    "simulate-sde": ("simulate-sde", "potential=double_well", "exit_steps=60", *SDE),
    "simulate-sde of a network": (
        "simulate-sde", "potential=network", "potential.dataset={name:sinusoids,n_train:10}", "potential.width=3",
        "potential.depth=1", "alpha=1.6", "n_chains=3", "n_steps=40", "burn_in=10", "run.checkpoint_steps=15",
    ),
    "kde-stationary": ("kde-stationary", "potential=double_well", "alpha=1.5", *SDE),
}  # fmt: skip
STOPS = {130: signal.SIGINT, 75: signal.SIGTERM}


@pytest.fixture
def moments(monkeypatch, tmp_path):
    """Counts the moments at which a run shows or saves something; at number `signal_at` a signal comes."""
    rng = np.random.default_rng(4)
    rows = [f"{group},{x!r}" for group in "abc" for x in rng.standard_t(2, 80).tolist()]
    (tmp_path / "groups.csv").write_text("\n".join(["group,x", *rows]))
    monkeypatch.chdir(tmp_path)

    class Moments:
        n, signal_at, number = 0, None, None

    seen = Moments()

    def watched(method):
        def call(*given, **named):
            if seen.n == seen.signal_at:
                signal.raise_signal(seen.number)
            seen.n += 1
            return method(*given, **named)

        return call

    for name in ("stage", "progress", "step_done", "keep", "note", "metrics"):
        monkeypatch.setattr(RunObserver, name, watched(getattr(RunObserver, name)))
    return seen


def products(folder):
    """Everything that is a result, by its name."""
    names = [*folder.glob("*.json"), *folder.glob("*.csv"), *folder.glob("*.npz"), *folder.glob("figures/*.csv")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in names if path.name != "manifest.json"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stop_at_the_first_the_last_or_any_moment_is_made_up_for(gni, tmp_path, moments, name):
    words = (*COMMANDS[name], "seed=1", "run.pictures=none")
    said = gni(*words, f"run.dir={tmp_path / 'whole'}")
    assert said.code == 0, said.err
    whole, n = products(tmp_path / "whole"), moments.n
    assert {"results.json"} < set(whole)
    draw = random.Random(name)
    ends = set()
    for at in sorted({0, n - 1, *draw.sample(range(n), min(n, 3))}):
        code = draw.choice([*STOPS])
        folder = tmp_path / f"stopped at {at} of {n}"
        moments.n, moments.signal_at, moments.number = 0, at, STOPS[code]
        said = gni(*words, f"run.dir={folder}")
        moments.signal_at = None
        status = json.loads((folder / "manifest.json").read_text())["status"]
        ends.add(status)
        assert (said.code, status) in {(code, "interrupted"), (0, "completed")}, said.err
        if status == "interrupted":  # else nothing was left to do
            said = gni("resume", folder)
            assert said.code == 0, said.err
        assert products(folder) == whole, folder.name
    assert "interrupted" in ends
