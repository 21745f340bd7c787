"""`hydra/sweeper=optuna`: what it proposes, and that a search that was stopped goes on as if it had not been.

`make test-search` installs Optuna and runs all of this; elsewhere those tests are skipped that need it.
"""

import importlib
import json
import os
from pathlib import Path

import pytest
from quick import quick_experiment

from gnicli.contracts.results import Results, Value
from gnicli.engine import extras
from gnicli.engine.jobs import plan as plans
from gnicli.errors import UsageError
from gnicli.experiments import train
from gnicli.launch.jobs import search

SPACE = ("M=1,2,8", "lr=tag(log,interval(0.001,1))", "seed=range(2,11,4)")
KEYS = ("hydra/sweeper=optuna", "hydra.sweeper.n_trials=7", "hydra.sweeper.batch=2", "hydra.sweeper.metric=train_loss")


@pytest.fixture(autouse=True)
def _processes_are_not_the_matter_here(jobs_here):
    pass


@pytest.fixture
def optuna():
    """Skip where Optuna is not installed, unless the tests are run for it."""
    if os.environ.get("GNI_TEST_SEARCH"):
        return importlib.import_module("optuna")
    return pytest.importorskip("optuna")


def words_of(sweep):
    """Of each job the words that are searched over."""
    return [[word for word in job if not word.startswith("run.dir")] for job in plans.read(sweep).words]


def read(words):
    return {key: float(value) for key, _, value in (word.partition("=") for word in words)}


def losses(sweep, n_jobs):
    return [
        json.loads((Path(sweep) / str(job) / "results.json").read_text())["train_loss"]["value"]
        for job in range(n_jobs)
    ]


def test_a_missing_package_is_named_with_what_installs_it(gni, monkeypatch, outputs, jobs_here):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    said = gni("train", "-m", *SPACE, *KEYS, "hydra/launcher=local")
    assert (said.code, len(said.err.splitlines()), jobs_here, outputs.exists()) == (6, 1, [], False)
    assert "hydra/sweeper=optuna needs the package optuna; run: pip install 'optuna>=5.0'" in said.err


def test_the_keys_of_a_search_are_checked_wherever_they_come_from():
    for keys, told in (
        ({"n_trials": "0"}, "n_trials"), ({"batch": "x"}, "cannot be read"), ({"direction": "up"}, "direction"),
        ({"sampler": "grid"}, "sampler"), ({"other": "1"}, "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=told):
            search.keys_of(plans.Search([], keys))
    kept = search.Keys(n_trials=5, metric="test_loss", seed=3)
    assert search.keys_of(search.planned([], kept)) == kept
    assert search.keys_of(search.planned([], search.Keys())) == search.Keys()


@pytest.mark.parametrize("launcher", ["local", "basic"])
def test_a_search_proposes_what_its_words_allow_and_names_the_best(gni, optuna, tmp_path, launcher):
    sweep = tmp_path / "s"
    said = gni("train", "-m", *SPACE, *KEYS, f"hydra/launcher={launcher}", f"run.dir={sweep}")
    assert said.code == 0, said.err
    jobs = [read(words) for words in words_of(sweep)]
    assert len(jobs) == 7
    assert all(job["M"] in (1, 2, 8) and 0.001 <= job["lr"] <= 1 and job["seed"] in (2, 6, 10) for job in jobs)
    assert len({job["lr"] for job in jobs}) == 7
    found = losses(sweep, 7)
    assert found == pytest.approx([job["lr"] * job["M"] + job["seed"] for job in jobs])
    best = found.index(min(found))
    assert f"best: job {best} {' '.join(words_of(sweep)[best])}: train_loss {min(found):.6g}" in said.err
    assert "a search of 7 jobs, 2 proposed at a time" in said.err
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(sweep / "optuna.log")))
    study = optuna.load_study(study_name="s", storage=storage)
    assert [trial.value for trial in study.trials] == found
    assert study.best_trial.number == best


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(gni, optuna, monkeypatch, tmp_path, jobs_here):
    """Stopped in its fourth job, resumed from its folder, and then typed again with more trials."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    words = ["train", "-m", *SPACE, *KEYS, "hydra/launcher=local"]
    assert gni(*words, f"run.dir={whole}").code == 0
    n_runs = []

    def run(cfg, observer):
        n_runs.append(1)
        if len(n_runs) == 4:
            raise KeyboardInterrupt
        return quick_experiment(cfg, observer)

    monkeypatch.setattr(train, "run", run)
    jobs_here.clear()
    assert gni(*words, f"run.dir={cut}").code == 130
    assert len(plans.read(cut).words) == 4
    said = gni("sweep", "resume", str(cut))
    assert (said.code, jobs_here) == (0, [0, 1, 2, 3, 3, 4, 5, 6])
    assert "4 proposed already" in said.err
    assert words_of(cut) == words_of(whole)
    assert losses(cut, 7) == losses(whole, 7)
    assert gni("sweep", "resume", str(cut)).code == 5
    longer = [word.replace("n_trials=7", "n_trials=9") for word in words]
    assert gni(*longer, f"run.dir={cut}").code == 0
    assert words_of(cut)[:7] == words_of(whole)
    assert len(words_of(cut)) == 9


def test_proposals_depend_on_the_values_and_the_seed_and_diverged_jobs_rank_worst(gni, optuna, monkeypatch, tmp_path):
    def searched(name, loss, *more):
        monkeypatch.setattr(train, "run", loss)
        sweep = tmp_path / name
        said = gni("train", "-m", "lr=interval(0.01,1)", *KEYS, "hydra.sweeper.n_trials=16", *more, f"run.dir={sweep}",
                   "hydra/launcher=local")  # fmt: skip
        return [read(words)["lr"] for words in words_of(sweep)], said

    def least_low(cfg, observer):
        return Results({"train_loss": Value(cfg.lr)})

    def least_high(cfg, observer):
        return Results({"train_loss": Value(-cfg.lr)})

    def lost(cfg, observer):
        if cfg.lr > 0.5:
            raise ZeroDivisionError("a bug for this test")
        return Results({"train_loss": Value(cfg.lr)}, status="diverged" if cfg.lr < 0.3 else "completed")

    low, said = searched("low", least_low)
    assert f"train_loss {min(low):.6g}" in said.err
    assert low != searched("seed", least_low, "hydra.sweeper.seed=1")[0]
    high, _ = searched("high", least_high)
    assert low[:10] == high[:10]  # at first TPE draws at random
    assert low != high
    most, said = searched("most", least_low, "hydra.sweeper.direction=maximize")
    assert most == high
    assert f"train_loss {max(most):.6g}" in said.err
    some, said = searched("lost", lost)
    assert said.code == 1
    assert f"train_loss {min(lr for lr in some if 0.3 <= lr <= 0.5):.6g}" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("M=4",), "searches over keys with ranges or lists"),
        (("M=1,2", "hydra.sweeper.metric=nonsense"), "nonsense is no number among the results; take one of train_loss"),
        (("M=1,2", "hydra.sweeper.n_trials=0"), "n_trials"),
        (("lr=interval(1,0.5)",), "lr=interval(1,0.5)"),
        (("lr=tag(log,interval(0,0.5))",), "low"),
        (("noise=glob(*)",), "a search takes lists, range"),
        (("M=1,2", "hydra.sweeper.n_trials=10001"), "this search has 10,001 jobs; give --yes"),
    ],
)
def test_a_search_that_cannot_be_is_refused_in_one_line(gni, optuna, words, told, tmp_path):
    said = gni("train", "-m", "hydra/sweeper=optuna", *words, "hydra/launcher=local", f"run.dir={tmp_path / 's'}")
    assert said.code == 2
    assert told in said.err
    assert said.err.count("gni: error") == 1
