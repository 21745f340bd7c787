"""What a step, an epoch and a record are is decided by sizes, and said where nobody typed it."""

import numpy as np
import pytest

from gnicli.contracts.data import Data, Split
from gnicli.engine.tables import read_metrics
from gnicli.experiments import learning, train
from gnicli.training.batches import Batches

SMALL = ("network.depth=1", "network.width=4", "threads=1")


@pytest.mark.parametrize(
    ("n", "keys", "steps", "told"),
    [
        (
            3000,
            {"epochs": 2},
            48,
            "minibatches of 128 of the 3,000 training examples, 24 steps an epoch; this run has 48",
        ),
        (1025, {}, 1008, "9 steps an epoch; this run has 1,008 steps, or 112 epochs"),
        (73_257, {}, 2865, "573 steps an epoch; this run has 2,865 steps, or 5 epochs"),
        (25_600, {}, 1000, "200 steps an epoch; this run has 1,000 steps, or 5 epochs"),
        (1024, {}, 1000, None),
        (
            3000,
            {"epochs": 5, "batch_size": "full"},
            5,
            "so an epoch is one step and this run has 5 steps; with batch_size=128 an",
        ),
        (3000, {"steps": 7, "batch_size": "full"}, 7, "each step takes all 3,000 training examples"),
        (1024, {"epochs": 1}, 1, "this run has 1 step; with batch_size=128 an epoch is 8 steps"),
        (100, {"epochs": 3}, 3, "this run has 3 steps"),
        (3000, {"epochs": 1, "batch_size": 500}, 6, None),
        (1024, {"steps": 3}, 3, None),
    ],
)
def test_what_an_epoch_is(n, keys, steps, told):
    config = train.TrainConfig(**keys)
    data = Data(Split(np.zeros((n, 1)), np.zeros((n, 1))), Split(np.zeros((1, 1)), np.zeros((1, 1))), "regression", 1)
    batches = Batches(n, learning.batch_size(config, data), seed=0)
    assert train._steps(config, batches.per_epoch) == steps
    notes = train._plan(config, batches, steps)
    assert len(notes) == (told is not None)
    assert told is None or told in notes[0]


def test_a_run_has_six_records_however_much_they_take_and_the_objective_is_kept_all_the_same(gni, tmp_path):
    """1000 steps of 10 examples are 10 000; one record of 2 000 costs more than a tenth of that with its like."""
    words = ("dataset.n_train=1000", "batch_size=10", "steps=1000")
    gni("train", *SMALL, *words, f"run.dir={tmp_path / 'run'}")
    metrics = read_metrics(tmp_path / "run/metrics.csv")
    np.testing.assert_array_equal(metrics["train_loss"][0], np.arange(0, 1001, 200))
    np.testing.assert_array_equal(metrics["objective"][0], np.arange(20, 1001, 20))
    assert "objective of one batch" in (tmp_path / "run/figures/losses.csv").read_text()
    gni("train", *SMALL, *words, "eval_every=0.25", f"run.dir={tmp_path / 'typed'}")
    metrics = read_metrics(tmp_path / "typed/metrics.csv")
    np.testing.assert_array_equal(metrics["train_loss"][0], [0, 250, 500, 750, 1000])


@pytest.mark.parametrize("given", ["1.5", "0", "-3", "nan"])
def test_a_cadence_that_is_neither_steps_nor_a_fraction_is_refused(gni, given):
    said = gni("train", f"eval_every={given}")
    assert said.code == 2
    assert "eval_every" in said.err


@pytest.mark.parametrize("experiment", ["fig4", "fig5", "fig5_mnist", "symmetrise", "fig7", "fig8"])
@pytest.mark.parametrize("budget", ["quick", "full"])
@pytest.mark.parametrize("protocol", ["learnable", "paper"])
def test_experiments_declare_their_batch_and_their_records(capfd, experiment, budget, protocol):
    import yaml

    from gnicli.cli import main

    assert main(["train", f"experiment={experiment}", f"budget={budget}", f"protocol={protocol}", "--cfg", "job"]) == 0
    config = yaml.safe_load(capfd.readouterr().out)
    minibatch = {"quick": 64, "full": 512}[budget]
    assert config["batch_size"] == (minibatch if experiment in ("fig7", "fig8") else "full")
    assert config["eval_every"] == 0.02
